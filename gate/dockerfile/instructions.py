"""Split a Dockerfile into its instructions, each with the line that it begins at.

The reference is BuildKit's parser: directives first, then lines that an escape character joins,
comments and empty lines between them dropped, and here-documents behind RUN, COPY and ADD.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DIRECTIVE = re.compile(r"#[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*(.+)")
_GOES_ON = {"\\": re.compile(r"(?<!\\)\\[ \t]*\Z"), "`": re.compile(r"(?<!`)`[ \t]*\Z")}
_WORD = re.compile(r"[^ \t]+")
_DOCUMENT = re.compile(r"[ \t]\d*<<(-?)([\"']?)([^ \t<\"']+)\2(?=[ \t]|\Z)")
_HOLDS_DOCUMENTS = re.compile(r"(?i)(?:ONBUILD[ \t]+)?(?:RUN|COPY|ADD)(?=[ \t])")
# What stands for text that a Dockerfile does not tell; see variables.py.
_RESERVED = re.compile(r"[\x00\x01]")


class HereDocument(Struct, frozen=True):
    """A text that follows an instruction; ``name`` is the word that ends it."""

    name: str
    content: str


class Instruction(Struct, frozen=True):
    """An instruction: an upper-case keyword, and its arguments on one line.

    ``line`` is the first of the file's lines that it is written on; they count from 1.
    """

    keyword: str
    arguments: str
    line: int
    documents: tuple[HereDocument, ...] = ()


class Dockerfile(Struct, frozen=True):
    """The instructions of a file, in its order, and the character that escapes in it."""

    instructions: tuple[Instruction, ...]
    escape: str = "\\"


def parse(text: str) -> Dockerfile:
    """Split a Dockerfile; what no builder would accept is split somehow, never refused."""
    lines = [
        line.removesuffix("\r")
        for line in _RESERVED.sub("", text.removeprefix("\ufeff")).split("\n")
    ]
    escape = _escape(lines)
    return Dockerfile(tuple(_instructions(lines, _GOES_ON[escape])), escape)


def _escape(lines: Sequence[str]) -> str:
    """Return the escape character that the directives at the top of the file choose."""
    for line in lines:
        directive = _DIRECTIVE.fullmatch(line.strip(" \t"))
        if not directive:
            break
        if directive[1].lower() == "escape" and directive[2].strip() in _GOES_ON:
            return directive[2].strip()
    return "\\"


def _instructions(lines: Sequence[str], goes_on: re.Pattern[str]) -> Iterator[Instruction]:
    ends = _Ends(lines)
    position = 0
    while position < len(lines):
        start = position
        logical, position = _logical_line(lines, start, goes_on)
        keyword = _WORD.search(logical)
        if keyword is None:
            continue
        documents: tuple[HereDocument, ...] = ()
        if _HOLDS_DOCUMENTS.match(logical, keyword.start()):
            documents, position = _documents(logical, position, lines, ends)
        yield Instruction(
            keyword[0].upper(), logical[keyword.end() :].strip(" \t"), start + 1, documents
        )


def _logical_line(lines: Sequence[str], start: int, goes_on: re.Pattern[str]) -> tuple[str, int]:
    """Return the line that begins at ``start``, with all that it goes on with, and what is next."""
    parts: list[str] = []
    for position in range(start, len(lines)):
        line = lines[position]
        stripped = line.strip(" \t")
        if stripped.startswith("#") or (parts and not stripped):
            if parts:
                continue
            return "", position + 1
        end = goes_on.search(line)
        parts.append(line[: end.start()] if end else line)
        if not end:
            return "".join(parts), position + 1
    return "".join(parts), len(lines)


class _Ends:
    """Where in a file each text stands as a line of its own."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._whole: dict[str, list[int]] = defaultdict(list)
        self._without_tabs: dict[str, list[int]] = defaultdict(list)

    def next(self, name: str, start: int, *, tabs: bool) -> int | None:
        """Return the first line from ``start`` on that is ``name``, behind tabs if they may be."""
        if not self._whole:
            for number, line in enumerate(self._lines):
                self._whole[line].append(number)
                self._without_tabs[line.lstrip("\t")].append(number)
        numbers = (self._without_tabs if tabs else self._whole).get(name, [])
        index = bisect_left(numbers, start)
        return numbers[index] if index < len(numbers) else None


def _documents(
    logical: str, position: int, lines: Sequence[str], ends: _Ends
) -> tuple[tuple[HereDocument, ...], int]:
    """Read the here-documents of an instruction; return them and what is next behind them.

    A word such as ``<<2`` that no line ends is no here-document.
    """
    documents = []
    for found in _DOCUMENT.finditer(logical):
        tabs, name = found[1] == "-", found[3]
        end = ends.next(name, position, tabs=tabs)
        if end is not None:
            content = lines[position:end]
            cleaned = [line.lstrip("\t") for line in content] if tabs else content
            documents.append(HereDocument(name, "\n".join([*cleaned, ""])))
            position = end + 1
    return tuple(documents), position
