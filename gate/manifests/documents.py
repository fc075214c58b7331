"""Split a stream of YAML into its documents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

# YAML 1.2.2, section 9.1: such a line always begins or ends a document, inside of quotes and blocks
# too, so that a stream can be split before it is parsed, and one broken document spoils no other.
_BOUNDARY = re.compile(r"^(?=(?:---|\.\.\.)(?:\s|$))", re.MULTILINE)
_ENDED = re.compile(r"\.\.\.(?:\s|$)")


class Document(NamedTuple):
    """The text of a document, and the line of the file, counted from 1, in which it begins."""

    text: str
    line: int


def documents(text: str) -> Iterator[Document]:
    """Yield the documents of a stream, less empty ones."""
    line = 1
    directives: Document | None = None
    for part in _BOUNDARY.split(text.removeprefix("\ufeff")):
        content = _without_end(part)
        if _is_directives(content):
            directives = Document(content, line)
        else:
            before = directives or Document("", line)
            if content.strip() not in {"", "---"}:
                yield Document(before.text + content, before.line)
            directives = None
        line += part.count("\n")


def _without_end(part: str) -> str:
    """Blank out a line that ends a document, so that the number of lines stays."""
    return f"   {part[3:]}" if _ENDED.match(part) else part


def _is_directives(part: str) -> bool:
    """Tell whether a part holds directives (``%YAML 1.2``), which belong to the next."""
    lines = [line for line in part.splitlines() if line.strip() and not line.startswith("#")]
    return bool(lines) and all(line.startswith("%") for line in lines)
