"""Tell the stages of a Dockerfile, what each is based on, and which of them make the image."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.checkout.dockerfile.instructions import FLAGS, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gate.checkout.dockerfile.instructions import Instruction

# What FROM names where there is no base image.
_NOTHING = "scratch"
_QUOTES = re.compile(r"[\"']")
_WORD = re.compile(r"(?:\\.|\"(?:[^\"\\]|\\.)*+\"|'[^']*+'|\S)++", re.DOTALL)
_NAME = r"[A-Za-z_][A-Za-z0-9_]*+"
# ``${NAME:-word}``; the word may hold variables, but none with a word of its own in braces.
VARIABLE = (
    rf"\$(?:(?P<name>{_NAME})|\{{(?P<braced>{_NAME})"
    r"(?:(?P<mode>:?[-+?]|[#%/])(?P<word>(?:[^{}$]|\$\{[^{}]*\}|\$(?!\{))*+))?\})"
)
_VARIABLE = re.compile(VARIABLE)
# A few lines can double a value many times.
_MOST_VALUE = 1000


class Stage(Struct, frozen=True):
    """A stage: what its FROM names, the line of that, and the earlier stage that it is based on.

    ``image`` has the defaults of build arguments in it, or is as written where they don't tell all
    of it. ``base`` is the number of a stage, ``None`` if the base is another image.
    """

    image: str
    line: int
    base: int | None = None


def base_images(text: str) -> tuple[tuple[str, int], ...]:
    """Return the image and the line of each FROM that names neither a stage nor ``scratch``.

    Defaults of build arguments are filled in; where they don't tell the whole name, it is returned
    as it is written.
    """
    return tuple(
        (stage.image, stage.line)
        for stage in stages_of(parse(text))
        if stage.base is None and stage.image not in {"", _NOTHING}
    )


def stages_of(instructions: Iterable[Instruction]) -> tuple[Stage, ...]:
    """List the stages of a Dockerfile in its order."""
    defaults: dict[str, str | None] = {}
    stages: list[Stage] = []
    numbers: dict[str, int] = {}
    for instruction in instructions:
        if instruction.keyword == "ARG" and not stages:
            _declare(instruction.arguments, defaults)
        elif instruction.keyword == "FROM":
            named = FLAGS.sub("", instruction.arguments, count=1)
            written, *rest = (_QUOTES.sub("", named).split() or [""])[:3]
            image = expand(written, defaults) or written
            stages.append(Stage(image, instruction.line, numbers.get(image.lower())))
            if len(rest) > 1 and rest[0].lower() == "as":
                numbers[rest[1].lower()] = len(stages) - 1
    return tuple(stages)


def image_stages(stages: tuple[Stage, ...]) -> frozenset[int]:
    """Return the numbers of the last stage, and of those that it is based on."""
    numbers: set[int] = set()
    number: int | None = len(stages) - 1 if stages else None
    while number is not None:
        numbers.add(number)
        number = stages[number].base
    return frozenset(numbers)


def expand(text: str, values: Mapping[str, str | None]) -> str | None:
    """Return the text with its variables replaced.

    ``None`` if one of them has no value here, or where the text gets too long to be one.
    """
    expanded, done = "", 0
    for reference in _VARIABLE.finditer(text):
        value = _value(reference, values)
        if value is None or len(expanded) > _MOST_VALUE:
            return None
        expanded += text[done : reference.start()] + value
        done = reference.end()
    expanded += text[done:]
    return expanded if len(expanded) <= _MOST_VALUE else None


def _declare(arguments: str, defaults: dict[str, str | None]) -> None:
    """Take over the defaults that an ARG gives; ``None`` is one that the file doesn't tell."""
    for word in _WORD.findall(arguments):
        name, sign, written = _QUOTES.sub("", word).partition("=")
        if sign:
            defaults[name] = expand(written, defaults)


def _value(reference: re.Match[str], values: Mapping[str, str | None]) -> str | None:
    name = reference["name"] or reference["braced"]
    value = values.get(name, "")
    if value is None:
        return None
    is_set = name in values
    mode, word = reference["mode"] or "", reference["word"] or ""
    counts = is_set if mode in {"-", "+"} else bool(value)
    if mode.endswith("-"):
        return value if counts else expand(word, values)
    if mode.endswith("+"):
        return expand(word, values) if counts else ""
    return value if is_set and mode not in {"#", "%", "/"} else None
