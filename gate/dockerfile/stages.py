"""Tell the stages of a Dockerfile, what each is based on, and which of them make the image."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from gate.dockerfile.arguments import pairs, unquoted, without_flags
from gate.dockerfile.instructions import parse
from gate.dockerfile.variables import expand, is_told

if TYPE_CHECKING:
    from gate.dockerfile.instructions import Dockerfile, Instruction

# What FROM names where there is no base image.
NOTHING = "scratch"
_MOST_VALUE = 4096


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: its FROM, what follows that, and the number of the earlier stage it is based on.

    ``image`` is what FROM names, with the defaults of build arguments in it, or as written where
    they don't tell all of it. ``base`` is ``None`` if that is no stage.
    """

    image: str
    origin: Instruction
    instructions: tuple[Instruction, ...]
    base: int | None = None


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages of a file; ``arguments`` are the defaults that stand before the first."""

    stages: tuple[Stage, ...]
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
    for instruction in dockerfile.instructions[: starts[0] if starts else None]:
        if instruction.keyword == "ARG":
            declare(arguments, instruction, dockerfile.escape)
    stages: list[Stage] = []
    named: dict[str, int] = {}
    for start, end in pairwise([*starts, len(dockerfile.instructions)]):
        origin = dockerfile.instructions[start]
        image, name = _from(origin, arguments, dockerfile.escape)
        own = dockerfile.instructions[start + 1 : end]
        stages.append(Stage(image, origin, own, named.get(image.lower())))
        named |= {name: len(stages) - 1} if name else {}
    return Stages(tuple(stages), arguments)


def declare(
    values: dict[str, str], instruction: Instruction, escape: str, *, most: int = _MOST_VALUE
) -> None:
    """Set the values that an ARG or ENV gives, by those that are set already.

    Longer ones than ``most`` characters are forgotten: a few lines can double a value many times.
    """
    before = dict(values) if len(instruction.arguments) > most else values
    told = {
        name: expand(value, before, escape=escape)
        for name, value in pairs(instruction.arguments)
        if value is not None
    }
    values |= {name: value for name, value in told.items() if len(value) <= most}


def _from(origin: Instruction, arguments: dict[str, str], escape: str) -> tuple[str, str]:
    """Return what a FROM names, and the name of the stage that it begins, in lower case."""
    written, *rest = (unquoted(without_flags(origin.arguments)).split() or [""])[:3]
    image = expand(written, arguments, escape=escape)
    name = rest[1].lower() if len(rest) > 1 and rest[0].lower() == "as" else ""
    return (image if image and is_told(image) else written), name
