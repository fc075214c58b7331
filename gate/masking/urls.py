"""Secrets inside URLs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.masking.values import secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.masking.values import Span

# ``user:password@``; the password may hold ``@``, and even ``/`` if it doesn't look like a port.
_PASSWORD = re.compile(
    r"://[^\s:/?#@'\"<>]*+:(?!\d{1,5}[/?#'\"\s])([^\s/?#'\"]+(?=@)|[^\s'\"@]{1,200}(?=@))"
)
_TOKEN_AS_USER = re.compile(r"://([\w.~-]{20,255})@")
# Where the password is none, the user is a token.
_TOKEN_FIRST = re.compile(r"://([^\s:/?#@'\"<>]++):(?:x-oauth-basic)?@")


def in_urls(text: str) -> Iterator[Span]:
    """Find the passwords of URLs, and users that are as long as a token."""
    for pattern in (_PASSWORD, _TOKEN_AS_USER, _TOKEN_FIRST):
        for url in pattern.finditer(text):
            yield from secret(text, url.span(1))
