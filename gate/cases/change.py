"""What becomes stricter or looser, in a word and with the place that says so."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gate.policy import Whose

if TYPE_CHECKING:
    from gate.policy import Match


class Change(StrEnum):
    """Which way something changed; ``untold`` where what is known of it doesn't tell."""

    STRICTER = "stricter"
    LOOSER = "looser"
    UNTOLD = "untold"


class EntryChange(Struct, frozen=True):
    """An entry of a policy file that changed; ``line`` is that of the old file if it is gone.

    ``entry`` says which entry it is and how it changed; it holds untrusted text.
    """

    change: Change
    path: str
    line: int
    entry: str


_STRICTEST_FIRST = (Whose.NONE, Whose.OWN, Whose.ANY)


def weakness(whose: Whose) -> int:
    """Return how many waivers count, as a rank: none, those of the same file, any."""
    return _STRICTEST_FIRST.index(whose)


def as_meant(match: Match) -> Match:
    """Return what is matched with the hosts that are meant, as judging tries it."""
    return replace(match, images=match.images.as_meant)
