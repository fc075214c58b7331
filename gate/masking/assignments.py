"""Secrets that are assigned to a telling name, wherever that stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.masking.names import suggests_secret
from gate.masking.values import secret, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.masking.values import Span

_NAME = re.compile(r"(?<![\w.-])[\w.-]++")
# NAME=value, NAME := value, "NAME": value, NAME: value
_ASSIGNS = re.compile(
    r"[ \t]{0,8}[+?:]?=[ \t]{0,8}|[ \t]{0,8}:[ \t]{1,8}(?=\S)"
    r"|\\{0,8}[\"'][ \t]{0,8}[:=]>?[ \t]{0,8}"
)
# The version of a package whose name is telling, as in ``token-bucket==1.0``.
_VERSION = re.compile(r"==\d")


# Their values hold spaces; see headers.py.
_HEADERS = frozenset({"authorization", "proxy-authorization"})


def assigned(text: str) -> Iterator[Span]:
    """Find the values of shells' variables, long options, query parameters, and written files."""
    position = 0
    while name := _NAME.search(text, position):
        position = name.end()
        assigns = _ASSIGNS.match(text, position)
        if not assigns or name[0].lower() in _HEADERS or not suggests_secret(name[0].lstrip("-")):
            continue
        if name[0].islower() and _VERSION.match(text, position):
            continue
        start, end = value_at(text, assigns.end())
        yield from secret(text, (start, end))
        position = max(position, end)
