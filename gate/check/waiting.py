"""The minute after the push: look again until the evidence decides, or something ends the run."""

from __future__ import annotations

import math
import signal
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

import anyio
import anyio.lowlevel
from msgspec import Struct
from msgspec.structs import replace

from gate.check.scanning import ScanMode
from gate.clock import say_duration
from gate.errors import ExitCode
from gate.findings import Reason, Scanned, ScanState, Unscanned

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
    from typing import Any

    from gate.check.scanning import Scans
    from gate.clock import Run
    from gate.evidence import EvidenceReader, Look, Target
    from gate.findings import Evidence

T = TypeVar("T")

GUARD = 5.0  # seconds after the deadline when a run that still hangs is stopped from outside
_SIGNALS = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
_WHO_STOPPED = {
    ExitCode.INTERRUPTED: "Somebody stopped the run (Ctrl-C, SIGINT)",
    ExitCode.TERMINATED: "The run was told to end (SIGTERM)",
}
# Seconds between two polls: from the first of these, growing, to the last.
_FIRST, _GROWTH, _LONGEST = 2.0, 1.5, 30.0
_JITTER = 0.2  # of the delay, either way, so that a fleet does not poll in step
_LAST = 1.0  # seconds before the deadline of the run after which no new look is begun


class Stop:
    """What ends the gathering of evidence early; made inside an event loop.

    Evidence is gathered within ``scope``, which is cancelled some seconds after the ``left`` that
    the run has: whatever hangs then ignores its deadline. ``ended_by`` is the code of the first
    signal, ``None`` without one.
    """

    def __init__(self, left: float = math.inf) -> None:
        self.scope = anyio.CancelScope(deadline=anyio.current_time() + left + GUARD)
        self.ended_by: ExitCode | None = None

    async def heeding_signals(
        self, judge: Callable[[], Awaitable[T]], *beside: Callable[[], Coroutine[Any, Any, None]]
    ) -> T:
        """Return what ``judge`` does, which a signal hurries; ``beside`` runs as long."""
        async with anyio.create_task_group() as group:
            for each in (self.heed, *beside):
                group.start_soon(each)
            verdict = await judge()
            group.cancel_scope.cancel()
        return verdict

    async def heed(self) -> None:
        """End the gathering of evidence at the first signal that asks for it."""
        try:
            with anyio.open_signal_receiver(*_SIGNALS) as signals:
                async for number in signals:
                    self.end(_SIGNALS[number])
        except NotImplementedError:
            return  # Windows: Ctrl-C ends the program without a report

    @property
    def who(self) -> str:
        """Say who ended the run, in half a sentence; empty if nobody did."""
        return "" if self.ended_by is None else _WHO_STOPPED[self.ended_by]

    def end(self, code: ExitCode) -> None:
        """End the gathering of evidence with the code of a signal; a second one changes nothing."""
        self.ended_by = self.ended_by or code
        self.scope.cancel()


class Awaited(Struct, frozen=True):
    """What a progress line says of one image; ``again_in`` are the seconds to a second reading.

    That is ``None`` for an image that isn't awaited for this.
    """

    name: str
    doing: str
    again_in: float | None = None


class Progress(Struct, frozen=True):
    """Where the wait stands; ``seconds_left`` until it gives up.

    ``blocked`` are images that are decided already, and block.
    """

    images: tuple[Awaited, ...]
    seconds: float
    seconds_left: float
    blocked: tuple[str, ...] = ()


class Watcher(Protocol):
    """Somebody who is shown the progress, at least every ``tick`` seconds."""

    tick: float

    def show(self, progress: Progress) -> None:
        """Take note of where the wait stands."""


class Waiting(Struct, frozen=True, kw_only=True):
    """How a run waits for evidence: what it asks for, who is shown it, and what ends it early.

    ``seconds`` is the time for a scan to end; 0 looks once. With ``dry_run``, scans are only
    spoken of.
    """

    seconds: float = 0.0
    scan: ScanMode = ScanMode.NEVER
    dry_run: bool = False
    watcher: Watcher | None = None
    stop: Stop


