"""Run one check: connect, gather, judge; a signal ends it with what is known by then."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio

from gate.check import Question, ScanMode, Stop, Waiting, check
from gate.connect import Connections
from gate.progress import LiveProgress, LogProgress
from gate.service_run import REGION_VARIABLE, ServiceOptions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from gate.machine import Machine
    from gate.policy import Policies
    from gate.reference import ImageReference
    from gate.verdict import ImageVerdict, Verdict

_WAIT, _WAIT_UNASKED = 600.0, 60.0  # seconds, where --wait is not given; the latter without --scan


class CheckOptions(ServiceOptions, frozen=True, kw_only=True):
    """The options of ``gate check`` that decide how evidence is gathered."""

    images: Sequence[ImageReference]
    timeout: timedelta
    wait: timedelta | None = None
    scan: str = ScanMode.NEVER.value
    dry_run: bool = False
    resolve: bool | None = None
    instance: str | None = None
    beside: Sequence[ImageVerdict] = ()
    notes: Sequence[str] = ()


def run_check(options: CheckOptions, policies: Policies, machine: Machine) -> Verdict:
    """Judge the images; a signal makes the verdict's exit code that of the signal."""
    return anyio.run(partial(_run, options, policies, machine))


async def _run(options: CheckOptions, policies: Policies, machine: Machine) -> Verdict:
    settings = options.settings(machine, options.timeout.total_seconds())
    async with Connections(settings) as connections:
        question = _question(options, policies, machine, connections)
        await connections.prepare(question.region_of(image) for image in options.images)
        return await _watched(options, question, machine, connections)


async def _watched(
    options: CheckOptions, question: Question, machine: Machine, connections: Connections
) -> Verdict:
    """Check while heeding signals, and while somebody is shown how long it takes."""
    watcher = (
        LiveProgress(machine.write, machine.width) if machine.live else LogProgress(machine.write)
    )
    stop = Stop(connections.settings.run.remaining())
    waiting = Waiting(
        seconds=_wait(options),
        scan=ScanMode(options.scan),
        dry_run=options.dry_run,
        watcher=watcher,
        stop=stop,
    )
    verdict = await stop.heeding_signals(
        partial(
            check,
            options.images,
            question,
            connections,
            waiting,
            beside=options.beside,
            notes=options.notes,
        )
    )
    if isinstance(watcher, LiveProgress):
        watcher.close()
    return verdict


def _question(
    options: CheckOptions, policies: Policies, machine: Machine, connections: Connections
) -> Question:
    return Question(
        policies=policies,
        region=options.region,
        fallback_region=machine.environment.get(REGION_VARIABLE) or None,
        instance=options.instance,
        registry=None if options.resolve is False else connections.registry,
        resolve_digests=options.resolve is True,
    )


def _wait(options: CheckOptions) -> float:
    if options.dry_run:
        return 0.0
    if options.wait is not None:
        return options.wait.total_seconds()
    return _WAIT_UNASKED if options.scan == ScanMode.NEVER else _WAIT
