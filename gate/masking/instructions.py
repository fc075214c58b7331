"""Secrets in ENV, ARG and LABEL, and in the build arguments that a history shows before RUN."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.masking.names import suggests_secret
from gate.masking.values import secret, unquoted, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.masking.values import Span

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
