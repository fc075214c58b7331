"""Match build commands to the instructions of one Dockerfile.

Both are written in canonical form. A variable that a builder replaces is a wildcard, and the
longest literal match wins; a wildcard that stands for nearly everything matches nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from gate.checkout.dockerfile.canonical import Key, canonical, keys_of, readings, shells
from gate.checkout.dockerfile.instructions import parse, with_documents
from gate.checkout.dockerfile.stages import VARIABLE, image_stages, stages_of
from gate.untrusted import mask_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MASK = "***"
_WILD = "\0"
_NAMED = frozenset({"ENV", "LABEL", "ARG"})
# A shell runs the others, so that no builder replaces the variables in them.
_EXPANDED = _NAMED | {"USER", "WORKDIR", "COPY", "ADD", "VOLUME", "STOPSIGNAL", "FROM"}
# What stands behind an escape character, whichever of the two a file has, is not a variable.
_VARIABLE = re.compile(rf"[\\`].|{VARIABLE}", re.DOTALL)
_NAME = re.compile(r"(?:\A| )([\w.-]++)=")
_TELLING = re.compile(r"[^\W_]")
# Masking costs far more than comparing: each text as if it were so many characters longer, and
# all that may be masked of a file, which is more than people write.
_FIXED_COST = 40
_MOST_MASKING = 400_000
_MOST_SHELLS = 10
_LONGEST_SHELL = 300
# More patterns that look alike tell nothing, and would all have to be tried for each finding.
_MOST_ALIKE = 50


class _Line(NamedTuple):
    """The first line of an instruction, and whether its stage makes the image."""

    number: int
    in_image: bool


# An instruction's line, keyword, and arguments.
_Writing = tuple[_Line, str, str]


class Matcher:
    """The instructions of a Dockerfile, in the ways in which commands are looked up."""

    def __init__(self, text: str) -> None:
        self._writings = list(_writings(text))
        named = [
            canonical(keyword, arguments)
            for _, keyword, arguments in self._writings
            if keyword == "SHELL" and len(arguments) <= _LONGEST_SHELL
        ]
        self._shell = shells(list(dict.fromkeys(filter(None, named)))[:_MOST_SHELLS])

    def lines(self, command: str) -> tuple[int, ...]:
        """Return the lines of the instructions that a build command comes from equally well.

        Instructions of stages that make the image go before all others. Empty if there is none.
        """
        index = self._masked if _MASK in command else self._plain
        keys = readings(command, self._shell)
        matches = [match for key in keys for match in index.matches(key)]
        longest = max((length for length, _ in matches), default=0)
        lines = {line for length, line in matches if length == longest}
        in_image = {line for line in lines if line.in_image}
        return tuple(sorted({line.number for line in in_image or lines}))

    @cached_property
    def _plain(self) -> _Index:
        return _Index(self._writings)

    @cached_property
    def _masked(self) -> _Index:
        return _Index(_masked(self._writings))


class _Index:
    """Instructions by what they are compared by; those with wildcards by their names or words."""

    def __init__(self, writings: Iterable[_Writing]) -> None:
        self._exact: dict[Key, set[_Line]] = defaultdict(set)
        self._patterns: dict[tuple[str, ...], set[tuple[str, _Line]]] = defaultdict(set)
        for line, keyword, arguments in writings:
            for key in keys_of(keyword, arguments):
                self._exact[key].add(line)
            pattern = _pattern(keyword, arguments) if keyword in _EXPANDED else ""
            if _WILD in pattern:
                self._patterns[_shape(Key(keyword, pattern))].add((pattern, line))

    def matches(self, key: Key) -> Iterator[tuple[int, _Line]]:
        """Yield the lines that this may be, each with the length of the text that is literal."""
        if key in self._exact:
            yield from ((len(key.text), line) for line in self._exact[key])
            return
        alike = self._patterns.get(_shape(key), ())
        for pattern, line in alike if len(alike) <= _MOST_ALIKE else ():
            if _fits(pattern, key):
                yield len(pattern.replace(_WILD, "")), line


def _writings(text: str) -> Iterator[_Writing]:
    instructions = parse(text)
    image = image_stages(stages_of(instructions))
    stage = -1
    for instruction in instructions:
        stage += instruction.keyword == "FROM"
        line = _Line(instruction.line, stage in image)
        yield line, instruction.keyword, with_documents(instruction)


def _masked(writings: Iterable[_Writing]) -> Iterator[_Writing]:
    """Mask secrets as they are masked in findings, as far as that is affordable."""
    left = _MOST_MASKING
    for line, keyword, arguments in writings:
        left -= len(arguments) + _FIXED_COST
        if left > 0:
            yield line, keyword, mask_secrets(f"{keyword} {arguments}")[len(keyword) + 1 :]


def _pattern(keyword: str, arguments: str) -> str:
    """Return the arguments with wildcards where a builder puts the values of variables."""
    text = _VARIABLE.sub(lambda each: _WILD if each[0][0] == "$" else each[0], arguments)
    if keyword == "ARG" and '"' not in text and "'" not in text:
        text = " ".join(word if "=" in word else f"{word}={_WILD}" for word in text.split())
    return canonical(keyword, text)


def _shape(key: Key) -> tuple[str, ...]:
    """Return what a pattern is looked up by: the names that are set, or the number of words."""
    names = _NAME.findall(key.text) if key.keyword in _NAMED else [str(key.text.count(" "))]
    return (key.keyword, *names)


def _fits(pattern: str, key: Key) -> bool:
    """Tell whether the text is the pattern, and this more than what any other image may have, too.

    The name of a variable is enough only for a secret: every image has an ``ENV PATH=…``.
    """
    if key.keyword not in _NAMED:
        words = zip(pattern.split(" "), key.text.split(" "), strict=True)
        return bool(_TELLING.search(pattern)) and all(_is_like(*pair) for pair in words)
    literal = pattern if _MASK in key.text else _NAME.sub(" ", pattern)
    return bool(_TELLING.search(literal)) and _is_like(pattern, key.text)


def _is_like(pattern: str, text: str) -> bool:
    """Tell whether the text is the pattern, with any text for each wildcard."""
    first, *rest = pattern.split(_WILD)
    if not rest:
        return pattern == text
    *middle, last = rest
    position, end = len(first), len(text) - len(last)
    for part in middle:
        at = text.find(part, position, end)
        position = at + len(part) if at >= 0 else end + 1
    return position <= end and text.startswith(first) and text.endswith(last)