class Delays:
    """The time between polls: growing, with jitter, and as long as it gets after throttling."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self._next = _FIRST

    def next(self, *, throttled: bool) -> float:
        """Return the seconds until the next poll: at most 30, or 36 after throttling."""
        if throttled:
            self._next = _LONGEST
        delay = self._next * (1 + _JITTER * (2 * self._jitter() - 1))
        self._next = min(self._next * _GROWTH, _LONGEST)
        return delay if throttled else min(delay, _LONGEST)


class _YoungScan(Struct, frozen=True):
    """What a look at a scan that just ended showed, and when it was over (monotonic seconds)."""

    evidence: Scanned
    at: float


class Wait:
    """Evidence of all targets of a run, as it becomes known.

    ``evidence`` holds, at any moment, what is known of each target; nothing in it is a pass
    before it is certain, so a run can be stopped at any moment.
    """

    def __init__(
        self,
        readers: Mapping[Target, EvidenceReader],
        run: Run,
        waiting: Waiting,
        scans: Scans,
    ) -> None:
        self.evidence: dict[Target, Evidence] = {}
        self._readers = readers
        self._clock = run.clock
        self._latest = run.deadline - _LAST
        self._waiting = waiting
        self._scans = scans
        self._delays = Delays(run.jitter)
        self._young: dict[Target, _YoungScan] = {}
        self._doing: dict[Target, str] = {}
        self._due: dict[Target, float] = {}
        self._blocked: dict[Target, None] = {}  # in the order in which they were seen
        self._throttled = 0

    async def run(self) -> None:
        """Look at all targets together until each is decided, or waiting is over."""
        started = self._clock.monotonic()
        give_up = min(started + self._waiting.seconds, self._latest)
        due = self._due = dict.fromkeys(self._readers, started)
        while due:
            now = self._clock.monotonic()
            looks = await self._look([target for target, at in due.items() if at <= now])
            after = self._clock.monotonic()
            poll_at = after + self._delays.next(throttled=self._was_throttled())
            for target, look in looks.items():
                at = self._next_look(target, look, began=now, ended=after)
                if at is None and look.waiting and after < give_up:
                    at = min(poll_at, give_up)
                self._remember(target, look, again=at is not None, waited=after - started)
                if at is None or at > self._latest:
                    del due[target]
                else:
                    due[target] = at
            await self._sleep_until(min(due.values(), default=after), started, give_up)

    def stopped(self, target: Target, who: str) -> Evidence | None:
        """Return what is known of a target; where a signal cut a wait short, nothing else helps.

        ``who`` is half a sentence on who stopped the run, empty if nobody did.
        """
        evidence = self.evidence.get(target)
        if not who or target not in self._due or not isinstance(evidence, Unscanned):
            return evidence
        doing = f" ({self._doing[target]})" if self._doing.get(target) else ""
        message = f"{who} while it waited for {target.name}{doing}. Run the gate again."
        return replace(evidence, message=message)

    async def _look(self, targets: Sequence[Target]) -> dict[Target, Look]:
        """Look at targets, those of one reader together, and ask for the scans that they need."""
        looks: dict[Target, Look] = {}

        async def look(reader: EvidenceReader, own: Sequence[Target]) -> None:
            results = await reader.look(own, self._tell)
            async with anyio.create_task_group() as group:
                for target in own:
                    group.start_soon(consider, target, results[target])

        async def consider(target: Target, result: Look) -> None:
            looks[target] = await self._scans.consider(target, result)

        async with anyio.create_task_group() as group:
            for reader in dict.fromkeys(self._readers[target] for target in targets):
                own = [target for target in targets if self._readers[target] is reader]
                group.start_soon(look, reader, own)
        return looks

    def _tell(self, target: Target, look: Look) -> None:
        """Keep a certain block at once: others may still be looked at when the run is stopped."""
        if look.blocks:
            self._blocked[target] = None
        if look.blocks or target not in self.evidence:
            self.evidence[target] = _provisional(target, look)

    def _next_look(self, target: Target, look: Look, *, began: float, ended: float) -> float | None:
        """Return when a young scan is to be read again; ``None`` if it needn't be.

        All but a block is believed only when two readings agree that are ``settle`` apart.
        """
        evidence = look.evidence
        if not isinstance(evidence, Scanned):
            self._young.pop(target, None)
            return None
        settle = target.requirements.settle.total_seconds()
        before = self._young.get(target)
        if before is None and look.settled:
            return None
        if before is not None and _same(before.evidence, evidence):
            return None if began >= before.at + settle else before.at + settle
        self._young[target] = _YoungScan(evidence, ended)
        return ended + settle

    def _remember(self, target: Target, look: Look, *, again: bool, waited: float) -> None:
        self._doing[target] = look.doing
        if again:
            self.evidence[target] = _provisional(target, look)
        elif look.waiting and isinstance(look.evidence, Unscanned) and self._waiting.seconds:
            message = f"{look.evidence.message} ({self._after(waited)}.)"
            self.evidence[target] = replace(look.evidence, message=message)
        else:
            self.evidence[target] = look.evidence

    def _after(self, waited: float) -> str:
        """Say how long was waited, and if it was for less than was asked for, why."""
        wait = self._waiting.seconds
        words = f"Waited for {say_duration(timedelta(seconds=min(waited, wait)))}"
        return words if waited >= wait else f"{words}, when the time of --timeout was over"

    def _was_throttled(self) -> bool:
        total = sum(reader.throttled for reader in dict.fromkeys(self._readers.values()))
        grown, self._throttled = total > self._throttled, total
        return grown

    async def _sleep_until(self, at: float, started: float, give_up: float) -> None:
        watcher = self._waiting.watcher
        while self._due:
            now = self._clock.monotonic()
            if watcher is not None:
                watcher.show(self._progress(now, now - started, max(0.0, give_up - now)))
            if now >= at:
                break
            await self._clock.sleep(min(at - now, watcher.tick if watcher else at - now))
            await anyio.lowlevel.checkpoint()

    def _progress(self, now: float, seconds: float, seconds_left: float) -> Progress:
        awaited = [
            Awaited(
                target.name,
                self._doing[target],
                max(0.0, at - now) if target in self._young else None,
            )
            for target, at in self._due.items()
        ]
        blocked = tuple(target.name for target in self._blocked if target not in self._due)
        return Progress(tuple(awaited), seconds, seconds_left, blocked)


def _same(one: Scanned, other: Scanned) -> bool:
    return (
        one.image == other.image
        and one.scan.finished_at == other.scan.finished_at
        and sorted(map(repr, one.findings)) == sorted(map(repr, other.findings))
    )


def _provisional(target: Target, look: Look) -> Evidence:
    """Return what is certain of a look whose target is to be looked at again."""
    evidence = look.evidence
    if not isinstance(evidence, Scanned):
        return evidence
    settle = say_duration(target.requirements.settle)
    return Unscanned(
        reason=Reason.INCOMPLETE,
        message=f"The scan of {target.name} ended so recently that findings may still arrive, and "
        f"it could not be read again {settle} later, as scan.settle asks. Allow more time "
        "(--timeout).",
        image=evidence.image,
        identified_by=evidence.identified_by,
        scan=replace(evidence.scan, state=ScanState.FINISHED),
        beyond=replace(evidence.gathered, reason=Reason.INCOMPLETE),
    )
