"""Find the COPY or ADD of a line of the classic builder, which shows a digest for the sources.

COPY file:8b1d… in /app/web
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from gate.dockerfile.canonical import canonical
from gate.dockerfile.commands import Key
from gate.dockerfile.variables import is_told

if TYPE_CHECKING:
    from gate.dockerfile.places import Places

# Flags stand right before, without a space: ``--chown=web:webfile:8b1d…``.
_CLASSIC = re.compile(r"\S*?(file|dir|multi):(?:[0-9a-f]{6,128}|\*\*\*) in (.+)")
_GLOB = re.compile(r"[*?\[]")


class _Copy(NamedTuple):
    place: int
    one: bool
    several: bool


class Copies:
    """The places of COPY and ADD by their target."""

    def __init__(self, places: Places) -> None:
        self._copies: dict[Key, list[_Copy]] = defaultdict(list)
        for written in places.written:
            if written.keyword not in {"COPY", "ADD"}:
                continue
            *sources, target = canonical(written.keyword, written.arguments).split(" ")
            if not sources or not is_told(target):
                continue
            # The root file system of a base image is added in the same way.
            if target == "/" and not places.places[written.place].on_nothing:
                continue
            several = len(sources) > 1
            open_ = bool(_GLOB.search(" ".join(sources)))
            copy = _Copy(written.place, one=open_ or not several, several=open_ or several)
            self._copies[Key(written.keyword, target)].append(copy)

    def find(self, key: Key) -> set[int]:
        """Return the places that copy as many sources to the same target."""
        shown = _CLASSIC.fullmatch(key.text)
        if not shown:
            return set()
        copies = self._copies.get(Key(key.keyword, shown[2]), ())
        several = shown[1] == "multi"
        return {copy.place for copy in copies if (copy.several if several else copy.one)}
