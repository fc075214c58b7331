"""From the text of one YAML or JSON document to a tree whose nodes have their places.

The grammar is YAML 1.2 with its core schema, and JSON with it. The nodes are built from the
parser's events without recursion, so that no file can exhaust the stack. An alias costs no more
than a reference, so that nesting aliases makes nothing grow; what merge keys copy is counted.
"""

from __future__ import annotations

import re
from base64 import b64decode
from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct, field
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from gate.untrusted.files import START, Place, Unreadable, place_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Path = tuple[str | int, ...]

_LONGEST_KEY = 100
_LONGEST_NAME = 2_000  # characters; longer than any name of an image
_MOST_MERGED = 100_000  # keys that merge keys copy into mappings
_MOST_REPEATED = 20  # repeated keys that are listed
_MERGE = "<<"
_BINARY = "tag:yaml.org,2002:binary"
_EVENTS_BETWEEN_CHECKS = 500
_QUOTED = frozenset({"'", '"', "|", ">"})
# YAML 1.2.2, section 10.3.2: what plain scalars of the core schema mean.
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,18}|[0-9]{1,18}(\.[0-9]{0,18})?)([eE][-+]?[0-9]{1,2})?")


class Grammar(Struct, frozen=True, kw_only=True):
    """What a document may hold.

    ``extras`` are anchors, aliases, merge keys, tags, directives, and keys of any length. Of
    ``repeated_keys`` the last counts, and the tree lists them. ``values`` are counted with the
    begins and ends of lists and mappings, ``depth`` with what aliases stand for. ``merged_first``
    lets what a merge key brings win over what stands before it, as some tools do.
    """

    extras: bool
    repeated_keys: bool
    depth: int
    values: int
    merged_first: bool = False


# Nothing that makes a reader think twice; more values than 2,000 waivers take to say.
STRICT = Grammar(extras=False, repeated_keys=False, depth=20, values=60_000)
# What Kubernetes, Compose and Helm read.
LENIENT = Grammar(extras=True, repeated_keys=True, depth=100, values=2_000_000)


class _Node(Struct, eq=False):
    place: Place

    @property
    def line(self) -> int:
        """The line in which the node begins, counted from 1."""
        return self.place.line


class Scalar(_Node, eq=False):
    """A text, a number, a null; ``plain`` without quotes around it, ``end`` as that of a list."""

    text: str
    plain: bool = False
    end: int = 0

    @property
    def is_null(self) -> bool:
        """Whether it means that there is no value."""
        return self.plain and self.text in _NULL

    @property
    def name(self) -> str:
        """The text less white space around it, cut where no name is that long."""
        return self.text.strip()[:_LONGEST_NAME]

    @property
    def value(self) -> str | float | bool | None:
        """What the text means in the core schema."""
        if not self.plain:
            return self.text
        if self.text in _NULL:
            return None
        if self.text in _TRUE or self.text in _FALSE:
            return self.text in _TRUE
        if _INTEGER.fullmatch(self.text):
            return int(self.text)
        return float(self.text) if _FLOAT.fullmatch(self.text) else self.text


class Items(_Node, eq=False):
    """A list; ``height`` is how deep lists and mappings nest in it, itself included.

    ``end`` is the number of characters before its end, brackets included; one without brackets has
    none of its own, and goes on to what follows it.
    """

    items: list[Node] = field(default_factory=list)
    height: int = 1
    end: int = 0


class Fields(_Node, eq=False):
    """A mapping with what it merges (``<<``) in it; ``height``, ``end`` as those of a list."""

    fields: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)
    height: int = 1
    end: int = 0


Node = Scalar | Items | Fields


class Repeated(NamedTuple):
    """A key that stands twice in a mapping, of which the last counts."""

    line: int
    key: str


class Tree:
    """The nodes of a document; ``root`` is ``None`` if the document is empty.

    Aliases make two parents hold the same node. No node holds itself. ``scalars`` are all that the
    text holds, keys and those that a later one replaces among them. ``is_contested`` tells whether
    a mapping has a key before a merge key that brings it, too.
    """

    def __init__(
        self,
        root: Node | None,
        repeated: tuple[Repeated, ...] = (),
        scalars: tuple[Scalar, ...] = (),
        *,
        is_contested: bool = False,
    ) -> None:
        self.root = root
        self.repeated = repeated
        self.scalars = scalars
        self.is_contested = is_contested

    @cached_property
    def data(self) -> Any:  # noqa: ANN401 - any data may stand in a file
        """The document as plain data; what an alias stands for is the same object again."""
        return None if self.root is None else _plain(self.root, {})

    def place(self, path: Path) -> Place:
        """Return where the value at a path begins, or where the nearest above it does."""
        place, node = START, self.root
        for step in (None, *path):
            node = node if step is None else _child(node, step)
            if node is None:
                break
            place = node.place
        return place

    def written(self, path: Path) -> str:
        """Return the text of the scalar at a path as it stands in the file; empty if none does."""
        node = self.root
        for step in path:
            node = _child(node, step)
        return node.text if isinstance(node, Scalar) else ""

    def key_place(self, path: Path) -> Place:
        """Return where the key at the end of a path stands, or the nearest value above it."""
        node = self.root
        for step in path[:-1]:
            node = _child(node, step)
        keys = node.keys if isinstance(node, Fields) else {}
        return keys.get(str(path[-1])) or self.place(path[:-1])


