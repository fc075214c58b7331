"""Tell the stages of a Dockerfile, what each is based on, and which of them make the image."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.dockerfile.arguments import flags, pairs, unquoted
from gate.dockerfile.instructions import parse
from gate.dockerfile.variables import expand, is_told, value_of

if TYPE_CHECKING:
    from gate.dockerfile.instructions import Dockerfile, Instruction

# What FROM names where there is no base image.
NOTHING = "scratch"


class Stage(Struct, frozen=True):
    """A stage: its FROM, what follows that, and the number of the earlier stage it is based on.

    ``image`` is what FROM names, with the defaults of build arguments in it, or as written where
    they don't tell all of it. ``base`` is ``None`` if that is no stage.
    """

    image: str
    origin: Instruction
    instructions: tuple[Instruction, ...]
    base: int | None = None


class Stages(Struct, frozen=True):
    """The stages of a file, what stands before the first, and the defaults that this declares."""

    stages: tuple[Stage, ...]
    before: tuple[Instruction, ...]
    arguments: dict[str, str]

    def of_image(self) -> frozenset[int]:
        """Return the numbers of the last stage, and of those that it is based on."""
        numbers: set[int] = set()
        number: int | None = len(self.stages) - 1 if self.stages else None
        while number is not None:
            numbers.add(number)
            number = self.stages[number].base
        return frozenset(numbers)


def base_images(text: str) -> tuple[tuple[str, int], ...]:
    """Return the image and the line of each FROM that names neither a stage nor ``scratch``.

    Defaults of build arguments are filled in; where they don't tell the whole name, it is returned
    as it is written.
    """
    return tuple(
        (stage.image, stage.origin.line)
        for stage in stages_of(parse(text)).stages
        if stage.base is None and stage.image not in {"", NOTHING}
    )


def stages_of(dockerfile: Dockerfile) -> Stages:
    """Split a Dockerfile into its stages."""
    starts = [
        number
        for number, instruction in enumerate(dockerfile.instructions)
        if instruction.keyword == "FROM"
    ]
    arguments: dict[str, str] = {}
    before = dockerfile.instructions[: starts[0] if starts else None]
    for instruction in before:
        if instruction.keyword == "ARG":
            for name, value in pairs(instruction.arguments):
                if value is not None:
                    arguments[name] = value_of(value, arguments, dockerfile.escape)
    stages: list[Stage] = []
    named: dict[str, int] = {}
    for start, end in pairwise([*starts, len(dockerfile.instructions)]):
        origin = dockerfile.instructions[start]
        image, name = _from(origin, arguments, dockerfile.escape)
        own = dockerfile.instructions[start + 1 : end]
        stages.append(Stage(image, origin, own, named.get(image.lower())))
        named |= {name: len(stages) - 1} if name else {}
    return Stages(tuple(stages), before, arguments)


def _from(origin: Instruction, arguments: dict[str, str], escape: str) -> tuple[str, str]:
    """Return what a FROM names, and the name of the stage that it begins, in lower case."""
    _, named = flags(origin.arguments)
    written, *rest = (unquoted(named).split() or [""])[:3]
    image = expand(written, arguments, escape=escape)
    name = rest[1].lower() if len(rest) > 1 and rest[0].lower() == "as" else ""
    return (image if image and is_told(image) else written), name
