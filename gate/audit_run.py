"""Run ``gate audit``: connect, audit, show how far it is; a signal ends it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import anyio
from msgspec.structs import replace

from gate.audit import Headway, Scope, audit
from gate.check import Stop
from gate.clock import say_duration
from gate.connect import Connections
from gate.progress import ERASE
from gate.service_run import ServiceOptions

if TYPE_CHECKING:
    from gate.machine import Machine
    from gate.policy import Policies
    from gate.verdict import Verdict

LIVE, PLAIN = 0.5, 29.0  # seconds between two lines, on a terminal and in a log


class AuditOptions(ServiceOptions, frozen=True, kw_only=True):
    """The options of ``gate audit`` that decide how evidence is gathered."""

    timeout: timedelta
    namespace: str | None = None
    repository: str | None = None
    concurrency: int = 8


def run_audit(options: AuditOptions, policies: Policies, machine: Machine) -> Verdict:
    """Judge all images; a signal makes the verdict's exit code that of the signal."""
    return anyio.run(partial(_run, options, policies, machine))


async def _run(options: AuditOptions, policies: Policies, machine: Machine) -> Verdict:
    settings = replace(
        options.settings(machine, options.timeout.total_seconds()),
        concurrency=options.concurrency,
    )
    region = options.region_of(None, machine)
    async with Connections(settings) as connections:
        await connections.prepare([region])
        return await _watched(options, policies, machine, connections, region)


async def _watched(
    options: AuditOptions,
    policies: Policies,
    machine: Machine,
    connections: Connections,
    region: str | None,
) -> Verdict:
    stop = Stop(connections.settings.run.remaining())
    headway = Headway()
    scope = Scope.of(options.namespace, options.repository, options.region)
    verdict = await stop.heeding_signals(
        partial(
            audit,
            scope,
            policies,
            connections,
            region=region,
            headway=headway,
            stop=stop,
        ),
        partial(_show, headway, machine),
    )
    if machine.live:
        machine.write(ERASE)
    return verdict


async def _show(headway: Headway, machine: Machine) -> None:
    """Show how far the audit is: a live line on a terminal, else a plain one now and then."""
    started = machine.clock.monotonic()
    while True:
        await anyio.sleep(LIVE if machine.live else PLAIN)
        so_far = say_duration(timedelta(seconds=round(machine.clock.monotonic() - started)))
        line = f"{headway}; {so_far} so far"
        if machine.live:
            machine.write(ERASE + f"{headway.bar()} {line}"[: max(machine.width() - 1, 20)])
        else:
            machine.write(f"auditing: {line}\n")
