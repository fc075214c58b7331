"""Secrets inside HTTP headers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.masking.names import suggests_secret
from gate.masking.values import GAP, secret, secrets_behind, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.masking.values import Span

_HEADER = re.compile(
    r"(?i)(?<![\w-])(?:(?:proxy-)?authorization(?:\\{0,8}[\"'])?\s{0,8}[:=]\s{0,8}(?:\\{0,8}[\"'])?"
    r"(?:(?:bearer|basic|digest|token|negotiate|apikey|aws4-hmac-sha256)[ \t]{1,8}(?=\S))?"
    r"|(?:set-)?cookie:[ \t]{0,8})"
)
# Another header as the argument of an option; its name may be telling.
_OPTION = re.compile(
    rf"(?<![\w-])(?:-H|--header)(?:=|{GAP})?\\{{0,8}}[\"']?"
    rf"(?P<name>(?!(?i:proxy-)?(?i:authorization):)[\w-]++):[ \t]{{0,8}}(?=\S)"
)
_TO_QUOTE = re.compile(r"(?:[^\"'\\\r\n]|\\[^\"'])*+")
# The token, not a word that follows in a sentence.
_BEARER = re.compile(r"(?i:\bbearer)[ \t]{1,8}(?![a-z]+\b)([\w.~+/=-]{6,})")


def in_headers(text: str) -> Iterator[Span]:
    """Find what follows ``Authorization:``, its scheme aside, cookies, and bearer tokens."""

    def value(header: re.Match[str]) -> Span:
        name = header.start("name") if "name" in header.re.groupindex else header.start()
        written = header[0][max(name - header.start(), 0) :]
        if '"' in written or "'" in written or text[name - 1 : name] in {'"', "'"}:
            rest = _TO_QUOTE.match(text, header.end())
            return rest.span() if rest else (header.end(), header.end())
        return value_at(text, header.end())

    yield from secrets_behind(text, _HEADER.finditer(text), value)
    telling = (header for header in _OPTION.finditer(text) if suggests_secret(header["name"]))
    yield from secrets_behind(text, telling, value)
    for bearer in _BEARER.finditer(text):
        yield from secret(text, bearer.span(1))
