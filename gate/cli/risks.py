"""``gate risks``: list the build risks that Security Center checks for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio
import click

from gate.catalogue import FORMATS, chosen, read_catalogue
from gate.cli import groups
from gate.cli.command import GateCommand, epilog
from gate.cli.mistakes import Format
from gate.cli.terminal import show, style
from gate.connect import Connections
from gate.errors import ExitCode

if TYPE_CHECKING:
    from gate.catalogue import Catalogue
    from gate.cli.groups import ServiceOptions
    from gate.clock import Run

_TIMEOUT = 120.0  # seconds; nothing is waited for but answers
_LEVELS = ("high", "medium", "low")


@click.command("risks", cls=GateCommand, epilog=epilog(exit_codes=False))
@click.option(
    "--level",
    "levels",
    type=click.Choice(_LEVELS),
    multiple=True,
    help="Only risks of this level; may be repeated.",
)
@click.option(
    "--class",
    "classes",
    metavar="CLASS",
    multiple=True,
    help="Only risks of this class; may be repeated.",
)
@click.option(
    "--format",
    "format_",
    type=Format(list(FORMATS)),
    default="text",
    show_default=True,
    help="What standard output shows.",
)
@groups.service
def command(
    levels: tuple[str, ...], classes: tuple[str, ...], format_: str, service: ServiceOptions
) -> ExitCode:
    """List the build risks and whether their checks are on.

    They are those that Security Center knows of, with their levels and how many images have them.
    """
    catalogue = anyio.run(partial(_read, service, service.begin(_TIMEOUT)))
    risks = chosen(catalogue, levels, classes)
    show(FORMATS[format_](risks, catalogue.notes, style()))
    return ExitCode.PASSED


async def _read(service: ServiceOptions, run: Run) -> Catalogue:
    region = service.region_in(run)
    async with Connections(service.settings(run)) as connections:
        await connections.prepare([region])
        return await read_catalogue(connections.client(region))
