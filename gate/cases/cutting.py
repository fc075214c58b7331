r"""Cut risks and waivers out of the text of a policy file; every other byte stays.

A waiver goes with its lines and the comment lines directly above it, a risk with its line or its
comma. Positions count the characters of the text as it is, with byte order mark and ``\r\n``. What
stands last is cut first, so that what is still to be cut stays where it is.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from gate.untrusted import Fields, Items, Scalar, Unreadable, decoded, for_terminal, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gate.untrusted import Node, Place

_BYTE_ORDER_MARK = "\ufeff"
_LINE_END = re.compile(r"\r\n|\r|\n")
_DASH = re.compile(r"(?<=[\r\n])[ \t]*-")
_KEY = re.compile(r"""(?:waivers|"waivers"|'waivers')[ \t]*:""")
# What may stand behind something that has its lines for itself; between brackets, a comma too.
_REST = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")
_REST_IN_BRACKETS = re.compile(r"[ \t]*,?[ \t]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")
_COMMA_BEHIND = re.compile(r"[ \t]*,[ \t]*")
_LAST_IN_BRACKETS = re.compile(r"[ \t]*\]")
_SPACE = " \t"
_NO_WAIVERS = " []"

_IS_JSON = "it is JSON, or one mapping in braces"
_SHARED_LINE = "another waiver stands on the same line"
_NOT_ALONE = "something else stands on the same line"
_DIFFERENT = "It would be another policy."


class NotCuttable(Exception):
    """Why the text has no place where it could be cut, in words."""


class Miscut(Exception):
    """What the text would be after the cut, if not the same policy less what was to go."""


class _Span(NamedTuple):
    """The characters from one position to before another."""

    start: int
    end: int


def comment_on(risk: str, text: str) -> str:
    """Return the comment line above a waiver that is about one of its risks."""
    return f"{_beginning(risk)}{for_terminal(text)}"


def without(raw: bytes, removed: Mapping[int, Collection[str]]) -> bytes:
    """Return a valid policy file less these risks of its waivers, which are told by their number.

    A waiver goes with its last risk. What is returned was read back. Raises ``NotCuttable``, and
    ``Miscut`` if it would mean anything else.
    """
    tree = parse_yaml(decoded(raw))
    cutter = _Cutter(raw.decode(), tree.root)
    for number in sorted(removed, reverse=True):
        cutter.cut(number, removed[number])
    cutter.close()
    cut = cutter.text.encode()
    try:
        read = parse_yaml(decoded(cut)).data
    except Unreadable as unreadable:
        raise Miscut(unreadable.text) from None
    if read != _less(tree.data, removed):
        raise Miscut(_DIFFERENT)
    return cut


def _less(policy: Mapping[str, Any], removed: Mapping[int, Collection[str]]) -> dict[str, Any]:
    """Return the data of a policy less these risks of its waivers."""
    waivers = [
        {**waiver, "risks": [risk for risk in waiver["risks"] if risk not in removed.get(at, ())]}
        for at, waiver in enumerate(policy["waivers"])
    ]
    return {**policy, "waivers": [waiver for waiver in waivers if waiver["risks"]]}


def _beginning(risk: str) -> str:
    return f"# {for_terminal(risk)}: "


class _Cutter:
    """The text of a file, as far as it is cut, and where its waivers are."""

    def __init__(self, text: str, root: Node | None) -> None:
        self.text = text
        self._shift = int(self.text.startswith(_BYTE_ORDER_MARK))
        self._lines = [0, *(match.end() for match in _LINE_END.finditer(self.text))]
        # The reader of YAML sees one character where these lines end.
        pairs = enumerate(re.finditer("\r\n", self.text))
        self._pairs = [match.start() - self._shift - number for number, match in pairs]
        if not isinstance(root, Fields) or self._has_brackets(root):
            raise NotCuttable(_IS_JSON)
        self._key = self._at(root.keys["waivers"])
        self._list = root.fields["waivers"]
        self._waivers = _children(self._list)
        self._left = len(self._waivers)

    def cut(self, number: int, risks: Collection[str]) -> None:
        """Cut these risks of a waiver; those of later ones must have been cut before."""
        self._check_lines(number)
        fields = self._waivers[number]
        if not isinstance(fields, Fields):
            raise NotCuttable(_NOT_ALONE)
        listed = fields.fields["risks"]
        items = [item for item in _children(listed) if isinstance(item, Scalar)]
        before = self._waivers[number - 1] if number else None
        floor = self._end(before) if before else self._floor(self._list, self._key)
        if all(item.text in risks for item in items):
            self._left -= 1
            span = self._span(self._list, fields, floor)
            for above in self._comments(span.start, floor):
                span = _Span(above.start, span.end)
            self._remove(span)
            return
        first = self._floor(listed, self._at(fields.keys["risks"]))
        for at in reversed(range(len(items))):
            if items[at].text in risks:
                behind = self._end(items[at - 1]) if at else first
                self._remove(self._span(listed, items[at], behind))
        self._cut_comments(fields, floor, risks)

    def close(self) -> None:
        """Write that there are no waivers, if none is left and nothing says so."""
        if self._left or self._has_brackets(self._list):
            return
        match = _KEY.match(self.text, self._key)
        if match is None:
            raise NotCuttable(_NOT_ALONE)
        self.text = self.text[: match.end()] + _NO_WAIVERS + self.text[match.end() :]

    def _cut_comments(self, fields: Fields, floor: int, risks: Collection[str]) -> None:
        """Cut what `waive` wrote above a waiver that stays about risks that went."""
        beginnings = tuple(map(_beginning, risks))
        start = self._start_of_line(self._first(self._list, fields, floor))
        for comment in self._comments(start, floor):
            if self.text[comment.start : comment.end].lstrip(_SPACE).startswith(beginnings):
                self._remove(comment)

    def _check_lines(self, number: int) -> None:
        """Refuse a waiver that shares a line with one of its neighbours."""
        for one, other in ((number - 1, number), (number, number + 1)):
            if one >= 0 and other < len(self._waivers):
                last = bisect_right(self._lines, self._end(self._waivers[one]) - 1)
                if last >= self._waivers[other].line:
                    raise NotCuttable(_SHARED_LINE)

    def _span(self, parent: Node, node: Node, floor: int) -> _Span:
        """Return what goes with an item of a list: its lines, else it and its comma.

        ``floor`` is where what stands before it ends.
        """
        first, last = self._first(parent, node, floor), self._end(node)
        in_brackets = self._has_brackets(parent)
        start = self._start_of_line(first)
        rest = (_REST_IN_BRACKETS if in_brackets else _REST).match(self.text, last)
        if rest and start >= floor and not self.text[start:first].strip(_SPACE):
            line_end = _LINE_END.match(self.text, rest.end())
            return _Span(start, line_end.end() if line_end else rest.end())
        if not in_brackets:
            raise NotCuttable(_NOT_ALONE)
        if comma := _COMMA_BEHIND.match(self.text, last):
            return _Span(first, comma.end())
        before = first
        while self.text[before - 1] in _SPACE:
            before -= 1
        if self.text[before - 1] == ",":
            return _Span(before - 1, last)
        if _LAST_IN_BRACKETS.match(self.text, last):
            return _Span(first, last)
        raise NotCuttable(_NOT_ALONE)

    def _comments(self, start: int, floor: int) -> list[_Span]:
        """Return the comment lines directly above a position, the lowest first."""
        comments = []
        while start > floor:
            above = self._start_of_line(start - 1)
            if above < floor or not self.text[above:start].lstrip(_SPACE).startswith("#"):
                break
            comments.append(_Span(above, start))
            start = above
        return comments

    def _remove(self, span: _Span) -> None:
        self.text = self.text[: span.start] + self.text[span.end :]

    def _first(self, parent: Node, node: Node, floor: int) -> int:
        """Return where an item begins: with its dash, in a list without brackets."""
        start = self._at(node.place)
        if self._has_brackets(parent):
            return start
        dash = _DASH.search(self.text, floor, start)
        if dash is None:
            raise NotCuttable(_NOT_ALONE)
        return dash.end() - 1

    def _floor(self, node: Node, key: int) -> int:
        """Return what the first item of a list can't begin before."""
        return self._at(node.place) + 1 if self._has_brackets(node) else key

    def _end(self, node: Node) -> int:
        """Return where the last character of a node ends."""
        if isinstance(node, Scalar) or self._has_brackets(node):
            index = node.end
            end = index + self._shift + bisect_left(self._pairs, index)
            while self.text[end - 1 : end].isspace():  # a text over several lines takes empty ones
                end -= 1
            return end
        return self._end(_children(node)[-1])

    def _at(self, place: Place) -> int:
        shift = self._shift if place.line == 1 else 0
        return self._lines[place.line - 1] + place.column - 1 + shift

    def _has_brackets(self, node: Node) -> bool:
        at = self._at(node.place)
        return not isinstance(node, Scalar) and self.text[at : at + 1] in {"[", "{"}

    def _start_of_line(self, position: int) -> int:
        return self._lines[bisect_right(self._lines, position) - 1]


def _children(node: Node) -> list[Node]:
    if isinstance(node, Fields):
        return list(node.fields.values())
    return node.items if isinstance(node, Items) else []
