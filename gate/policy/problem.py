"""What is wrong with a policy file, and where."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.untrusted import Place

MOST_PROBLEMS = 200  # of one file; nobody reads more, and a hostile file could hold many thousands
_LONGEST_SHOWN = 60  # characters of a value in a message
_LONGEST_TEXT = 500  # characters of a message; a parser's own may repeat half a file


class Problem(Struct, frozen=True, order=True):
    """One sentence about one place of one file, or about the file's name as it was given."""

    place: Place
    text: str
    of_name: bool = False

    def at(self, path: str) -> str:
        """Return ``path:line:column: text``, or ``path: text`` of a name; always one line."""
        text = self.text if len(self.text) <= _LONGEST_TEXT else f"{self.text[:_LONGEST_TEXT]}…"
        place = "" if self.of_name else f":{self.place.line}:{self.place.column}"
        return f"{_printable(path) or '(empty)'}{place}: {_printable(text)}"


def shown(value: object) -> str:
    """Return a value of a file as it stands in a message: JSON, cut where it gets long."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def nearest(word: object, allowed: Iterable[str]) -> str:
    """Return a question for the allowed word that was probably meant; empty if none is near."""
    if not isinstance(word, str):
        return ""
    near = get_close_matches(word[:_LONGEST_SHOWN].lower().replace("-", "_"), allowed, n=1)
    return f" Did you mean {near[0]}?" if near else ""


def _printable(text: str) -> str:
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
