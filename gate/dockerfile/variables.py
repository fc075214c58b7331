"""Replace the variables of a Dockerfile's instructions by what the file tells of them.

What it does not tell is one of two characters that ``parse`` keeps out of every text: the value
of a build argument without a default (``FROM_ARGUMENT``), or another one (``UNKNOWN``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.dockerfile.arguments import unquoted

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN = "\x00"
FROM_ARGUMENT = "\x01"
# A few lines can double a value many times.
_MOST_VALUE = 1000
_UNTOLD = re.compile(r"[\x00\x01]")
_SEVERAL_UNKNOWN = re.compile(r"\x00\x00+")

_NAME = r"[A-Za-z_][A-Za-z0-9_]*+"
# ``${NAME:-word}``; the word may hold variables, but none with a word of its own in braces.
_REFERENCE = (
    rf"\$(?:(?P<name>{_NAME})|\{{(?P<braced>{_NAME})"
    r"(?:(?P<mode>:?[-+?]|[#%/])(?P<word>(?:[^{}$]|\$\{[^{}]*\}|\$(?!\{))*+))?\})"
)
_PIECES = {
    escape: re.compile(rf"{re.escape(escape)}.|['\"]|{_REFERENCE}", re.DOTALL)
    for escape in ("\\", "`")
}


def is_told(text: str) -> bool:
    """Tell whether the text holds no variable whose value is not known."""
    return not _UNTOLD.search(text)


def expand(
    text: str, values: Mapping[str, str], *, escape: str = "\\", unknown: str | None = UNKNOWN
) -> str:
    """Return the text with variables replaced; quotes and escapes stay.

    Variables without a value become ``unknown``, or stay as they are if that is ``None``.
    """
    pieces: list[str] = []
    done, quote = 0, ""
    for piece in _PIECES[escape].finditer(text):
        if piece[0] in {"'", '"'}:
            quote = {"": piece[0], piece[0]: ""}.get(quote, quote)
        elif piece[0][0] == "$" and quote != "'":
            pieces += (text[done : piece.start()], _value(piece, values, escape, unknown))
            done = piece.end()
    return "".join((*pieces, text[done:]))


def value_of(written: str, values: Mapping[str, str], escape: str) -> str:
    """Return the value that ENV or ARG gives, without quotes; one that is too long is unknown."""
    if "$" not in written:
        value = unquoted(written)
    else:
        value = _SEVERAL_UNKNOWN.sub(UNKNOWN, unquoted(expand(written, values, escape=escape)))
    return value if len(value) <= _MOST_VALUE else UNKNOWN


def _value(
    reference: re.Match[str], values: Mapping[str, str], escape: str, unknown: str | None
) -> str:
    value = values.get(reference["name"] or reference["braced"])
    mode = reference["mode"] or ""

    def word() -> str:
        return expand(reference["word"], values, escape=escape, unknown=unknown)

    if mode.endswith("-"):
        return value if value or (value is not None and mode == "-") else word()
    if mode.endswith("+"):
        return word() if value or (value is not None and mode == "+") else ""
    if value is None or mode in {"#", "%", "/"}:
        return reference[0] if unknown is None else unknown
    return value
