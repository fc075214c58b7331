"""Match build commands to the instructions of one Dockerfile."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from gate.dockerfile.commands import keys
from gate.dockerfile.copies import Copies
from gate.dockerfile.masked import MaskedInstructions
from gate.dockerfile.patterns import Patterns
from gate.dockerfile.places import places_of
from gate.dockerfile.writings import Budget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.dockerfile.commands import Key

# Enough for all of any file that people write.
_MOST_MASKING = 400_000


class Matcher:
    """The instructions of a Dockerfile, in the ways in which commands are looked up."""

    def __init__(self, text: str) -> None:
        found = places_of(text)
        budget = Budget(_MOST_MASKING)
        self._places = found.places
        self._exact: dict[Key, set[int]] = defaultdict(set)
        for written in found.written:
            if written.told:
                for key in written.keys:
                    self._exact[key].add(written.place)
        self._masked = MaskedInstructions(found.written, budget)
        self._copies = Copies(found)
        self._patterns = Patterns(found.written, budget)
        self._known: dict[str, tuple[int, ...]] = {}

    def lines(self, command: str) -> tuple[int, ...]:
        """Return the lines of the instructions that a build command comes from equally well.

        Instructions of stages that make the image go before all others. Empty if there is none.
        """
        if command not in self._known:
            places = [self._places[number] for number in next(self._matches(command), ())]
            in_image = [place for place in places if place.in_image]
            lines = sorted({place.line for place in in_image or places})
            self._known[command] = tuple(lines)
        return self._known[command]

    def _matches(self, command: str) -> Iterator[set[int]]:
        """Look the command up in each of its readings, the surest way first."""
        read = keys(command)
        ways = (
            lambda key: self._exact.get(key, set()) | self._masked.find(key),
            self._copies.find,
            self._patterns.find,
        )
        yield from filter(None, (way(key) for way in ways for key in read))
