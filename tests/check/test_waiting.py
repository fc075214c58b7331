from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from gate.check import Progress, Stop, Wait, Waiting
from gate.check.waiting import Delays
from gate.errors import ExitCode
from gate.evidence import Look, Target
from gate.findings import (
    Finding,
    IdentifiedBy,
    Image,
    Level,
    Reason,
    Requirements,
    Scan,
    Scanned,
    ScanState,
    Status,
    Unscanned,
)
from gate.reference import ImageReference
from tests.simulated import START, SimulatedTime

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BAD = Finding(risk="no_user", level=Level.HIGH, status=Status.UNHANDLED)
FINE = Finding(risk="no_healthcheck", level=Level.LOW, status=Status.UNHANDLED)
SETTLE = 15.0


def target(tag: str = "1") -> Target:
    digest = "sha256:" + "0" * 64
    return Target(
        reference=ImageReference.parse(
            f"registry.cn-hangzhou.aliyuncs.com/shop/web:{tag}@{digest}"
        ),
        digest=digest,
        requirements=Requirements(settle=timedelta(seconds=SETTLE)),
        blocks=lambda findings: BAD in findings,
    )


def missing() -> Look:
    return Look(
        evidence=Unscanned(reason=Reason.MISSING, message="Not known."), waiting=True, doing="new"
    )


def running() -> Look:
    return Look(
        evidence=Unscanned(reason=Reason.RUNNING, message="Running."),
        waiting=True,
        doing="scanning",
    )


def failed() -> Look:
    return Look(evidence=Unscanned(reason=Reason.FAILED, message="Failed."))


def blocking() -> Look:
    evidence = Unscanned(reason=Reason.INCOMPLETE, message="Blocked.", findings=(BAD,))
    return Look(evidence=evidence, blocks=True)


def finished(*findings: Finding, settled: bool = True) -> Look:
    return Look(
        evidence=Scanned(
            image=Image(
                uuid="u",
                region="r",
                instance="i",
                namespace="shop",
                repository="web",
                tag="1",
                digest="sha256:" + "0" * 64,
            ),
            identified_by=IdentifiedBy.DIGEST,
            scan=Scan(state=ScanState.FINISHED, finished_at=START),
            findings=findings,
        ),
        settled=settled,
    )


@dataclass(eq=False)
class Script:
    """A reader whose looks are written down; the last one stays."""

    time: SimulatedTime
    looks: Sequence[Look]
    throttled: int = 0
    throttles: bool = False
    looked_at: list[tuple[float, int]] = field(default_factory=list)

    async def look(
        self, targets: Sequence[Target], tell: Callable[[Target, Look], None]
    ) -> dict[Target, Look]:
        self.looked_at.append((self.time.seconds, len(targets)))
        self.throttled += self.throttles
        look = self.looks[min(len(self.looked_at), len(self.looks)) - 1]
        for one in targets:
            tell(one, look)
        return dict.fromkeys(targets, look)


class NoScans:
    notes: Sequence[str] = ()

    async def consider(self, _target: Target, look: Look) -> Look:
        return look


@dataclass
class Watching:
    tick: float = 29.0
    shown: list[Progress] = field(default_factory=list)

    def show(self, progress: Progress) -> None:
        self.shown.append(progress)


@dataclass
class Waited:
    evidence: Any
    polls: list[float]
    shown: list[Progress]


async def wait_for(
    *looks: Look,
    wait: float = 600.0,
    deadline: float = 900.0,
    throttles: bool = False,
    targets: Sequence[Target] = (),
) -> Waited:
    time, watching = SimulatedTime(), Watching()
    script = Script(time, looks, throttles=throttles)
    wanted = targets or [target()]
    waiting = Wait(
        dict.fromkeys(wanted, script),  # type: ignore[arg-type]
        time.run(deadline=deadline, jitter=0.5),
        Waiting(seconds=wait, watcher=watching, stop=Stop()),
        NoScans(),  # type: ignore[arg-type]
    )
    await waiting.run()
    return Waited(
        waiting.evidence[wanted[0]], [round(at, 3) for at, _ in script.looked_at], watching.shown
    )


pytestmark = pytest.mark.anyio


async def test_polls_grow_from_2_to_30_seconds() -> None:
    waited = await wait_for(missing(), wait=120.0)
    gaps = [b - a for a, b in pairwise(waited.polls)]
    assert [2.0, 3.0, 4.5, 6.75] == gaps[:4]
    assert max(gaps) <= 30.0
    assert 120.0 == waited.polls[-1]
    assert "(Waited for 2m.)" in waited.evidence.message


async def test_polls_are_rare_after_throttling() -> None:
    waited = await wait_for(missing(), wait=100.0, throttles=True)
    assert [0.0, 30.0, 60.0] == waited.polls[:3]


async def test_a_fleet_does_not_poll_in_step_after_throttling() -> None:
    low, high = Delays(lambda: 0.0), Delays(lambda: 1.0)
    assert (24.0, 36.0) == (low.next(throttled=True), high.next(throttled=True))


async def test_delays_jitter_and_never_exceed_30_seconds() -> None:
    low, high = Delays(lambda: 0.0), Delays(lambda: 1.0)
    assert (1.6, 2.4) == (low.next(throttled=False), high.next(throttled=False))
    assert 30.0 == max(high.next(throttled=False) for _ in range(20))


