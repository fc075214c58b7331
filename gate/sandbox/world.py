"""A sample world: what a local Security Center, and the registry beside it, are about."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gate.errors import UsageError
from gate.sandbox.sample_images import SampleFinding, SampleImage, SampleIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STEP = re.compile(r"\.(?P<key>\w+)|\[(?P<index>\d+)\]")  # of a path such as .images[0].tag
_REMEDY = "Correct the file: its keys are the fields of gate.sandbox.World."

_SAMPLE = Path(__file__).with_name("sample.json")
_BULK = 130  # findings; more than one page holds

HOST = "registry.cn-hangzhou.aliyuncs.com"


class Bilingual(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One text in the two languages that Security Center answers in."""

    en: str = ""
    zh: str = ""

    def of(self, lang: str) -> str:
        """Return the text in a language, ``en`` or ``zh``; the other one where it lacks."""
        return (self.en or self.zh) if lang == "en" else (self.zh or self.en)


class RiskClass(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A class of checks."""

    key: str
    name: Bilingual = Bilingual()


class SampleCheck(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One check: what a scan may look for, if it is ``selected``."""

    key: str
    risk_class: str = "other"
    name: Bilingual = Bilingual()
    level: str = "medium"
    description: Bilingual = Bilingual()
    advice: Bilingual = Bilingual()
    prompt: Bilingual = Bilingual()
    selected: bool = True


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
    checks: tuple[SampleCheck, ...] = msgspec.field(default_factory=lambda: _sample().checks)
    classes: tuple[RiskClass, ...] = msgspec.field(default_factory=lambda: _sample().classes)
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

    def served(self) -> list[str]:
        """Return ``namespace/repository:tag`` of what the registry serves, each once, sorted."""
        images = {f"{one.name}:{one.tag}" for one in self.images if one.served}
        return sorted(images | {f"{one.name}:{one.tag}" for one in self.indexes})

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
        images = [one for one in self.records() if f"{one.name}:{one.tag}" == reference]
        acr = [one for one in images if one.registry_type == "acr"] or images
        if not acr:
            raise LookupError(f"{reference} is not in this world")
        return max(acr, key=lambda one: one.pushed)


def sample_world() -> World:
    """Make a world that tells a story: an image for every way in which a gate can end.

    Each call makes a new one, with the same digests. All of its images are at
    ``registry.cn-hangzhou.aliyuncs.com``, in ``shop`` or ``webshop``; records of other registries
    share the name of a clean one and are other images.
    """
    world = _sample()
    risks = ("env_secret", "curl_pipe", "apk")
    findings = tuple(
        SampleFinding(risk=risks[number % 3], command=f"RUN ./step-{number}.sh")
        for number in range(_BULK)
    )
    world.put(msgspec.structs.replace(world.find("shop/bulk:1.0"), findings=findings))
    return world


def _sample() -> World:
    return msgspec.json.decode(_SAMPLE.read_bytes(), type=World)


def _with(index: SampleIndex, image: SampleImage) -> SampleIndex:
    images = tuple(image if one.uuid == image.uuid else one for one in index.images)
    return msgspec.structs.replace(index, images=images)


def load_world(data: object, place: Callable[[tuple[str | int, ...]], str]) -> World:
    """Make a world of the plain data that a file holds, strictly.

    The data hold the fields of ``World``, all optional, by their names; so do the objects in it:

        images:                          # SampleImage
          - namespace: shop
            repository: web
            tag: "1.4"
            timeline:                    # State; seconds from the sandbox's start
              - {after: -30, scan: DOWNLOAD, progress: 20}
              - {after: 5, scan: SUCCESS}
            findings:                    # SampleFinding
              - {risk: no_user, status: ignored, command: USER root}
              - {risk: env_secret, level: high, after: 3}
        indexes:                         # SampleIndex, whose images are SampleImages
          - namespace: shop
            repository: multi
            images:
              - {namespace: shop, repository: multi, platform: linux/arm64}
        checks:                          # SampleCheck; left out: the standard ones
          - {key: no_user, level: high, name: {en: Runs as root, zh: …}, selected: true}
        classes: [{key: other, name: {en: Other}}]
        whitelist: [{id: 1, event_key: no_user}]
        host: registry.cn-hangzhou.aliyuncs.com
        scan_seconds: 3                  # how long a scan on request takes

    ``sample.json`` beside this file shows each kind of image, and is one to start from.
    A case file, whose images have a ``reference``, is a world, too: see ``case_world.py``.

    ``place`` returns where the value stands that a path of keys and indexes leads to, such as
    ``FILE:3:5``. Raises ``UsageError``, which names that place, for an unknown key, a wrong type or
    a fact that can't be played.
    """
    from gate.sandbox import case_world  # noqa: PLC0415 - it makes worlds, too

    cases = case_world.is_cases(data)
    try:
        return case_world.world_of_cases(data, place) if cases else msgspec.convert(data, World)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at `$")
        where = where.rstrip("`")
        path = tuple(step["key"] or int(step["index"]) for step in _STEP.finditer(where))
        shown = where.removeprefix(".") or "the top"
        remedy = case_world.REMEDY if cases else _REMEDY
        raise UsageError(f"{place(path)}: {problem} (at {shown}).", remedy) from None
