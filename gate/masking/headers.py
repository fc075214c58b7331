"""Secrets inside HTTP headers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.masking.values import secret, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.masking.values import Span

_HEADER = re.compile(
    r"(?i)(?<![\w-])(?:(?:proxy-)?authorization(?:\\{0,8}[\"'])?\s{0,8}[:=]\s{0,8}(?:\\{0,8}[\"'])?"
    r"(?:(?:bearer|basic|digest|token|negotiate|apikey|aws4-hmac-sha256)[ \t]{1,8}(?=\S))?"
    r"|(?:set-)?cookie:[ \t]{0,8})"
)
_TO_QUOTE = re.compile(r"(?:[^\"'\\\r\n]|\\[^\"'])*+")
# The token, not a word that follows in a sentence.
_BEARER = re.compile(r"(?i:\bbearer)[ \t]{1,8}(?![a-z]+\b)([\w.~+/=-]{6,})")


def in_headers(text: str) -> Iterator[Span]:
    """Find what follows ``Authorization:``, its scheme aside, cookies, and bearer tokens."""
    for header in _HEADER.finditer(text):
        start = header.end()
        quoted = '"' in header[0] or "'" in header[0]
        if quoted or text[header.start() - 1 : header.start()] in {'"', "'"}:
            rest = _TO_QUOTE.match(text, start)
            yield from secret(text, rest.span() if rest else (start, start))
        else:
            yield from secret(text, value_at(text, start))
    for bearer in _BEARER.finditer(text):
        yield from secret(text, bearer.span(1))
