"""Secrets that are assigned to a telling name: anywhere, and in ENV, ARG, LABEL and before RUN."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.untrusted.masking.names import suggests_secret
from gate.untrusted.masking.spans import argument_at, secret, unquoted, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.untrusted.masking.spans import Span

_NAME = re.compile(r"(?<![\w.-])[\w.-]++")
# NAME=value, NAME := value, "NAME": value, NAME: value
_ASSIGNS = re.compile(
    r"[+?:]?=|[ \t]{1,8}[+?:]?=[ \t]{0,8}|[ \t]{0,8}:[ \t]{1,8}(?=\S)"
    r"|\\{0,8}[\"'][ \t]{0,8}[:=]>?[ \t]{0,8}"
)
# The version of a package whose name is telling, as in ``token-bucket==1.0``.
_VERSION = re.compile(r"==\d")
# ``sh -c "…"``, also in its JSON form.
_COMMAND_FOLLOWS = re.compile(r"\s-\w{0,4}c[\s,\"'\\]+\Z|\"-\w{0,4}c[\s,\"'\\]+\Z")
# Their values hold spaces; see shapes.py.
_HEADERS = frozenset({"authorization", "proxy-authorization"})
_INSTRUCTION = re.compile(
    r"(?im)(?:^|#\(nop\))[ \t]{0,8}(?:ONBUILD[ \t]{1,8})?(ENV|ARG|LABEL)(?=[ \t])"
)
_BUILD_ARGUMENTS = re.compile(r"(?m)(?:^|\bRUN[ \t]{1,8})\|\d{1,4}(?=[ \t])")
_LOGICAL_LINE = re.compile(r"(?:[^\\\r\n]++|\\\r?\n|\\)*+")
_SHELL = re.compile(r"[ \t]/\S{0,60}sh\b")
_COMMENT = re.compile(r"[ \t]{1,8}# buildkit[ \t]{0,8}\Z")
_KEY = re.compile(r"(?<=\s)([A-Za-z_][\w.-]*+)=")
_TRAILING = re.compile(r"(?<![\s\\])\s*+(?:(?<=\s)\\\s*+)?\Z")
_LEGACY = re.compile(r"[ \t]{1,8}([\w.-]++)[ \t]{1,8}(?=\S)")


def assigned(text: str) -> Iterator[Span]:
    """Find the values of shells' variables, long options, query parameters, and written files."""
    position = 0
    while name := _NAME.search(text, position):
        position = name.end()
        assigns = _ASSIGNS.match(text, position)
        if not assigns or name[0].lower() in _HEADERS or not suggests_secret(name[0].lstrip("-")):
            continue
        if not name[0].isupper() and _VERSION.match(text, position):
            continue
        value = value_at(text, assigns.end())
        if _is_whole_argument(text, name.start()) and '"' not in assigns[0]:
            value = _to_quote(text, name.start(), value)
        yield from secret(text, value)
        position = max(position, value[1])


def _is_whole_argument(text: str, start: int) -> bool:
    """Tell whether a quote opens right before, and what it holds is not a command of its own."""
    return text[start - 1 : start] in {'"', "'"} and not _COMMAND_FOLLOWS.search(
        text[max(start - 24, 0) : start]
    )


def _to_quote(text: str, start: int, value: Span) -> Span:
    """Return the span of a value that goes on to the quote's end, unless it is a reference."""
    if value[0] < value[1] and not any(secret(text, value)):
        return value
    return unquoted(text, value[0], max(value[1], argument_at(text, start)[1]))


def in_instructions(text: str) -> Iterator[Span]:
    """Find secrets whose quotes are lost, as histories show them: up to the next ``NAME=``."""
    done = 0
    for instruction in _INSTRUCTION.finditer(text):
        if instruction.end() < done:
            continue
        done = _line_end(text, instruction.end())
        legacy = _LEGACY.match(text, instruction.end(), done)
        if legacy and instruction[1].upper() == "ENV" and suggests_secret(legacy[1]):
            yield from secret(text, unquoted(text, legacy.end(), done))
        yield from _pairs(text, instruction.end(), done)
    done = 0
    for arguments in _BUILD_ARGUMENTS.finditer(text):
        if arguments.end() >= done:
            done = _line_end(text, arguments.end())
            shell = _SHELL.search(text, arguments.end(), done)
            yield from _pairs(text, arguments.end(), shell.start() if shell else done)


def _line_end(text: str, start: int) -> int:
    line = _LOGICAL_LINE.match(text, start)
    end = line.end() if line else start
    comment = _COMMENT.search(text, max(start, end - 40), end)
    return comment.start() if comment else start + len(text[start:end].rstrip())


def _pairs(text: str, start: int, end: int) -> Iterator[Span]:
    """Find the secrets among ``NAME=value`` pairs between two positions."""
    part = text[:end] if start == 0 else text[start - 1 : end]
    shift = end - len(part)
    key = _KEY.search(part)
    while key:
        _, value_end = value_at(part, key.end(), shell=False)
        following = _KEY.search(part, value_end)
        stop = following.start() if following else len(part)
        if suggests_secret(key[1]):
            length = len(_TRAILING.sub("", part[key.end() : stop]))
            value = (shift + key.end(), shift + key.end() + length)
            yield from secret(text, unquoted(text, *value))
        key = following
