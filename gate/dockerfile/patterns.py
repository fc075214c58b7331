"""Find instructions some of whose text a Dockerfile does not tell.

What is not told stands for any text, if the rest is enough to recognise the instruction by.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING

from gate.dockerfile.commands import keys
from gate.dockerfile.masked import MASK
from gate.dockerfile.variables import UNKNOWN, is_told
from gate.masking import mask_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gate.dockerfile.commands import Key
    from gate.dockerfile.places import Written
    from gate.dockerfile.writings import Budget

_NAMED = frozenset({"ENV", "LABEL", "ARG"})
_UNNAMED = frozenset({"USER", "WORKDIR", "COPY", "ADD", "VOLUME", "STOPSIGNAL"})
_NAME = re.compile(r"(?:\A| )([\w.-]++)=")
_TELLING = re.compile(r"[^\W_]")
_UNTOLD = re.compile(r"[\x00\x01]+")
# More that look alike tell nothing, and would all have to be tried for each finding.
_MOST_ALIKE = 50

Shape = tuple[str, ...]


class Patterns:
    """Instructions by the names that they set, or by how many words they have and the last one."""

    def __init__(self, written: Iterable[Written], budget: Budget) -> None:
        self._budget = budget
        self._masked: dict[Key, list[Key]] = {}
        self._patterns: dict[Shape, dict[tuple[Key, int], None]] = defaultdict(dict)
        for each in written:
            for key in each.keys if not each.told else ():
                if _is_telling(key):
                    self._patterns[_shape(key)[0]][key, each.place] = None

    def find(self, key: Key) -> set[int]:
        """Return the places that this may be, whatever the file does not tell."""
        if key.keyword not in _NAMED | _UNNAMED:
            return set()
        alike = [self._patterns[shape] for shape in _shape(key) if shape in self._patterns]
        if sum(map(len, alike)) > _MOST_ALIKE:
            return set()
        return {
            place
            for pattern, place in chain.from_iterable(alike)
            if any(_fits(each.text, key.text) for each in self._ways(pattern, key))
        }

    def _ways(self, pattern: Key, key: Key) -> Iterator[Key]:
        """Return the pattern, and the same with its secrets masked."""
        yield pattern
        if MASK not in key.text:
            return
        if pattern not in self._masked and self._budget.allows(len(pattern.text)):
            masked = mask_secrets(f"{pattern.keyword} {pattern.text}")
            self._masked[pattern] = keys(masked)
        yield from (each for each in self._masked.get(pattern, ()) if each.keyword == key.keyword)


def _is_telling(pattern: Key) -> bool:
    """Tell whether what is told is more than what any other image may have, too.

    A name is enough only if its value must be given to the build: ``ENV PATH=$PATH`` is not.
    """
    if pattern.keyword in _NAMED:
        from_elsewhere = UNKNOWN in pattern.text
        return not from_elsewhere or bool(_TELLING.search(_NAME.sub(" ", pattern.text)))
    return pattern.keyword in _UNNAMED and bool(_TELLING.search(pattern.text))


def _shape(key: Key) -> tuple[Shape, ...]:
    """Return what an instruction is looked up by; what is told may have two, a pattern has one."""
    if key.keyword in _NAMED:
        return ((key.keyword, *_NAME.findall(key.text)),)
    words = key.text.split(" ")
    rough = (key.keyword, str(len(words)))
    return ((*rough, words[-1]), rough) if is_told(words[-1]) else (rough,)


def _fits(pattern: str, text: str) -> bool:
    """Tell whether the text is the pattern, with any text for what is not told."""
    first, *rest = _UNTOLD.split(pattern)
    if not rest:
        return pattern == text
    *middle, last = rest
    if not text.startswith(first) or not text.endswith(last):
        return False
    position, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, position, end)
        if found < 0:
            return False
        position = found + len(part)
    return position <= end
