"""Find instructions whose secrets are masked in a build command.

Masking costs far more than comparing. Only what begins as the command does, up to its first mask,
is masked at all.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING

from gate.dockerfile.commands import Key, keys, keys_of
from gate.masking import mask_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gate.dockerfile.places import Written
    from gate.dockerfile.writings import Budget

MASK = "***"
# What masking any text costs, as if it were that many characters longer.
_FIXED_COST = 40


class MaskedInstructions:
    """Instructions by what they are compared by once their secrets are masked."""

    def __init__(self, written: Iterable[Written], budget: Budget) -> None:
        self._budget = budget
        self._sorted = sorted(
            (key, number, each)
            for number, each in enumerate(written)
            for key in keys_of(each.keyword, each.arguments)
        )
        self._masked: dict[Key, set[int]] = defaultdict(set)
        self._done: set[int] = set()
        self._begins: set[Key] = set()

    def find(self, key: Key) -> set[int]:
        """Return the places that look so, with their secrets masked."""
        before, mask, _ = key.text.partition(MASK)
        if not mask:
            return set()
        begin = Key(key.keyword, before)
        if begin not in self._begins:
            self._begins.add(begin)
            self._mask_all(begin)
        return self._masked.get(key, set())

    def _mask_all(self, begin: Key) -> None:
        position = bisect_left(self._sorted, (begin,))
        while position < len(self._sorted):
            key, number, written = self._sorted[position]
            if key.keyword != begin.keyword or not key.text.startswith(begin.text):
                return
            new = number not in self._done
            if not self._budget.allows(3 * (len(written.arguments) + _FIXED_COST) if new else 1):
                return
            if new:
                self._done.add(number)
                for masked in _masked(written, key):
                    self._masked[masked].add(written.place)
            position += 1


def _masked(written: Written, key: Key) -> Iterator[Key]:
    """Mask an instruction as it is written, and as histories show it."""
    shown = [f"{written.keyword} {written.arguments}", f"{key.keyword} {key.text}"]
    if written.keyword == "RUN":
        shown.append(f"RUN /bin/sh -c {key.text} # buildkit")
    for text in shown:
        yield from keys(mask_secrets(text))
