"""``gate risks``: list the build risks that Security Center checks for, or explain one."""

from __future__ import annotations

from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING

import anyio
import click

from gate.catalogue import EXPLAINED, FORMATS, chosen, classes_of, read_catalogue
from gate.cli import groups
from gate.cli.command import GateCommand, epilog
from gate.cli.mistakes import Format
from gate.cli.terminal import show, style
from gate.connect import Connections
from gate.errors import AccessError, ExitCode, GateError, ServiceError, UsageError
from gate.report import risk_guides

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.catalogue import Catalogue, CatalogueEntry
    from gate.cli.groups import ServiceOptions
    from gate.clock import Run

_TIMEOUT = 120.0  # seconds; nothing is waited for but answers
_NOBODY = "No Security Center was asked: give --region, or ALIBABA_CLOUD_REGION_ID."
_LEVELS = ("high", "medium", "low")


@click.command("risks", cls=GateCommand, epilog=epilog(exit_codes=False))
@click.argument("key", required=False)
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
    *,
    key: str | None,
    levels: tuple[str, ...],
    classes: tuple[str, ...],
    format_: str,
    service: ServiceOptions,
) -> ExitCode:
    """Explain one risk, or list the build risks and whether their checks are on.

    The list has the risks that Security Center knows of, with their levels and how many images have
    them. KEY, such as no_user, explains one: what it is, why it matters, how to fix it.
    """
    if key is not None and (levels or classes):
        raise UsageError("KEY is one risk, and --level and --class choose several.", "Give one.")
    run = service.begin(_TIMEOUT)
    if key is not None:
        return _explain(key, format_, service, run)
    catalogue = anyio.run(partial(_read, service, run))
    names = classes_of(catalogue)
    for name in classes:
        if name not in names:
            raise UsageError(
                f"There is no class {name!r}.{_meant(name, names)}",
                f"There are: {', '.join(names)}.",
            )
    risks = chosen(catalogue, levels, classes)
    show(FORMATS[format_](risks, catalogue.notes, style()))
    return ExitCode.PASSED


def _explain(key: str, format_: str, service: ServiceOptions, run: Run) -> ExitCode:
    """Show what is known of a risk; what the account knows comes on top, if it can be asked."""
    trouble: GateError | None = None
    entries: dict[str, CatalogueEntry] = {}
    notes: tuple[str, ...] = (_NOBODY,)
    if service.endpoint or service.sandbox or service.region_in(run):
        try:
            catalogue = anyio.run(partial(_read, service, run))
            entries, notes = {entry.risk: entry for entry in catalogue.risks}, catalogue.notes
        except (AccessError, ServiceError) as error:
            trouble, notes = error, ()
    guides = risk_guides()
    if key not in {*entries, *guides}:
        if trouble is not None:
            raise trouble
        raise UsageError(
            f"There is no risk {key!r}.{_meant(key, {*entries, *guides})}",
            _NOBODY if _NOBODY in notes else "`gate risks` lists those that there are.",
        )
    if entries and key not in entries:
        notes = (*notes, "Security Center does not list this risk.")
    show(EXPLAINED[format_](key, entries.get(key), notes, style()))
    if trouble is not None:
        raise trouble
    return ExitCode.PASSED


def _meant(word: str, names: Iterable[str]) -> str:
    near = get_close_matches(word.lower().replace("-", "_"), names, n=3)
    return f" Did you mean {' or '.join(near)}?" if near else ""


async def _read(service: ServiceOptions, run: Run) -> Catalogue:
    region = service.region_in(run)
    async with Connections(service.settings(run)) as connections:
        await connections.prepare([region])
        return await read_catalogue(connections.client(region))