async def test_unknown_known_running_finished() -> None:
    waited = await wait_for(missing(), running(), finished(FINE))
    assert isinstance(waited.evidence, Scanned)
    assert [0.0, 2.0, 5.0] == waited.polls
    assert ["new", "scanning"] == [progress.images[0].doing for progress in waited.shown][::2]


async def test_a_final_state_ends_the_wait_at_once() -> None:
    waited = await wait_for(failed())
    assert ([0.0], Reason.FAILED) == (waited.polls, waited.evidence.reason)


async def test_a_block_ends_the_wait_at_once() -> None:
    waited = await wait_for(running(), blocking())
    assert [0.0, 2.0] == waited.polls
    assert (BAD,) == waited.evidence.findings


async def test_no_wait_is_one_look() -> None:
    waited = await wait_for(running(), wait=0.0)
    assert ([0.0], "Running.") == (waited.polls, waited.evidence.message)


async def test_a_young_scan_is_read_until_two_readings_agree_that_are_settle_apart() -> None:
    young = finished(FINE, settled=False)
    waited = await wait_for(young, wait=0.0)
    assert isinstance(waited.evidence, Scanned)
    assert [0.0, SETTLE] == waited.polls


async def test_late_findings_begin_the_settling_anew() -> None:
    clean = finished(settled=False)
    waited = await wait_for(clean, finished(FINE), finished(FINE))
    assert (FINE,) == waited.evidence.findings
    assert [0.0, SETTLE, 2 * SETTLE] == waited.polls


async def test_late_findings_that_block_are_believed_at_once() -> None:
    waited = await wait_for(finished(settled=False), blocking())
    assert ([0.0, SETTLE], (BAD,)) == (waited.polls, waited.evidence.findings)


async def test_settling_that_the_deadline_cuts_off_is_no_pass() -> None:
    waited = await wait_for(finished(settled=False), deadline=10.0)
    assert ([0.0], Reason.INCOMPLETE) == (waited.polls, waited.evidence.reason)


async def test_the_deadline_bounds_the_wait() -> None:
    waited = await wait_for(running(), wait=600.0, deadline=30.0)
    assert waited.polls[-1] <= 29.0


async def test_twenty_images_wait_together() -> None:
    one = await wait_for(missing(), running(), finished(FINE))
    twenty = [target(str(number)) for number in range(20)]
    many = await wait_for(missing(), running(), finished(FINE), targets=twenty)
    assert one.polls == many.polls


async def test_progress_is_shown_at_least_every_30_seconds() -> None:
    waited = await wait_for(running(), wait=300.0, throttles=True)
    times = [progress.seconds for progress in waited.shown]
    assert max(b - a for a, b in pairwise(times)) <= 30.0


async def test_what_is_known_while_settling_is_no_pass() -> None:
    time = SimulatedTime()
    script = Script(time, [finished(settled=False)])
    wanted = target()
    waiting = Wait(
        {wanted: script},  # type: ignore[dict-item]
        replace(time.run(deadline=900.0), clock=replace(time.clock, sleep=_fail)),
        Waiting(watcher=Watching(), stop=Stop()),
        NoScans(),  # type: ignore[arg-type]
    )
    with pytest.raises(InterruptedError):
        await waiting.run()
    evidence = waiting.evidence[wanted]
    assert isinstance(evidence, Unscanned)


async def _fail(_seconds: float) -> None:
    raise InterruptedError


async def test_a_wait_that_the_deadline_cuts_short_says_so() -> None:
    waited = await wait_for(missing(), wait=120.0, deadline=61.0)
    assert "(Waited for 1m, when the time of --timeout was over.)" in waited.evidence.message


async def test_a_scan_that_settles_tells_when_it_is_read_again() -> None:
    waited = await wait_for(finished(FINE, settled=False), finished(FINE, settled=True))
    assert [SETTLE, 0.0] == [progress.images[0].again_in for progress in waited.shown]


@pytest.mark.parametrize(
    ("code", "who"),
    [
        (ExitCode.INTERRUPTED, "Somebody stopped the run (Ctrl-C, SIGINT)"),
        (ExitCode.TERMINATED, "The run was told to end (SIGTERM)"),
    ],
)
async def test_a_signal_is_the_reason_for_what_was_awaited(code: ExitCode, who: str) -> None:
    time, stop = SimulatedTime(), Stop()
    one, other = target(), target("2")

    class Stopping(Watching):
        def show(self, progress: Progress) -> None:
            super().show(progress)
            stop.end(code)

    class Reader(Script):
        async def look(
            self, targets: Sequence[Target], tell: Callable[[Target, Look], None]
        ) -> dict[Target, Look]:
            looks = dict(zip(targets, (running(), blocking()), strict=True))
            for each, look in looks.items():
                tell(each, look)
            return looks

    watching = Stopping()
    waiting = Wait(
        dict.fromkeys([one, other], Reader(time, ())),  # type: ignore[arg-type]
        time.run(),
        Waiting(seconds=60.0, watcher=watching, stop=stop),
        NoScans(),  # type: ignore[arg-type]
    )
    with stop.scope:
        await waiting.run()

    known = waiting.stopped(one, stop.who)
    assert isinstance(known, Unscanned)
    assert (
        Reason.RUNNING,
        f"{who} while it waited for shop/web:1 (scanning). Run the gate again.",
    ) == (
        known.reason,
        known.message,
    )
    assert waiting.evidence[other] == waiting.stopped(other, stop.who)
    assert waiting.evidence[one] == waiting.stopped(one, "")
    assert ("shop/web:2",) == watching.shown[0].blocked
