"""Find instructions whose secrets are masked in a build command.

Masking costs far more than comparing. Only what begins as the command does, up to its first mask,
is masked at all.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from gate.dockerfile.commands import Key, keys
from gate.masking import mask_secrets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.dockerfile.places import Written
    from gate.dockerfile.writings import Budget

MASK = "***"
# What masking any text costs, as if it were that many characters longer.
_FIXED_COST = 40


class MaskedInstructions:
    """Instructions by what they are compared by once their secrets are masked."""

    def __init__(self, written: Sequence[Written], budget: Budget) -> None:
        self._budget = budget
        self._written = written
        self._masked: dict[Key, set[int]] = defaultdict(set)
        self._done: set[int] = set()
        self._begins: set[Key] = set()

    @cached_property
    def _sorted(self) -> list[tuple[Key, int, Written]]:
        """Sort them by what they begin with; few findings hold secrets at all."""
        return sorted(
            (key, number, each) for number, each in enumerate(self._written) for key in each.keys
        )

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
            shown = [] if number in self._done else _shown(written, key)
            self._done.add(number)
            if not self._budget.allows(1 + sum(len(text) + _FIXED_COST for text in shown)):
                return
            for text in shown:
                for masked in keys(mask_secrets(text)):
                    self._masked[masked].add(written.place)
            position += 1


def _shown(written: Written, key: Key) -> list[str]:
    """Return an instruction as it is written and as histories show it: each may mask otherwise."""
    shown = [f"{written.keyword} {written.arguments}", f"{key.keyword} {key.text}"]
    if written.keyword == "RUN":
        shown.append(f"RUN /bin/sh -c {key.text} # buildkit")
    return list(dict.fromkeys(shown))
