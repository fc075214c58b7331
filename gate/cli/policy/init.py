"""``gate policy init``: write a ready-made policy file, to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from gate import policy
from gate.cli.terminal import show
from gate.errors import ExitCode, UsageError
from gate.untrusted import for_terminal


@click.command("init")
@click.argument("name", default="default")
def command(name: str) -> ExitCode:
    """Write a ready-made policy file.

    It is written to .buildrisk-gate.yaml in the working directory, never over another file. NAME
    is that of a file in the project's folder policies/: default (the built-in policy), strict,
    report-only, organisation or organisation-team.
    """
    files = policy.ready_made_files()
    if name not in files:
        raise UsageError(
            f"There is no ready-made policy {name!r}.", f"There are: {', '.join(sorted(files))}."
        )
    target = Path(policy.DEFAULT_FILE)
    try:
        with target.open("xb") as file:
            file.write(files[name].read_bytes())
    except FileExistsError:
        raise UsageError(f"{target} is there already.", "Move it away first, or edit it.") from None
    except OSError as error:
        raise UsageError(
            f"{target} can't be written: {error.strerror}.", "Make this folder writable."
        ) from None
    show(for_terminal(f"{target}: written from {name}. `gate policy validate` checks it."))
    return ExitCode.PASSED
