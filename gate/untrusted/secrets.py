"""The secrets of this run: they don't show themselves, and no sink shows them either.

Whoever is asked with a secret can repeat it: in a message, a name, a text for people. So whatever
holds one is remembered when it is made, and each sink takes them out as its last step, after its
own escaping, and what reads answers takes them out before any text is cut.
"""

from __future__ import annotations

import re
from html.entities import codepoint2name
from typing import ClassVar
from urllib.parse import quote

from msgspec import Struct

MASK = "***"

# Shorter ones, and words, stand in many a text by chance: to take them out would show them.
_SHORTEST, _LONGEST_WORD = 8, 12
_WORD = re.compile("[a-z]+")
_RUN = re.compile("[A-Za-z0-9]+")
# Of the Authorization header, which holds another one in each request.
_SIGNATURE = re.compile("(?<=Signature=)[0-9a-f]{64}")
# What a sink may put between two characters: a word joiner, as Markdown's escape does.
_BETWEEN = "(?:\u2060|&#8288;)?"
_KEPT_BY_DOTENV = frozenset("_./:@=+,[] -")

_secrets: dict[str, re.Pattern[str] | None] = {}
"""Each with the pattern of all that sinks make of it, once one was needed."""


class Secret(Struct, frozen=True):
    """A value that holds secrets: its ``repr`` shows nothing but its kind.

    All texts in it are remembered, but for the fields in ``shown``.
    """

    shown: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, str) and name not in self.shown:
                remember_secret(value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


def remember_secret(text: str) -> None:
    """Let no sink show this text from now on, unless it is too short or too common to hide."""
    word = _WORD.fullmatch(text) and len(text) <= _LONGEST_WORD
    if len(text) >= _SHORTEST and not word:
        _secrets.setdefault(text, None)


def forget_secrets() -> None:
    """Begin another run."""
    _secrets.clear()


def redact(text: str) -> str:
    """Return what a sink is about to write with ``***`` for each secret of this run."""
    if "Signature=" in text:
        text = _SIGNATURE.sub(MASK, text)
    for secret in sorted(_secrets, key=len, reverse=True):  # one may hold another
        if _anchor(secret) in text:
            pattern = _secrets[secret] or re.compile(_BETWEEN.join(map(_writings, secret)))
            _secrets[secret] = pattern
            text = pattern.sub(MASK, text)
    return text


def redact_answer(body: bytes) -> bytes:
    """Return an answer's bytes without the secrets of this run.

    So no part of one is left where a report cuts or folds a text that repeats it.
    """
    if not any(_anchor(secret).encode() in body for secret in _secrets):
        return body
    return redact(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _anchor(secret: str) -> str:
    """Return a part of a secret that stands in it however it is escaped."""
    return max(_RUN.findall(secret), key=len, default="")


def _writings(character: str) -> str:
    """Return a pattern for all that escapes make of a character."""
    if character.isascii() and character.isalnum():
        return character
    code = ord(character)
    units = re.findall("....", character.encode("utf-16-be", "surrogatepass").hex())
    ways = [
        rf"\\?{re.escape(character)}",
        f"&#0*{code};",
        f"&#[xX]0*(?i:{code:x});",
        f"(?i:{quote(character, safe='', errors='replace').replace('%', '%(?:25)?')})",
        rf"\\+(?i:x{code:02x}|u{code:08x})",
        "(?i:" + "".join(rf"\\+u{unit}" for unit in units) + ")",
    ]
    if code in codepoint2name:
        ways.append(f"&{codepoint2name[code]};")
    if character not in _KEPT_BY_DOTENV:
        ways.append("_")
    return f"(?:{'|'.join(ways)})"
