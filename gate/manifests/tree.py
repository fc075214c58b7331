"""From the text of one YAML or JSON document to its nodes.

Anchors, aliases and merge keys are read, for Kubernetes and Compose files use them. An alias costs
no more than a reference, so that nesting them makes nothing grow; what merge keys copy is counted.
The nodes are built from the parser's events without recursion.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NamedTuple

from gate.manifests.nodes import Fields, Items, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST = 100
_MOST_EVENTS = 2_000_000  # begins, ends and values
_MOST_MERGED = 100_000  # keys that merge keys copy into mappings
_MOST_REPEATED = 20  # repeated keys that are told of
_MERGE = "<<"
_LINE_END = re.compile("\n")


class Unreadable(Exception):
    """A document that can't be read: why, and the line that shows it, counted from 1."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line
        self.why = why


class Repeated(NamedTuple):
    """A key that stands twice in a mapping, of which the last counts."""

    line: int
    key: str


class Tree(NamedTuple):
    """The nodes of a document; ``root`` is ``None`` if it is empty."""

    root: Node | None
    repeated: tuple[Repeated, ...] = ()


def tree(text: str) -> Tree:
    """Read one document; raises ``Unreadable``, and nothing else."""
    builder = _Builder(text)
    for number, event in enumerate(_events(text)):
        if number > _MOST_EVENTS:
            raise Unreadable(builder.line_of(event), "it holds too many values")
        builder.take(event)
    return Tree(builder.root, tuple(builder.repeated))


class _Open:
    """A list or mapping that is being read; ``key`` is the one whose value comes next."""

    __slots__ = ("key", "key_line", "merged", "merges", "node")

    def __init__(self, node: Items | Fields) -> None:
        self.node = node
        self.key: str | None = None
        self.key_line = node.line
        self.merges = False
        self.merged: list[Node] = []

    @property
    def wants_key(self) -> bool:
        return isinstance(self.node, Fields) and self.key is None

    def put(self, value: Node) -> None:
        if isinstance(self.node, Items):
            self.node.items.append(value)
        elif self.merges:
            self.merged.append(value)
        else:
            self.node.fields[self.key or ""] = value
        self.key, self.merges = None, False
        self.node.height = max(self.node.height, 1 + _height(value))


class _Builder:
    def __init__(self, text: str) -> None:
        self.root: Node | None = None
        self.repeated: list[Repeated] = []
        self._line_ends = [found.start() for found in _LINE_END.finditer(text)]
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._copied = 0

    def line_of(self, event: Any) -> int:  # noqa: ANN401 - the library's events are untyped
        """Return the line of an event; the library's own count knows more ends of lines."""
        return bisect_left(self._line_ends, event.start_mark.index) + 1

    def take(self, event: Any) -> None:  # noqa: ANN401 - as above
        line = self.line_of(event)
        match type(event).__name__:
            case "ScalarEvent":
                plain = event.style not in {"'", '"', "|", ">"}
                if plain and not event.value and self._open and self._open[-1].key is not None:
                    line = self._open[-1].key_line  # the library puts nothing where the next begins
                self._put(Scalar(line, event.value, plain), line, event.anchor)
            case "AliasEvent":
                self._put(self._aliased(line, event.anchor), line)
            case "MappingStartEvent":
                self._begin(Fields(line), event.anchor)
            case "SequenceStartEvent":
                self._begin(Items(line), event.anchor)
            case "MappingEndEvent" | "SequenceEndEvent":
                self._end()

    def _begin(self, node: Items | Fields, anchor: str | None) -> None:
        self._put(node, node.line, anchor)
        self._open.append(_Open(node))

    def _put(self, node: Node, line: int, anchor: str | None = None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self.root = node
            return
        top = self._open[-1]
        if top.wants_key:
            self._put_key(top, node, line)
        elif len(self._open) + _height(node) > _DEEPEST:
            why = f"lists and mappings are nested deeper than {_DEEPEST}"
            raise Unreadable(line, why)
        else:
            top.put(node)

    def _put_key(self, top: _Open, node: Node, line: int) -> None:
        if not isinstance(node, Scalar):
            raise Unreadable(line, "a list or mapping stands where a key should be")
        top.key, top.key_line = node.text, line
        top.merges = node.plain and node.text == _MERGE
        again = isinstance(top.node, Fields) and node.text in top.node.fields
        if again and len(self.repeated) < _MOST_REPEATED:
            self.repeated.append(Repeated(line, node.text))

    def _end(self) -> None:
        ended = self._open.pop()
        if isinstance(ended.node, Fields):
            for value in ended.merged:
                self._merge(ended.node, value)
        if self._open:
            parent = self._open[-1].node
            parent.height = max(parent.height, 1 + ended.node.height)

    def _merge(self, into: Fields, value: Node) -> None:
        """Add the keys that a mapping lacks from the one, or the ones, that it merges."""
        for source in value.items if isinstance(value, Items) else [value]:
            if not isinstance(source, Fields):
                raise Unreadable(into.line, "something is merged (<<) that is no mapping")
            self._copied += 1 + len(source.fields)
            if self._copied > _MOST_MERGED:
                raise Unreadable(into.line, "mappings are merged (<<) too often")
            for key, child in source.fields.items():
                into.fields.setdefault(key, child)
            into.height = max(into.height, source.height)

    def _aliased(self, line: int, anchor: str) -> Node:
        node = self._anchors.get(anchor)
        if node is None:
            raise Unreadable(line, f"*{anchor} stands for nothing")
        if any(node is top.node for top in self._open):
            raise Unreadable(line, f"*{anchor} stands inside of what it stands for")
        return node


def _height(node: Node) -> int:
    return 0 if isinstance(node, Scalar) else node.height


def _events(text: str) -> Iterator[Any]:
    # Imported here: whoever gives images by name needs no parser.
    from ruamel.yaml import YAML  # noqa: PLC0415 - see above
    from ruamel.yaml.error import MarkedYAMLError  # noqa: PLC0415 - see above

    # JSON may be indented with tabs, which YAML forbids. None can stand inside a string of JSON.
    plain = text.replace("\t", " ") if text.lstrip().startswith(("{", "[")) else text
    try:
        yield from YAML(typ="safe", pure=True).parse(plain)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = str(error.problem or error.context or "it can't be parsed")
        raise Unreadable(_line_at(text, mark.index if mark else 0), what) from None
    except Exception as error:  # noqa: BLE001 - on odd bytes the library raises whatever it likes
        what = str(error).split("\n", maxsplit=1)[0] or type(error).__name__
        raise Unreadable(_line_at(text, getattr(error, "position", 0)), what) from None


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
