"""Secrets that are assigned to a telling name, wherever that stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.masking.names import suggests_secret
from gate.masking.values import argument_at, secret, unquoted, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.masking.values import Span

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
