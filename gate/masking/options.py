"""Secrets that follow an option, a setting or a word as an argument of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.masking.names import suggests_secret
from gate.masking.values import GAP, SPACE, argument_at, secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.masking.values import Span

_OPTION = re.compile(rf"(?<![\w-])--?([A-Za-z][\w.-]*+){GAP}(?!-)")
# The options of build secrets: docker build --secret id=npm,src=.npmrc
_BUILD_SECRET = ("id=", "type=", "src=")
_SETTING = re.compile(
    rf"\b(?:config|configure){GAP}set{GAP}(?:--?\w[\w-]*+{GAP})*+([^\s\"']++){GAP}"
)
# A line of .netrc, SQL, and OpenSSL's way to name a password.
_WORDS = re.compile(
    rf"(?i)\blogin{SPACE}\S{{1,200}}{SPACE}password{SPACE}"
    rf"|\bidentified{SPACE}(?:with{SPACE}\S{{1,200}}{SPACE})?by{SPACE}(?:password{SPACE})?"
    rf"|\bpassword{SPACE}(?=\\{{0,8}}')|(?<![\w-])pass:(?=\S)"
)


def in_options(text: str) -> Iterator[Span]:
    """Find ``--password value``, also where each stands in a JSON string of its own."""
    for option in _OPTION.finditer(text):
        if suggests_secret(option[1]) and not text.startswith(_BUILD_SECRET, option.end()):
            yield from secret(text, argument_at(text, option.end()))
    for setting in _SETTING.finditer(text):
        if suggests_secret(setting[1].rpartition(":")[2]):
            yield from secret(text, argument_at(text, setting.end()))
    for words in _WORDS.finditer(text):
        yield from secret(text, argument_at(text, words.end()))
