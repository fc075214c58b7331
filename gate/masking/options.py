"""Secrets that follow an option, a setting or a word as an argument of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.masking.names import suggests_secret
from gate.masking.values import GAP, SPACE, argument_at, secrets_behind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.masking.values import Span

# --password value, -Password:value, /password:value
_OPTION = re.compile(rf"(?<![\w.-])--?([A-Za-z][\w.-]*+){GAP}(?!-)")
_COLON_OPTION = re.compile(r"(?<![\w./:-])(?:--?|/)([A-Za-z][\w-]*+):(?=[^\s/\\:])")
# The options of build secrets: docker build --secret id=npm,src=.npmrc
_BUILD_SECRET = ("id=", "type=", "src=")
_SWITCHES = rf"(?:(?:--?|/)\w[\w-]*+{GAP})*+"
_SETTING = re.compile(
    rf"\b(?:(?:config|configure|npm|pnpm|yarn){GAP}set|setx){GAP}{_SWITCHES}([^\s\"']++){GAP}"
)
# What the tools of languages keep for a host.
_HOST_SETTING = re.compile(
    rf"\b(?:poetry|composer){GAP}config{GAP}{_SWITCHES}"
    rf"(?:http-basic\.[^\s\"']++{GAP}[^\s\"']++"
    rf"|(?:pypi-token|github-oauth|gitlab-oauth|gitlab-token|bearer)\.[^\s\"']++){GAP}"
)
# A line of .netrc, SQL, OpenSSL's way to name a password, a line of redis.conf.
_WORDS = re.compile(
    rf"(?i)\blogin{SPACE}\S{{1,200}}{SPACE}password{SPACE}"
    rf"|\bidentified{SPACE}(?:with{SPACE}\S{{1,200}}{SPACE})?by{SPACE}(?:password{SPACE})?"
    rf"|\bpassword(?:{SPACE}|\()(?=\\{{0,8}}')|(?<![\w-])pass:(?=\S)"
    rf"|\b(?:requirepass|masterauth){SPACE}"
)


def in_options(text: str) -> Iterator[Span]:
    """Find ``--password value``, also where each stands in a JSON string of its own."""

    def value(found: re.Match[str]) -> Span:
        return argument_at(text, found.end())

    for pattern in (_OPTION, _COLON_OPTION):
        options = (
            option
            for option in pattern.finditer(text)
            if suggests_secret(option[1]) and not text.startswith(_BUILD_SECRET, option.end())
        )
        yield from secrets_behind(text, options, value)
    settings = (
        setting
        for setting in _SETTING.finditer(text)
        if suggests_secret(setting[1].rpartition(":")[2])
    )
    yield from secrets_behind(text, settings, value)
    yield from secrets_behind(text, _HOST_SETTING.finditer(text), value)
    yield from secrets_behind(text, _WORDS.finditer(text), value)
