"""Match build commands to the instructions of one Dockerfile.

Both are written in canonical form. A variable that a builder replaces is a wildcard, and the
longest literal match wins; a wildcard that stands for nearly everything matches nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from gate import untrusted
from gate.checkout.dockerfile.canonical import Key, canonical, keys_of, readings, shells
from gate.checkout.dockerfile.instructions import parse, with_documents
from gate.checkout.dockerfile.stages import VARIABLE, image_stages, stages_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_MASK = "***"
_WILD = "\0"
_NAMED = frozenset({"ENV", "LABEL", "ARG"})
# A shell runs the others, so that no builder replaces the variables in them.
_EXPANDED = _NAMED | {"USER", "WORKDIR", "COPY", "ADD", "VOLUME", "STOPSIGNAL", "FROM"}
# What stands behind an escape character, whichever of the two a file has, is not a variable.
_VARIABLE = re.compile(rf"[\\`].|{VARIABLE}", re.DOTALL)
_NAME = re.compile(r"(?:\A| )([\w.-]++)=")
_TELLING = re.compile(r"[^\W_]")
# Masking costs far more than comparing: each text as if it were so many characters longer. What a
# file has beyond the limit, which is more than people write, is compared as it is.
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


class Matcher:
    """The instructions of a Dockerfile, in the ways in which commands are looked up."""

    def __init__(self, text: str) -> None:
        self._exact: dict[Key, set[_Line]] = defaultdict(set)
        self._patterns: dict[tuple[str, ...], set[tuple[str, _Line]]] = defaultdict(set)
        named: dict[str, None] = {}
        for line, keyword, arguments in _masked(text):
            for key in keys_of(keyword, arguments):
                self._exact[key].add(line)
            pattern = _pattern(keyword, arguments) if keyword in _EXPANDED else ""
            if _WILD in pattern:
                self._patterns[_shape(Key(keyword, pattern))].add((pattern, line))
            if keyword == "SHELL" and len(arguments) <= _LONGEST_SHELL:
                named[canonical(keyword, arguments)] = None
        self._shell = shells(list(filter(None, named))[:_MOST_SHELLS])

    def lines(self, command: str) -> tuple[int, ...]:
        """Return the lines of the instructions that a build command comes from equally well.

        Instructions of stages that make the image go before all others. Empty if there is none.
        """
        keys = readings(command, self._shell)
        matches = [match for key in keys for match in self._matches(key)]
        longest = max((length for length, _ in matches), default=0)
        lines = {line for length, line in matches if length == longest}
        in_image = {line for line in lines if line.in_image}
        return tuple(sorted({line.number for line in in_image or lines}))

    def _matches(self, key: Key) -> Iterator[tuple[int, _Line]]:
        """Yield the lines that this may be, each with the length of the text that is literal."""
        exact = self._exact.get(key, ())
        yield from ((_literal(key.text), line) for line in exact)
        # A mask may stand for any value, of a variable too.
        alike = self._patterns.get(_shape(key), ()) if not exact or _MASK in key.text else ()
        for pattern, line in alike if len(alike) <= _MOST_ALIKE else ():
            if _fits(pattern, key):
                yield _literal(pattern), line


def _masked(text: str) -> Iterator[tuple[_Line, str, str]]:
    """Yield line, keyword and arguments of instructions, with secrets masked as in findings."""
    instructions = parse(text)
    image = image_stages(stages_of(instructions))
    stage, left = -1, _MOST_MASKING
    for instruction in instructions:
        keyword, arguments = instruction.keyword, with_documents(instruction)
        stage += keyword == "FROM"
        left -= len(arguments) + _FIXED_COST
        if left > 0:
            arguments = untrusted.mask_secrets(f"{keyword} {arguments}")[len(keyword) + 1 :]
        yield _Line(instruction.line, stage in image), keyword, arguments


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


def _literal(text: str) -> int:
    return len(text.replace(_WILD, "").replace(_MASK, ""))


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
