"""A sample world: what a local Security Center, and the registry beside it, are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gate.sandbox.checks import CHECKS, CLASSES, Check, RiskClass
from gate.sandbox.images import SampleImage, SampleIndex

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "registry.cn-hangzhou.aliyuncs.com"


class WhitelistRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule that whitelists alerts; ``conditions`` and ``scenarios`` are JSON texts."""

    id: int
    event_type: str = "buildRisk"
    event_key: str = ""
    event_name: str = ""
    conditions: str = "[]"
    scenarios: str = '{"type":"default","value":""}'
    note: str = ""
    source: str = "default"


class World(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All that a sandbox answers about; it may be changed while the sandbox runs.

    A scan on request takes ``scan_seconds``; at most ``scan_slots`` run at once, of which
    ``busy_slots`` are taken by others until ``busy_until`` seconds after the start.
    ``host`` is the registry's name in ``Endpoints``.
    """

    images: list[SampleImage] = []
    indexes: list[SampleIndex] = []
    checks: tuple[Check, ...] = CHECKS
    classes: tuple[RiskClass, ...] = CLASSES
    whitelist: tuple[WhitelistRule, ...] = ()
    host: str = HOST
    account: str = "1234567890123456"
    scan_seconds: float = 3.0
    scan_slots: int = 10
    busy_slots: int = 0
    busy_until: float = 0.0
    tags: dict[str, str] = {}
    """Tags that were moved, ``namespace/repository:tag`` to digest; they win over push times."""

    @classmethod
    def of(cls, *images: SampleImage | SampleIndex) -> World:
        """Make a world of these images, with the standard checks; the last of equals counts."""
        single = {image.uuid: image for image in images if isinstance(image, SampleImage)}
        indexes = {(one.name, one.tag): one for one in images if isinstance(one, SampleIndex)}
        return cls(images=list(single.values()), indexes=list(indexes.values()))

    def records(self) -> Iterator[SampleImage]:
        """Yield every image, those of indexes included."""
        yield from self.images
        for index in self.indexes:
            yield from index.images

    def put(self, image: SampleImage | SampleIndex) -> None:
        """Add an image, or replace the one with the same ``uuid`` (for an index: the same tag)."""
        if isinstance(image, SampleIndex):
            self.remove(image)
            self.indexes = [*self.indexes, image]
        elif any(image.uuid == one.uuid for index in self.indexes for one in index.images):
            self.indexes = [_with(index, image) for index in self.indexes]
        elif any(image.uuid == one.uuid for one in self.images):
            self.images = [image if one.uuid == image.uuid else one for one in self.images]
        else:
            self.images = [*self.images, image]

    def remove(self, image: SampleImage | SampleIndex) -> None:
        """Take an image out of the registry and out of Security Center, if it is there."""
        if isinstance(image, SampleImage):
            self.images = [one for one in self.images if one.uuid != image.uuid]
        else:
            place = (image.name, image.tag)
            self.indexes = [one for one in self.indexes if (one.name, one.tag) != place]

    def find(self, reference: str) -> SampleImage:
        """Return the image that ``namespace/repository:tag`` names, of several the newest.

        Raises ``LookupError`` if there is none.
        """
        found = [one for one in self.records() if f"{one.name}:{one.tag}" == reference]
        acr = [one for one in found if one.registry_type == "acr"] or found
        if not acr:
            raise LookupError(f"{reference} is not in this world")
        return max(acr, key=lambda one: one.pushed)


def _with(index: SampleIndex, image: SampleImage) -> SampleIndex:
    images = tuple(image if one.uuid == image.uuid else one for one in index.images)
    return msgspec.structs.replace(index, images=images)