def parse_yaml(
    text: str, grammar: Grammar = STRICT, check: Callable[[], None] = lambda: None
) -> Tree:
    """Read the text of one document; raises ``Unreadable`` with the first thing that is wrong.

    ``check`` is called now and then, and may raise what ends a reading that takes too long.
    """
    builder = _Builder(text, grammar)
    for number, event in enumerate(_events(text)):
        if number > grammar.values:
            raise Unreadable("The file holds too many values.", builder.place_of(event))
        if number % _EVENTS_BETWEEN_CHECKS == 0:
            check()
        builder.take(event)
    return Tree(
        builder.root,
        tuple(builder.repeated),
        tuple(builder.scalars),
        is_contested=builder.is_contested,
    )


def _plain(node: Node, done: dict[int, Any]) -> Any:  # noqa: ANN401 - see Tree.data
    if isinstance(node, Scalar):
        return node.value
    if id(node) not in done:
        done[id(node)] = (
            [_plain(item, done) for item in node.items]
            if isinstance(node, Items)
            else {key: _plain(child, done) for key, child in node.fields.items()}
        )
    return done[id(node)]


def _child(node: Node | None, step: str | int) -> Node | None:
    if isinstance(node, Fields):
        return node.fields.get(str(step))
    if isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    return None


class _Open:
    """A list or mapping that is being read; ``key`` is the one whose value comes next.

    ``overruled`` are the keys before a merge key, over which some tools let the merged ones win.
    """

    __slots__ = ("key", "key_place", "merged", "merges", "node", "overruled")

    def __init__(self, node: Items | Fields) -> None:
        self.node = node
        self.key: str | None = None
        self.key_place = node.place
        self.merges = False
        self.merged: list[Node] = []
        self.overruled: set[str] = set()

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
    def __init__(self, text: str, grammar: Grammar) -> None:
        self.root: Node | None = None
        self.repeated: list[Repeated] = []
        self.scalars: list[Scalar] = []
        self.is_contested = False
        self._grammar = grammar
        self._line_ends = [end.start() for end in re.finditer("\n", text)]
        self._documents = 0
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._copied = 0

    def place_of(self, event: Any) -> Place:  # noqa: ANN401 - the library's events are untyped
        """Return the place of an event; the library's own count knows more ends of lines."""
        index = event.start_mark.index
        line = bisect_left(self._line_ends, index)
        return Place(line + 1, index - (self._line_ends[line - 1] if line else -1))

    def take(self, event: Any) -> None:  # noqa: ANN401 - as above
        kind = type(event).__name__
        if kind in {"MappingEndEvent", "SequenceEndEvent"}:
            self._end(event.end_mark.index)
            return
        place = self.place_of(event)
        if kind == "DocumentStartEvent":
            self._begin_document(event, place)
        elif kind == "AliasEvent":
            self._put(self._aliased(event.anchor, place), place)
        elif kind in {"ScalarEvent", "MappingStartEvent", "SequenceStartEvent"}:
            self._refuse_extras(event, place)
            node = self._node(event, kind, place)
            self._put(node, place, event.anchor)
            if not isinstance(node, Scalar):
                self._open.append(_Open(node))

    def _begin_document(self, event: Any, place: Place) -> None:  # noqa: ANN401 - as above
        self._documents += 1
        if self._documents > 1:
            raise Unreadable("A second document begins here. Only one is read.", place)
        if not self._grammar.extras and (event.version not in {None, (1, 2)} or event.tags):
            raise Unreadable("Only YAML 1.2 without %TAG is read. Remove the directives.", place)

    def _refuse_extras(self, event: Any, place: Place) -> None:  # noqa: ANN401 - as above
        if self._grammar.extras:
            return
        if event.anchor is not None:
            raise Unreadable(f"Anchors (&{event.anchor}) are not read. Write the value out.", place)
        if event.tag is not None:
            raise Unreadable("Tags (!…) are not read. Write the plain value.", place)

    def _node(self, event: Any, kind: str, place: Place) -> Node:  # noqa: ANN401 - as above
        if kind == "MappingStartEvent":
            return Fields(place)
        if kind == "SequenceStartEvent":
            return Items(place)
        plain = event.style not in _QUOTED
        if plain and not event.value and self._open and self._open[-1].key is not None:
            # The library puts a value that is missing where the next key begins.
            key_place = self._open[-1].key_place
            place = place if place.line == key_place.line else key_place
        text = _decoded(event.value) if event.tag == _BINARY else event.value
        scalar = Scalar(place, self._text(text, place), plain, event.end_mark.index)
        self.scalars.append(scalar)
        return scalar

    def _text(self, text: str, place: Place) -> str:
        r"""Join the halves of characters that JSON writes as two escapes (``\ud83d\ude00``)."""
        errors = "surrogatepass" if self._grammar.extras else "strict"
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16", errors)
        except UnicodeDecodeError:
            what = "This text holds half a character. Write the character itself."
            raise Unreadable(what, place) from None

    def _put(self, node: Node, place: Place, anchor: str | None = None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self.root = node
            return
        top = self._open[-1]
        if top.wants_key:
            self._put_key(top, node, place)
        elif len(self._open) + _height(node) > self._grammar.depth:
            raise Unreadable("Lists and mappings are nested too deeply here.", place)
        else:
            top.put(node)

    def _put_key(self, top: _Open, node: Node, place: Place) -> None:
        if not isinstance(node, Scalar):
            raise Unreadable("A key must be a word.", place)
        key = node.text
        if not self._grammar.extras:
            _check_key(key, place)
        top.key, top.key_place = key, place
        top.merges = node.plain and key == _MERGE
        if not isinstance(top.node, Fields):
            return
        if top.merges:
            top.overruled.update(top.node.fields)
            self._count(len(top.node.fields), place)
            return
        first = top.node.keys.setdefault(key, place)
        if first is place:
            return
        if not self._grammar.repeated_keys:
            raise Unreadable(f"{key} stands twice here, first in line {first.line}.", place)
        top.node.keys[key] = place
        if len(self.repeated) < _MOST_REPEATED:
            self.repeated.append(Repeated(place.line, key))

    def _end(self, index: int) -> None:
        ended = self._open.pop()
        ended.node.end = index
        if isinstance(ended.node, Fields):
            for value in ended.merged:
                self._merge(ended.node, value, ended.overruled)
        if self._open:
            parent = self._open[-1].node
            parent.height = max(parent.height, 1 + ended.node.height)

    def _merge(self, into: Fields, value: Node, overruled: set[str]) -> None:
        """Add the keys that a mapping lacks from the one, or the ones, that it merges.

        Its own keys stay, or those ``overruled`` give way to the first that is merged.
        """
        for source in value.items if isinstance(value, Items) else [value]:
            if not isinstance(source, Fields):
                raise Unreadable("Only mappings can be merged (<<).", into.place)
            self._count(1 + len(source.fields), into.place)
            for key, child in source.fields.items():
                self.is_contested = self.is_contested or key in overruled
                if self._grammar.merged_first and key in overruled:
                    overruled.discard(key)
                    into.fields[key] = child
                into.fields.setdefault(key, child)
                into.keys.setdefault(key, source.keys[key])
            into.height = max(into.height, source.height)

    def _count(self, keys: int, place: Place) -> None:
        self._copied += keys
        if self._copied > _MOST_MERGED:
            raise Unreadable("Mappings are merged (<<) too often.", place)

    def _aliased(self, anchor: str, place: Place) -> Node:
        if not self._grammar.extras:
            raise Unreadable(f"Aliases (*{anchor}) are not read. Write the value out.", place)
        node = self._anchors.get(anchor)
        if node is None:
            raise Unreadable(f"*{anchor} stands for nothing.", place)
        if any(node is top.node for top in self._open):
            raise Unreadable(f"*{anchor} stands inside of what it stands for.", place)
        return node


def _decoded(text: str) -> str:
    """Return what a ``!!binary`` holds, as it is if that isn't base64."""
    try:
        return b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
    except ValueError:
        return text


def _check_key(key: str, place: Place) -> None:
    if key == _MERGE:
        raise Unreadable("Merge keys (<<) are not read. Write the keys out.", place)
    if not key:
        raise Unreadable("An empty text can't be a key.", place)
    if len(key) > _LONGEST_KEY:
        raise Unreadable(f"A text of {len(key):,} characters can't be a key.", place)


def _height(node: Node) -> int:
    return 0 if isinstance(node, Scalar) else node.height


def _events(text: str) -> Iterator[Any]:
    # JSON may be indented with tabs, which YAML forbids. None can stand inside a string of JSON,
    # and in what is YAML all the same, a space is as good.
    plain = text.replace("\t", " ") if text.lstrip().startswith(("{", "[")) else text
    try:
        yield from YAML(typ="safe", pure=True).parse(plain)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = str(error.problem or error.context or "it can't be parsed")
        raise _not_yaml(what, text, mark.index if mark else 0) from None
    except Exception as error:  # noqa: BLE001 - on odd bytes the library raises whatever it likes
        what = str(error).split("\n", maxsplit=1)[0] or type(error).__name__
        raise _not_yaml(what, text, getattr(error, "position", 0)) from None


def _not_yaml(what: str, text: str, position: int) -> Unreadable:
    what = " ".join(what.split())
    return Unreadable(f"This is neither YAML nor JSON: {what}.", place_at(text, position))
