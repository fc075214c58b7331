"""Read JSON fast, and strictly: no repeated keys, no numbers that JSON doesn't have.

Where a value stands is looked up by the reader of YAML, but only when somebody asks.
"""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from gate.untrusted import START, Grammar, Place, Tree, Unreadable, parse_yaml

if TYPE_CHECKING:
    from gate.untrusted import Path

_GRAMMAR = Grammar(extras=False, repeated_keys=True, depth=100, values=4_000_000)
_SPACE = re.compile(r"[ \t\n\r]*")


class NotJson(Exception):
    """A text that isn't strict JSON; the reader of YAML tells where and why."""


class Element(NamedTuple):
    """An element of a list: its data, and where its text begins and ends, counted from 0."""

    data: Any
    begin: int
    end: int


def parse_json(text: str) -> Any:  # noqa: ANN401 - any data may stand in a file
    """Return the data of a text; raises ``NotJson``."""
    try:
        data = _DECODER.decode(text)
        _refuse_half_characters(text, data)
    except (ValueError, RecursionError):
        raise NotJson from None
    return data


def parse_with_elements(text: str, key: str) -> tuple[dict[str, Any], list[Element]]:
    """Return the mapping that a text is, and the elements of the list under one of its keys.

    Raises ``NotJson``, also where there is no such list.
    """
    try:
        data, elements = _object(text, key)
        _refuse_half_characters(text, data)
    except (ValueError, IndexError, RecursionError):
        raise NotJson from None
    return data, elements


def _object(text: str, key: str) -> tuple[dict[str, Any], list[Element]]:
    pairs: list[tuple[str, Any]] = []
    elements: list[Element] | None = None
    at = _after(text, 0, "{")
    while True:
        name, at = _DECODER.raw_decode(text, _after(text, at, '"') - 1)
        at = _skip(text, _after(text, at, ":"))
        if name == key and text[at] == "[":
            elements, at = _list(text, at)
            pairs.append((name, [element.data for element in elements]))
        else:
            value, at = _DECODER.raw_decode(text, at)
            pairs.append((name, value))
        at = _skip(text, at)
        if text[at] == "}":
            break
        at = _after(text, at, ",")
    if elements is None or text[at + 1 :].strip(" \t\n\r"):
        raise ValueError
    return _unique(pairs), elements


def _list(text: str, at: int) -> tuple[list[Element], int]:
    elements: list[Element] = []
    at = _skip(text, at + 1)
    if text[at] == "]":
        return elements, at + 1
    while True:
        begin = _skip(text, at)
        data, at = _DECODER.raw_decode(text, begin)
        elements.append(Element(data, begin, at))
        at = _skip(text, at)
        if text[at] == "]":
            return elements, at + 1
        at = _after(text, at, ",")


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _after(text: str, at: int, mark: str) -> int:
    at = _skip(text, at)
    if text[at] != mark:
        raise ValueError
    return at + 1


def _refuse_half_characters(text: str, data: Any) -> None:  # noqa: ANN401 - as above
    r"""Raise ``ValueError`` for an escape such as ``\ud83d`` that stands alone."""
    if "\\ud" in text or "\\uD" in text:
        json.dumps(data, ensure_ascii=False).encode()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError
    return data


def _refuse(_constant: str) -> NoReturn:
    raise ValueError


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse)


class JsonText(Tree):
    """The data of a JSON text that begins at a place of a file."""

    def __init__(self, text: str, data: Any, begin: Place = START) -> None:  # noqa: ANN401 - as above
        super().__init__(None)
        self.data = data
        self._text = text
        self._begin = begin

    @cached_property
    def _tree(self) -> Tree:
        try:
            return parse_yaml(self._text, _GRAMMAR)
        except Unreadable:  # too large, or too deep
            return Tree(None)

    def place(self, path: Path) -> Place:
        """Return where the value at a path begins, or where the nearest above it does."""
        return self._in_file(self._tree.place(path)) if path else self._begin

    def key_place(self, path: Path) -> Place:
        """Return where the key at the end of a path stands, or the nearest value above it."""
        return self._in_file(self._tree.key_place(path))

    def key_line(self, path: Path) -> int:
        """Return the line in which the key at the end of a path stands."""
        return self.key_place(path).line if "\n" in self._text else self._begin.line

    def written(self, path: Path) -> str:
        """Return the text of the scalar at a path as it stands in the file."""
        return self._tree.written(path)

    def _in_file(self, place: Place) -> Place:
        column = place.column + (self._begin.column - 1 if place.line == 1 else 0)
        return Place(place.line + self._begin.line - 1, column)


class Part(NamedTuple):
    """What stands below a path of a tree, by its own paths."""

    tree: Tree
    path: Path

    def place(self, path: Path) -> Place:
        """Return where the value at a path begins."""
        return self.tree.place((*self.path, *path))

    def key_line(self, path: Path) -> int:
        """Return the line in which the key at the end of a path stands."""
        return self.tree.key_place((*self.path, *path)).line

    def written(self, path: Path) -> str:
        """Return the text of the scalar at a path as it stands in the file."""
        return self.tree.written((*self.path, *path))
