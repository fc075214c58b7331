"""Scans that were asked for, and the rules of asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from gate.sandbox.sample_images import SampleImage, State
from gate.sandbox.scan_records import record_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.sandbox.world import World

NOT_SUPPORTED = "TASK_NOT_SUPPORT_REGION"
REPEATED = "forbid_create_repeat_task"

# How a scan on request goes on: share of its time, state, progress in percent.
_STEPS = ((0.1, "START", 5), (0.3, "PRE_ANALYZER", 30), (0.6, "CVE_ANALYZER", 70))


class Task(Struct, frozen=True):
    """A scan on request; times are seconds since the sandbox's start."""

    id: str
    digests: frozenset[str]
    started: float
    ends: float
    fails: bool

    def status(self, elapsed: float) -> str:
        """Return the word for ``Status`` of a task."""
        if elapsed >= self.ends:
            return "FAIL" if self.fails else "SUCCESS"
        third = (self.ends - self.started) / 3
        steps = ("START", "MESSAGE_SEND", "PRE_ANALYZER")
        return steps[min(2, int((elapsed - self.started) / third))]


class ScanReply(Struct, frozen=True):
    """What became of a request for a scan.

    ``result`` is a word for ``Result``; ``can_create`` is false if all slots are taken.
    """

    result: str
    can_create: bool = True
    task: Task | None = None


class Tasks:
    """All scans that were asked for since the start."""

    def __init__(self) -> None:
        self._tasks: list[Task] = []

    def latest(self, digest: str) -> Task | None:
        """Return the task about a digest (``sha256:<hex>``) that was created last."""
        return next((task for task in reversed(self._tasks) if digest in task.digests), None)

    def ask(self, world: World, images: Sequence[SampleImage], elapsed: float) -> ScanReply:
        """Create a task for images of the world, unless a rule forbids it."""
        if not images:
            return ScanReply("TASK_NOT_EXISTS")
        if not all(image.supported for image in images):
            for image in images:
                _append(world, image, State(after=elapsed, scan="INIT", result=NOT_SUPPORTED))
            return ScanReply(NOT_SUPPORTED)
        for image in images:
            under_way = self.latest(image.digest)
            if under_way is not None and under_way.ends > elapsed:
                return ScanReply(REPEATED, task=under_way)
            record = record_of(image, elapsed)
            if record is not None and record.running:
                return ScanReply(REPEATED)
        if self._running(world, elapsed) >= world.scan_slots:
            return ScanReply("", can_create=False)
        return ScanReply("SUCCESS", task=self._create(world, images, elapsed))

    def _running(self, world: World, elapsed: float) -> int:
        others = world.busy_slots if elapsed < world.busy_until else 0
        return others + sum(task.ends > elapsed for task in self._tasks)

    def _create(self, world: World, images: Sequence[SampleImage], elapsed: float) -> Task:
        task = Task(
            id=f"sandbox-{len(self._tasks) + 1}",
            digests=frozenset(image.digest for image in images),
            started=elapsed,
            ends=elapsed + world.scan_seconds,
            fails=any(image.failing_scans for image in images),
        )
        self._tasks.append(task)
        for image in images:
            _play(world, image, task)
        return task


def _play(world: World, image: SampleImage, task: Task) -> None:
    """Write the course of a scan into the image's timeline."""
    length = task.ends - task.started
    steps = [
        State(after=task.started + share * length, scan=scan, progress=progress)
        for share, scan, progress in _STEPS
    ]
    end = State(after=task.ends, scan="FAIL" if image.failing_scans else "SUCCESS")
    fewer = max(0, image.failing_scans - 1)
    _append(world, msgspec.structs.replace(image, failing_scans=fewer), *steps, end)


def _append(world: World, image: SampleImage, *states: State) -> None:
    world.put(msgspec.structs.replace(image, timeline=(*image.timeline, *states)))
