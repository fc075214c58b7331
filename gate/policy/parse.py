"""From the text of a file to plain data, with the place of every key and value.

The grammar is YAML 1.2 with its core schema, and JSON with it, less all that makes a reader think
twice: anchors, aliases, merge keys, tags, several documents, keys that stand twice. The data is
built from the parser's events without recursion, so that no file can exhaust the stack.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from gate.policy.problem import START, Place, Unreadable, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]

_DEEPEST = 20
_LONGEST_KEY = 100
_MOST_EVENTS = 60_000  # begins, ends and values; more than 2,000 waivers take to say
# YAML 1.2.2, section 10.3.2: what plain scalars of the core schema mean.
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,18}|[0-9]{1,18}(\.[0-9]{0,18})?)([eE][-+]?[0-9]{1,2})?")


class Content(Struct):
    """The data of a file; ``keys`` and ``values`` tell where each key and value begins."""

    data: Any = None
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)


class _Open(Struct):
    """A list or mapping that is being read; ``key`` is the one whose value comes next."""

    path: Path
    holder: list[Any] | dict[str, Any]
    key: str | None = None


def parse(text: str) -> Content:
    """Read the text of one document; raises ``Unreadable`` with the first thing that is wrong."""
    builder = _Builder()
    for number, event in enumerate(_events(text)):
        if number > _MOST_EVENTS:
            raise Unreadable("The file holds too many values.", _place(event.start_mark))
        builder.take(event)
    if not builder.documents:
        raise Unreadable("The file is empty. A policy starts with: version: 1")
    return builder.content


class _Builder:
    def __init__(self) -> None:
        self.content = Content()
        self.documents = 0
        self._open: list[_Open] = []

    def take(self, event: Any) -> None:  # noqa: ANN401 - the library's events are untyped
        place = _place(event.start_mark)
        kind = type(event).__name__
        if kind == "DocumentStartEvent":
            self._begin_document(event, place)
        elif kind in {"MappingEndEvent", "SequenceEndEvent"}:
            self._open.pop()
        elif kind in {"ScalarEvent", "AliasEvent", "MappingStartEvent", "SequenceStartEvent"}:
            _refuse_extras(event, kind, place)
            self._take_node(event, kind, place)

    def _begin_document(self, event: Any, place: Place) -> None:  # noqa: ANN401 - as above
        self.documents += 1
        if self.documents > 1:
            raise Unreadable("A second document begins here. A policy file holds one.", place)
        if event.version not in {None, (1, 2)} or event.tags:
            raise Unreadable("Only YAML 1.2 without %TAG is read. Remove the directives.", place)

    def _take_node(self, event: Any, kind: str, place: Place) -> None:  # noqa: ANN401 - as above
        top = self._open[-1] if self._open else None
        if top and isinstance(top.holder, dict) and top.key is None:
            self._take_key(top, event, kind, place)
            return
        value = _value(event, place) if kind == "ScalarEvent" else _empty(kind)
        path = self._put(top, value)
        self.content.values[path] = place
        if isinstance(value, (list, dict)):
            self._open.append(_Open(path, value))
            if len(self._open) > _DEEPEST:
                raise Unreadable("Lists and mappings are nested too deeply here.", place)

    def _put(self, top: _Open | None, value: object) -> Path:
        if top is None:
            self.content.data = value
            return ()
        if isinstance(top.holder, list):
            top.holder.append(value)
            return (*top.path, len(top.holder) - 1)
        key = top.key or ""
        top.holder[key], top.key = value, None
        return (*top.path, key)

    def _take_key(self, top: _Open, event: Any, kind: str, place: Place) -> None:  # noqa: ANN401 - as above
        if kind != "ScalarEvent":
            raise Unreadable("A key must be a word.", place)
        key = _text(event.value, place)
        if key == "<<":
            raise Unreadable("Merge keys (<<) are not read. Write the keys out.", place)
        if not key or len(key) > _LONGEST_KEY:
            raise Unreadable(f"{shown(key)} can't be a key.", place)
        path = (*top.path, key)
        if first := self.content.keys.get(path):
            raise Unreadable(f"{key} stands twice here, first in line {first.line}.", place)
        self.content.keys[path] = place
        top.key = key


def _events(text: str) -> Iterator[Any]:
    # Imported here: the policy's types are of use without a parser.
    from ruamel.yaml import YAML  # noqa: PLC0415 - see above
    from ruamel.yaml.error import MarkedYAMLError  # noqa: PLC0415 - see above

    # JSON may be indented with tabs, which YAML forbids. None can stand inside a string of JSON,
    # and in what is YAML all the same, a space is as good.
    plain = text.replace("\t", " ") if text.lstrip().startswith("{") else text
    try:
        yield from YAML(typ="safe", pure=True).parse(plain)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(str(error.problem or error.context or "it can't be parsed").split())
        place = _place(mark) if mark else START
        raise Unreadable(f"This is neither YAML nor JSON: {what}.", place) from None
    except Exception as error:  # noqa: BLE001 - on odd bytes the library raises whatever it likes
        what = str(error).split("\n")[0] or type(error).__name__
        place = place_at(text, getattr(error, "position", 0))
        raise Unreadable(f"This is neither YAML nor JSON: {what}.", place) from None


def place_at(text: str, position: int) -> Place:
    """Return the place of the character at a position, which counts from 0."""
    before = text[:position]
    return Place(before.count("\n") + 1, position - before.rfind("\n"))


def _refuse_extras(event: Any, kind: str, place: Place) -> None:  # noqa: ANN401 - as above
    if kind == "AliasEvent":
        raise Unreadable(f"Aliases (*{event.anchor}) are not read. Write the value out.", place)
    if event.anchor is not None:
        raise Unreadable(f"Anchors (&{event.anchor}) are not read. Write the value out.", place)
    if event.tag is not None:
        raise Unreadable("Tags (!…) are not read. Write the plain value.", place)


def _empty(kind: str) -> list[Any] | dict[str, Any]:
    return [] if kind == "SequenceStartEvent" else {}


def _value(event: Any, place: Place) -> object:  # noqa: ANN401 - as above
    text = _text(event.value, place)
    if event.style in {"'", '"', "|", ">"}:
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _text(text: str, place: Place) -> str:
    r"""Join the halves of characters that JSON writes as two escapes (``\ud83d\ude00``)."""
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise Unreadable(
            "This text holds half a character. Write the character itself.", place
        ) from None


def _place(mark: Any) -> Place:  # noqa: ANN401 - as above
    return Place(mark.line + 1, mark.column + 1)
