"""Run the commands that ask Security Center without judging an image."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio
from msgspec import Struct, field

from gate.catalogue import FORMATS, chosen, read_catalogue
from gate.clock import Run
from gate.connect import Connections, Settings
from gate.doctor import Result, Trial, as_line, diagnose, exit_code_of, ram_policy
from gate.errors import ExitCode, GateError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gate.machine import Machine
    from gate.policy import Policies
    from gate.reference import ImageReference

_TIMEOUT = 120.0  # seconds; these commands wait for nothing but answers
REGION_VARIABLE = "ALIBABA_CLOUD_REGION_ID"


class ServiceOptions(Struct, frozen=True, kw_only=True):
    """The options that say which Security Center to ask."""

    endpoint: str | None = None
    region: str | None = None
    lang: str = "en"
    sandbox: bool = False
    verbose: bool = False
    registry_hosts: Sequence[str] = field(default=())

    def region_of(self, image: ImageReference | None, machine: Machine) -> str | None:
        """Return the region to ask about: the option's, else the host's, else the machine's."""
        own = self.region or (image.region if image else None)
        return own or machine.environment.get(REGION_VARIABLE)

    def settings(self, machine: Machine, timeout: float) -> Settings:
        """Return how to reach the services, for a run that may take ``timeout`` seconds."""
        return Settings(
            run=Run(
                clock=machine.clock,
                deadline=machine.clock.monotonic() + timeout,
                environment=machine.environment,
                observer=machine.say if self.verbose else None,
            ),
            endpoint=self.endpoint,
            lang=self.lang,
            sandbox=self.sandbox,
            registry_hosts=tuple(self.registry_hosts),
        )


def read_risks(  # noqa: PLR0913 - the command's own options
    options: ServiceOptions,
    machine: Machine,
    *,
    levels: Sequence[str],
    classes: Sequence[str],
    format_: str,
    width: int,
) -> str:
    """Return the catalogue of build risks as text of a format."""
    return anyio.run(partial(_risks, options, machine, levels, classes, format_, width))


async def _risks(  # noqa: PLR0913, PLR0917 - the command's own options
    options: ServiceOptions,
    machine: Machine,
    levels: Sequence[str],
    classes: Sequence[str],
    format_: str,
    width: int,
) -> str:
    region = options.region_of(None, machine)
    async with Connections(options.settings(machine, _TIMEOUT)) as connections:
        await connections.prepare([region])
        catalogue = await read_catalogue(connections.client(region))
    return FORMATS[format_](chosen(catalogue, levels, classes), catalogue.notes, width)


def run_doctor(
    options: ServiceOptions,
    machine: Machine,
    image: ImageReference | None,
    load: Callable[[], Policies],
    show: Callable[[str], None],
) -> ExitCode:
    """Show each trial as it ends, then the RAM policies; return the gravest trouble's code."""
    trials = [_policy(load)]
    show(as_line(trials[0]))
    trials += anyio.run(partial(_doctor, options, machine, image, show))
    show("\nThe RAM policy that the gate needs:\n" + ram_policy(scans=False))
    show("\nWith --scan missing or always (uses scan quota):\n" + ram_policy(scans=True))
    show("\n" + _summary(trials))
    return exit_code_of(trials)


def _policy(load: Callable[[], Policies]) -> Trial:
    try:
        sources = load().sources
    except GateError as trouble:
        return Trial("policy", Result.TROUBLE, trouble.message, trouble.remedy, trouble.exit_code)
    return Trial("policy", Result.OK, f"valid: {', '.join(source.path for source in sources)}")


async def _doctor(
    options: ServiceOptions,
    machine: Machine,
    image: ImageReference | None,
    show: Callable[[str], None],
) -> list[Trial]:
    region = options.region_of(image, machine)
    trials = []
    async with Connections(options.settings(machine, _TIMEOUT)) as connections:
        await connections.prepare([region])
        async for trial in diagnose(connections, region, image):
            trials.append(trial)
            show(as_line(trial))
    return trials


def _summary(trials: Sequence[Trial]) -> str:
    troubles = [trial.tried for trial in trials if trial.result is Result.TROUBLE]
    if not troubles:
        return "No trouble was found."
    return f"{len(troubles)} in trouble: {', '.join(troubles)}"
