"""The records that Security Center holds at a moment of a sample world."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.sandbox.sample_images import SampleFinding, SampleImage, SampleIndex, State
    from gate.sandbox.world import World

FINAL = frozenset({"SUCCESS", "FAIL", "TIMEOUT"})

# Words for ScaResult that say that there is no scan; any other goes with one.
_NO_SCAN = frozenset({"TASK_NOT_EXISTS", "TASK_NOT_SUPPORT_REGION"})


class Record(Struct, frozen=True):
    """What Security Center reports of one image; times are seconds since the sandbox's start.

    ``first_scan`` and ``last_scan`` are ends of finished scans, ``None`` if there was none.
    ``findings`` are those that are visible already.
    """

    image: SampleImage
    state: State
    first_scan: float | None
    last_scan: float | None
    findings: tuple[SampleFinding, ...]

    @property
    def running(self) -> bool:
        """Tell whether a scan is under way."""
        return self.state.scan not in FINAL and self.state.result not in _NO_SCAN

    @property
    def scan_began(self) -> float:
        """When the scan that the state is about began: after the one before it ended."""
        began = self.state.after
        for state in reversed(self.image.timeline):
            if state.after < began and state.scan in FINAL:
                break
            began = min(began, state.after)
        return began


def record_of(image: SampleImage, elapsed: float) -> Record | None:
    """Return an image's record at a moment, ``None`` where there is none yet."""
    past = [state for state in image.timeline if state.after <= elapsed]
    if not past:
        return None
    scans = [state.after for state in past if state.scan == "SUCCESS"]
    return Record(
        image=image,
        state=past[-1],
        first_scan=scans[0] if scans else None,
        last_scan=scans[-1] if scans else None,
        findings=tuple(
            finding
            for finding in image.findings
            if scans and _visible_from(image, finding, scans[0]) <= elapsed
        ),
    )


class RecordCache:
    """The records of a world, made anew only when time or a change of the world asks for it.

    So a client that reads a long list page by page doesn't pay for the whole world each time.
    ``memory`` holds what was derived from the records; it is emptied with them.
    """

    def __init__(self) -> None:
        self.memory: dict[object, object] = {}
        self._images: list[SampleImage] = []
        self._indexes: list[SampleIndex] = []
        self._since = math.inf
        self._until = -math.inf
        self._records: tuple[Record, ...] = ()

    def at(self, world: World, elapsed: float) -> tuple[Record, ...]:
        """Return the records at a moment, in the world's order."""
        same = self._images is world.images and self._indexes is world.indexes
        if not (same and self._since <= elapsed < self._until):
            self._images, self._indexes = world.images, world.indexes
            images = list(world.records())
            records = (record_of(image, elapsed) for image in images)
            self._records = tuple(record for record in records if record is not None)
            self.memory.clear()
            self._since = elapsed
            self._until = min(
                (at for image in images for at in _changes(image) if at > elapsed),
                default=math.inf,
            )
        return self._records


def _visible_from(image: SampleImage, finding: SampleFinding, first_scan: float) -> float:
    return first_scan + image.findings_after + finding.after


def _changes(image: SampleImage) -> Iterator[float]:
    """Yield every moment at which the image's record may become another."""
    scans = [state.after for state in image.timeline if state.scan == "SUCCESS"]
    for state in image.timeline:
        yield state.after
    for finding in image.findings:
        if scans:
            yield _visible_from(image, finding, scans[0])
