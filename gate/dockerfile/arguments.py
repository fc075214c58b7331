"""Read the arguments of instructions: flags, words, and pairs such as ``NAME=value``."""

from __future__ import annotations

import re

_FLAGS = re.compile(r"(?:--[a-z][\w-]*+(?:=(?:\"[^\"]*\"|\S)*+)?(?:\s+|\Z))++")
_WORD = re.compile(r"(?:\\.|\"(?:[^\"\\]|\\.)*+\"|'[^']*+'|\S)++", re.DOTALL)
_QUOTES = re.compile(r"[\"']")
_KEY = re.compile(r"[\"']?([\w.-]++)[\"']?=")


def without_flags(arguments: str) -> str:
    """Return the arguments without the flags before them, such as ``--mount=…``."""
    flags = _FLAGS.match(arguments)
    return arguments[flags.end() :] if flags else arguments


def words(arguments: str) -> list[str]:
    """Return the words, with their quotes; white space inside quotes ends none."""
    return _WORD.findall(arguments)


def unquoted(text: str) -> str:
    """Return the text without quotes."""
    return _QUOTES.sub("", text)


def pairs(arguments: str) -> list[tuple[str, str | None]]:
    """Return names and values of ENV, ARG and LABEL, without quotes.

    The legacy form ``NAME value`` has one pair. A name alone, as in ``ARG NAME``, has ``None``.
    """
    written = words(arguments)
    if len(written) > 1 and "=" not in written[0]:
        name, _, value = arguments.partition(written[0])[2].partition(" ")
        return [(unquoted(written[0]), unquoted(f"{name}{value}".strip()))]
    split = [word.partition("=") for word in written]
    return [(unquoted(name), unquoted(value) if sign else None) for name, sign, value in split]
