"""What ``gate check`` and ``gate manifests`` share: connect, gather evidence, judge."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gate.check import Question, ScanMode, Stop, Waiting, check
from gate.cli.progress import WaitProgress
from gate.connect import Connections
from gate.evidence import Advice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.cli.groups import Gathering, ServiceOptions
    from gate.cli.terminal import Terminal
    from gate.clock import Run
    from gate.policy import Policies
    from gate.reference import ImageReference
    from gate.verdict import ImageVerdict, Verdict

_WAIT, _WAIT_UNASKED = 600.0, 60.0  # seconds, where --wait is not given; the latter without --scan


async def gather(  # noqa: PLR0913, PLR0917 - what is judged, by what, how, and in which run
    images: Sequence[ImageReference],
    policies: Policies,
    gathering: Gathering,
    service: ServiceOptions,
    run: Run,
    terminal: Terminal,
    *,
    beside: Sequence[ImageVerdict] = (),
    notes: Sequence[str] = (),
    command: str = "check",
    thorough: bool = False,
) -> Verdict:
    """Judge the images; a signal ends the gathering, and what is known by then is judged."""
    settings = service.settings(run, registry_hosts=gathering.registry_hosts)
    async with Connections(settings) as connections:
        question = Question(
            policies=policies,
            region=service.region_in(run),
            instance=gathering.instance,
            registry=None if gathering.resolve is False else connections.registry,
            resolve_digests=gathering.resolve is True,
            advice=Advice.of(run, scanning=gathering.scan != ScanMode.NEVER.value),
        )
        await connections.prepare(question.region_of(image) for image in images)
        with WaitProgress(terminal) as watcher:
            stop = Stop(run.remaining())
            waiting = Waiting(
                seconds=_seconds(gathering),
                scan=ScanMode(gathering.scan),
                dry_run=gathering.dry_run,
                watcher=watcher,
                stop=stop,
            )
            judge = partial(check, images, question, connections, waiting)
            return await stop.heeding_signals(
                partial(judge, beside=beside, notes=notes, command=command, thorough=thorough)
            )


def _seconds(gathering: Gathering) -> float:
    """Return how long to wait for a scan."""
    if gathering.dry_run:
        return 0.0
    if gathering.wait is not None:
        return gathering.wait.total_seconds()
    return _WAIT_UNASKED if gathering.scan == ScanMode.NEVER.value else _WAIT
