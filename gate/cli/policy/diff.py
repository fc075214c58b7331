"""``gate policy diff``: say what a change of policies changes, before it is merged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from gate.cases import DIFF_FORMATS, FAIL_ON, compare_policies, open_all_cases
from gate.cli import groups
from gate.cli.terminal import now, say, show
from gate.errors import UsageError
from gate.untrusted import for_terminal

if TYPE_CHECKING:
    from datetime import date

    from gate.cli.groups import PolicyFiles
    from gate.errors import ExitCode


class Compared(Struct, frozen=True):
    """What the new policies are compared with, and on which images."""

    records: tuple[str, ...]
    old_files: tuple[str, ...]
    at: date | None


class DiffOutput(Struct, frozen=True):
    """What becomes of the comparison."""

    fail_on: str | None
    format_: str
    verbose: bool


@click.command("diff")
@groups.group(
    "compared",
    Compared,
    groups.optional_records,
    click.option(
        "--from",
        "old_files",
        metavar="FILE[#sha256=HEX]",
        multiple=True,
        help="An old policy; (built-in) is one, too.  [default: what the records say]",
    ),
    groups.at,
)
@groups.offline_policies
@groups.group(
    "output",
    DiffOutput,
    click.option(
        "--fail-on",
        type=click.Choice(FAIL_ON),
        help="Exit with 10 if something is looser (or can't be told), stricter, or any of these.",
    ),
    click.option(
        "--format",
        "format_",
        type=click.Choice(list(DIFF_FORMATS)),
        default="text",
        show_default=True,
        help="What standard output shows.",
    ),
    click.option(
        "-v", "--verbose", is_flag=True, help="Show images that only have other decisions, too."
    ),
)
def command(compared: Compared, policies: PolicyFiles, output: DiffOutput) -> ExitCode:
    """Say what a change of policies changes.

    Those of -p are the new policies. With --on, each image of a record is judged by both sides,
    on the same evidence and day. With --from, the files are compared entry by entry, so that a
    waiver for images that don't exist yet is seen, too.
    """
    if not (compared.records or compared.old_files):
        raise UsageError(
            "There is nothing to compare with.",
            "Give old policies with --from, a record of images with --on, or both.",
        )
    records = open_all_cases(compared.records, directory=Path.cwd())
    latest = max(filter(None, (compared.at, *(record.at for record in records))), default=None)
    old = groups.PolicyFiles(compared.old_files).load(latest) if compared.old_files else None
    diff = compare_policies(
        old,
        policies.load(latest),
        records,
        at=compared.at,
        today=max(filter(None, (now().date(), latest))),
    )
    code = diff.exit_code(output.fail_on)
    if output.format_ == "text":
        for note in diff.notes:
            say(for_terminal(f"note: {note}"))
    show(DIFF_FORMATS[output.format_](diff, code, verbose=output.verbose))
    return code
