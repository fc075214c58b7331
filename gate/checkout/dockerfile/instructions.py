"""Split a Dockerfile into its instructions, each with the line that it begins at.

The reference is BuildKit's parser: directives first, then lines that an escape character joins,
comments and empty lines between them dropped, and here-documents behind RUN, COPY and ADD.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+)")
_GOES_ON = {"\\": re.compile(r"(?<!\\)\\[ \t]*\Z"), "`": re.compile(r"(?<!`)`[ \t]*\Z")}
# White space is Go's, which is less than Python's: more than a builder takes does no harm here.
_KEYWORD = re.compile(r"\S+")
# A word is a here-document only if no quote stands around it.
_WORD = re.compile(r"(?:\\.|\"(?:[^\"\\]|\\.)*+\"|'[^']*+'|\S)++")
_DOCUMENT = re.compile(r"\d*<<(-?)([\"']?)([^\s<\"']+)\2")
# More words that no line ends are not looked for, so that the time grows with the file only.
_MOST_ENDLESS = 100
_HOLDS_DOCUMENTS = re.compile(r"(?i)(?:ONBUILD\s+)?(?:RUN|COPY|ADD)(?=\s)")
# The flags that stand first, such as ``--mount=…``.
FLAGS = re.compile(r"\A(?:--[a-z][\w-]*+(?:=(?:\"[^\"]*\"|\S)*+)?(?:\s++|\Z))++")


class Instruction(Struct, frozen=True):
    """An instruction: an upper-case keyword, and its arguments on one line.

    ``line`` is the first of the file's lines that it is written on; they count from 1.
    ``documents`` are the here-documents that follow it: the word that ends each, and its text.
    """

    keyword: str
    arguments: str
    line: int
    documents: tuple[tuple[str, str], ...] = ()


def parse(text: str) -> tuple[Instruction, ...]:
    """Split a Dockerfile; what no builder would accept is split somehow, never refused."""
    lines = [
        line.removesuffix("\r")
        for line in text.removeprefix("\ufeff").replace("\0", "").split("\n")
    ]
    return tuple(_instructions(lines, _GOES_ON[_escape(lines)]))


def with_documents(instruction: Instruction) -> str:
    """Return the arguments of RUN with its here-documents as BuildKit hands them to the shell.

    One that stands alone is the command, or a file that is run if it names its interpreter.
    """
    if instruction.keyword != "RUN" or not instruction.documents:
        return instruction.arguments
    command = FLAGS.sub("", instruction.arguments, count=1)
    name, text = instruction.documents[0]
    if not command.startswith("<<") or " " in command.strip():
        documents = (f"\n{text}{name}" for name, text in instruction.documents)
        return instruction.arguments + "".join(documents)
    return f"/dev/pipes/{name}" if text.startswith("#!") else text


def _escape(lines: Sequence[str]) -> str:
    """Return the escape character that the directives at the top of the file choose."""
    for line in lines:
        directive = _DIRECTIVE.fullmatch(line.strip())
        if not directive:
            break
        if directive[1].lower() == "escape" and directive[2].strip() in _GOES_ON:
            return directive[2].strip()
    return "\\"


def _instructions(lines: Sequence[str], goes_on: re.Pattern[str]) -> Iterator[Instruction]:
    endless: set[str] = set()
    position = 0
    while position < len(lines):
        start = position
        logical, position = _logical_line(lines, start, goes_on)
        keyword = _KEYWORD.search(logical)
        if keyword is None:
            continue
        documents: tuple[tuple[str, str], ...] = ()
        if _HOLDS_DOCUMENTS.match(logical, keyword.start()):
            documents, position = _documents(logical, position, lines, endless)
        yield Instruction(
            keyword[0].upper(), logical[keyword.end() :].strip(), start + 1, documents
        )


def _logical_line(lines: Sequence[str], start: int, goes_on: re.Pattern[str]) -> tuple[str, int]:
    """Return the line that begins at ``start``, with all that it goes on with, and what is next."""
    parts: list[str] = []
    for position in range(start, len(lines)):
        line = lines[position]
        stripped = line.strip()
        if stripped.startswith("#") or (parts and not stripped):
            if parts:
                continue
            return "", position + 1
        end = goes_on.search(line)
        parts.append(line[: end.start()] if end else line)
        if not end:
            return "".join(parts), position + 1
    return "".join(parts), len(lines)


def _documents(
    logical: str, position: int, lines: Sequence[str], endless: set[str]
) -> tuple[tuple[tuple[str, str], ...], int]:
    """Read the here-documents of an instruction; return them and what is next behind them.

    A word such as ``<<2`` that no line ends is not a here-document; ``endless`` are those so far.
    """
    documents = []
    for word in filter(None, map(_DOCUMENT.fullmatch, _WORD.findall(logical))):
        tabs, name = word[1], word[3]
        if word[0] in endless or len(endless) > _MOST_ENDLESS:
            continue
        content = ""
        for number in range(position, len(lines)):
            text = lines[number].lstrip("\t") if tabs else lines[number]
            if text == name:
                documents.append((name, content))
                position = number + 1
                break
            content += f"{text}\n"
        else:
            endless.add(word[0])
    return tuple(documents), position
