"""``gate policy forecast``: say what of the policies ends soon, before a deployment notices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.cases import FORECAST_FORMATS, forecast, head_lines, open_all_cases
from gate.cli import groups
from gate.cli.options import Duration
from gate.cli.terminal import now, say, show
from gate.untrusted import for_terminal

if TYPE_CHECKING:
    from datetime import date, timedelta

    from gate.cli.groups import PolicyFiles
    from gate.errors import ExitCode


@click.command("forecast")
@groups.optional_records
@groups.offline_policies
@click.option(
    "--within",
    type=Duration(),
    default="30d",
    show_default=True,
    help="How far to look ahead, in whole days.",
)
@groups.at
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(FORECAST_FORMATS)),
    default="text",
    show_default=True,
    help="What standard output shows.",
)
@click.option("-v", "--verbose", is_flag=True, help="Name all images, not only the first ten.")
def command(  # noqa: PLR0913 - one for each option
    *,
    records: tuple[str, ...],
    policies: PolicyFiles,
    within: timedelta,
    at: date | None,
    format_: str,
    verbose: bool,
) -> ExitCode:
    """Say what ends soon, and what then blocks.

    It lists waivers and undecided.until whose last day is near, and entries that begin. With --on,
    it says what depends on each in the images of a record, and only that counts. Exit code 10 where
    something is due, so that a scheduled job is red before a deployment is.
    """
    files = open_all_cases(records, directory=Path.cwd())
    day = at or now().date()
    result = forecast(policies.load(day), files, at=day, within=within)
    if format_ == "text":
        for line in head_lines(result):
            say(for_terminal(line))
    show(FORECAST_FORMATS[format_](result, verbose=verbose))
    return result.exit_code
