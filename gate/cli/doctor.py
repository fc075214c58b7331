"""``gate doctor``: find out why the gate can't decide."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio
import click

from gate.cli import groups
from gate.cli.terminal import show
from gate.connect import Connections
from gate.doctor import Diagnosis, Result, Trial, as_line, exit_code_of, ram_policy
from gate.errors import ExitCode, GateError
from gate.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.cli.groups import PolicyFiles, ServiceOptions
    from gate.clock import Run

_TIMEOUT = 120.0  # seconds; nothing is waited for but answers


@click.command("doctor")
@click.argument("image", required=False)
@groups.policies
@groups.registry_hosts
@groups.service
def command(
    image: str | None,
    policies: PolicyFiles,
    registry_hosts: tuple[str, ...],
    service: ServiceOptions,
) -> ExitCode:
    """Find out why the gate can't decide.

    It tries policy, credentials, endpoint, permissions, checks, and IMAGE if there is one.
    """
    reference = ImageReference.parse(image) if image else None
    run = service.begin(_TIMEOUT, *filter(None, [reference]))
    trials = [_policy(policies)]
    show(as_line(trials[0]))
    trials += anyio.run(partial(_diagnose, service, run, registry_hosts, reference))
    show("\nThe RAM policy that the gate needs:\n" + ram_policy(scans=False))
    show("\nWith --scan missing or always (uses scan quota):\n" + ram_policy(scans=True))
    show("\n" + _summary(trials))
    return exit_code_of(trials)


def _policy(policies: PolicyFiles) -> Trial:
    try:
        sources = policies.load().sources
    except GateError as trouble:
        return Trial("policy", Result.TROUBLE, trouble.message, trouble.remedy, trouble.exit_code)
    return Trial("policy", Result.OK, f"valid: {', '.join(source.path for source in sources)}")


async def _diagnose(
    service: ServiceOptions,
    run: Run,
    registry_hosts: tuple[str, ...],
    image: ImageReference | None,
) -> list[Trial]:
    region = (image.region if image else None) or service.region_in(run)
    trials = []
    async with Connections(service.settings(run, registry_hosts=registry_hosts)) as connections:
        await connections.prepare([region])
        async for trial in Diagnosis(connections, region, image).trials():
            trials.append(trial)
            show(as_line(trial))
    return trials


def _summary(trials: Sequence[Trial]) -> str:
    troubles = [trial.tried for trial in trials if trial.result is Result.TROUBLE]
    if not troubles:
        return "No trouble was found."
    return f"{len(troubles)} in trouble: {', '.join(troubles)}"
