"""List the places of a Dockerfile that a build command can come from, and how it may look then."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from gate.dockerfile.commands import keys_of
from gate.dockerfile.instructions import parse
from gate.dockerfile.scopes import scopes
from gate.dockerfile.stages import NOTHING, stages_of
from gate.dockerfile.variables import is_told
from gate.dockerfile.writings import Budget, writings

if TYPE_CHECKING:
    from gate.dockerfile.commands import Key
    from gate.dockerfile.stages import Stages

# Replaced variables may make a text longer than the file.
_SPARE = 100_000


class Place(NamedTuple):
    """An instruction's line, counted from 1.

    ``in_image`` tells whether its stage makes the image, ``on_nothing`` whether that stage has no
    base image.
    """

    line: int
    in_image: bool
    on_nothing: bool


class Written(NamedTuple):
    """One way in which a history may show the instruction at the place of that number.

    ``told`` is false where some of its text is not known; ``keys`` are what it is compared by.
    """

    place: int
    keyword: str
    arguments: str
    told: bool
    keys: list[Key]


class Places(Struct, frozen=True):
    """All places of a file in its order, and all ways in which they may be written."""

    places: tuple[Place, ...]
    written: tuple[Written, ...]


def places_of(text: str) -> Places:
    """Read a Dockerfile; any text is read somehow."""
    dockerfile = parse(text)
    stages = stages_of(dockerfile)
    in_image, on_nothing = stages.of_image(), _on_nothing(stages)
    budget = Budget(2 * len(text) + _SPARE)
    places: list[Place] = []
    written: list[Written] = []
    for stage, instruction, scope in scopes(stages, dockerfile.escape):
        keyword = instruction.keyword
        for way in dict.fromkeys(writings(instruction, scope, budget)):
            keys = keys_of(keyword, way)
            written.append(Written(len(places), keyword, way, is_told(way), keys))
        places.append(Place(instruction.line, stage in in_image, stage in on_nothing))
    return Places(tuple(places), tuple(written))


def _on_nothing(stages: Stages) -> set[int]:
    """Return the numbers of the stages that have no base image."""
    found: set[int] = set()
    for number, stage in enumerate(stages.stages):
        if stage.base in found or (stage.base is None and stage.image == NOTHING):
            found.add(number)
    return found
