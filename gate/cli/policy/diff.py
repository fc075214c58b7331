"""``gate policy diff``: say what a change of policies changes, before it is merged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.cases import open_cases
from gate.cases.diff_pages import FORMATS
from gate.cases.differing import FAIL_ON, compare
from gate.cli import groups
from gate.cli.terminal import now, show
from gate.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from gate.cli.groups import PolicyFiles
    from gate.errors import ExitCode


@click.command("diff")
@groups.on_files
@click.option(
    "--from",
    "old_files",
    metavar="FILE[#sha256=HEX]",
    multiple=True,
    help="An old policy file; (built-in) is one, too.  [default: what the records say]",
)
@groups.offline_policies
@groups.at
@click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    help="Exit with 10 if something got looser (or can't be told), stricter, or any of it.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    help="What standard output shows.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show images with other decisions, too.")
def command(
    on_files: tuple[str, ...],
    old_files: tuple[str, ...],
    policies: PolicyFiles,
    at: date | None,
    fail_on: str | None,
    format_: str,
    *,
    verbose: bool,
) -> ExitCode:
    """Say what a change of policies changes.

    The policies of -p are the new ones. With --on, each image of a case file (a record of
    `gate audit --report cases=FILE`, or a test) is judged by both. With --from, the files are
    compared entry by entry, too.
    """
    if not (on_files or old_files):
        raise UsageError(
            "There is nothing to compare with.",
            "Give old policies with --from, or a record of images with --on, or both.",
        )
    files = [open_cases(spec, directory=Path.cwd()) for spec in on_files]
    days = [day for day in (at, *(file.at for file in files)) if day is not None]
    latest = at or max(days, default=None)
    old = groups.PolicyFiles(old_files).load(latest) if old_files else None
    today = now().date()
    diff = compare(
        old,
        policies.load(latest),
        files,
        at=at,
        today=max(today, latest or today),
    )
    code = diff.exit_code(fail_on)
    show(FORMATS[format_](diff, code, verbose=verbose))
    return code
