"""Read the arguments of instructions: flags, words, lists, and pairs such as ``NAME=value``."""

from __future__ import annotations

import re

_FLAGS = re.compile(r"(?:--[a-z][\w-]*+(?:=(?:\"[^\"]*\"|\S)*+)?(?:\s++|\Z))++")
_WORD = re.compile(r"(?:\\.|\"(?:[^\"\\]|\\.)*+\"|'[^']*+'|\S)++", re.DOTALL)
_QUOTES = re.compile(r"[\"']")
_STRING = r"\"(?:[^\"\\]|\\.)*+\""
# JSON has commas between its strings, Docker's histories have none.
_STRINGS = re.compile(rf"\[\s*+(?:{_STRING}\s*+,?\s*+)*+\]", re.DOTALL)
_ONE_STRING = re.compile(_STRING, re.DOTALL)
# The escapes of JSON, and of Go's %q.
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def flags(arguments: str) -> tuple[list[str], str]:
    """Split the flags that stand first, such as ``--mount=…``, from the rest."""
    found = _FLAGS.match(arguments)
    if not found:
        return [], arguments
    return found[0].split(), arguments[found.end() :]


def words(arguments: str) -> list[str]:
    """Return the words, with their quotes; white space inside quotes ends none."""
    return _WORD.findall(arguments)


def unquoted(text: str) -> str:
    """Return the text without quotes."""
    return _QUOTES.sub("", text)


def strings(arguments: str) -> list[str] | None:
    """Return the strings of a list in JSON, or in the way of a history; ``None`` if it is none."""
    if not _STRINGS.fullmatch(arguments):
        return None
    return [_ESCAPE.sub(_unescaped, found[1:-1]) for found in _ONE_STRING.findall(arguments)]


def _unescaped(escape: re.Match[str]) -> str:
    if code := escape[1] or escape[2]:
        return chr(int(code, 16))
    return _ESCAPED.get(escape[3], escape[3])


def pairs(arguments: str, *, legacy: bool = False) -> list[tuple[str, str | None]]:
    """Return names and values of ENV, ARG and LABEL; values keep their quotes.

    The ``legacy`` form ``NAME value`` has one pair. A name alone, as in ``ARG NAME``, has ``None``.
    """
    written = words(arguments)
    if legacy and len(written) > 1 and "=" not in written[0]:
        return [(unquoted(written[0]), arguments.strip()[len(written[0]) :].strip())]
    split = [word.partition("=") for word in written]
    return [(unquoted(name), value if sign else None) for name, sign, value in split]
