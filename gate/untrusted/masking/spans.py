"""Where the value ends that begins at some place of a command, and whether it is a secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.untrusted.secrets import MASK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# Start and end of a part of the text.
Span = tuple[int, int]

# What may stand between the words of a command: white space, a line that goes on, or, in the JSON
# form of a command, the end of one string and the beginning of another. Docker's classic history
# has no commas there.
SPACE = r"(?:[ \t]|\\\r?\n)++"
_BETWEEN_STRINGS = r"(?:[ \t]{0,8},[ \t]{0,8}|[ \t]{1,8})"
GAP = rf"(?:\\{{0,8}}[\"']{_BETWEEN_STRINGS}\\{{0,8}}[\"']|{SPACE})"

_HARMLESS = frozenset({"", MASK, "true", "false", "yes", "no", "on", "off", "none", "null"})
_REFERENCE = (
    r"(?:\\{0,4}\$(?:[A-Za-z_]\w*+|[0-9@*#](?!\w)|\{[A-Za-z_]\w*+(?::?-|:?\?[^{}]*+)?\}"
    r"|\((?:cat\s|<)[^()`$]*+\)|\{\{[^{}]*+\}\})|`cat\s[^`$]*+`)"
)
_REFERENCES = re.compile(rf"{_REFERENCE}(?:[-:/@.,]{_REFERENCE})*+")
# In single quotes a shell replaces nothing, though another one around it may.
_LITERAL_REFERENCE = re.compile(r"\$(?:[A-Z_][A-Z0-9_]*+|\{\w++\})")

_SUBSTITUTION = r"\$\([^()]{0,200}\)|\$\{\{?[^{}]{0,200}\}\}?|`[^`]{0,200}`"
_IN_SHELL = re.compile(rf"(?:[^\s\"'\\;&|()<>`$]++|{_SUBSTITUTION}|\$|\\[^\"'])++")
_OUTSIDE_SHELL = re.compile(rf"(?:[^\s\"'\\$]++|{_SUBSTITUTION}|\$|\\[^\"'])++")
_QUOTE = re.compile(r"(\\{0,8})([\"'])")
# What follows a string in JSON, not in a shell.
_ENDS_STRUCTURE = (",", "]", "}")
_CLOSES_WHAT_IS_AROUND = re.compile(r"\\{0,8}[\"'](?:[\s\]},;&|)\"']|\Z)")


def value_at(text: str, start: int, *, shell: bool = True) -> Span:
    """Return the span of the value that begins at ``start``, without the quotes around it.

    A quote that isn't closed reaches to the end: the text may have been cut off. Outside a shell,
    as in ``ENV``, only white space ends a value.
    """
    unquoted = _IN_SHELL if shell else _OUTSIDE_SHELL
    position = start
    inner: Span | None = None
    while position < len(text):
        if quote := _QUOTE.match(text, position):
            if position > start and _CLOSES_WHAT_IS_AROUND.match(text, position):
                break
            content, end = _quoted(text, quote)
            inner = content if position == start else None
            position = end
            if text.startswith(_ENDS_STRUCTURE, position):
                break
        elif run := unquoted.match(text, position):
            inner, position = None, run.end()
        else:
            break
    return inner or (start, position)


def argument_at(text: str, start: int) -> Span:
    """Return the span of the argument after a gap: a value, or the rest of a JSON string."""
    if text[start - 1 : start] not in {'"', "'"}:
        return value_at(text, start)
    before = text[max(start - 9, 0) : start - 1]
    backslashes = len(before) - len(before.rstrip("\\"))
    opening = _QUOTE.match(text, start - 1 - backslashes)
    return _quoted(text, opening)[0] if opening else (start, start)


def unquoted(text: str, start: int, end: int) -> Span:
    """Return the span without one pair of quotes around it."""
    opening = _QUOTE.match(text, start, end)
    if opening and opening.end() < end and text.endswith(opening[0], opening.end(), end):
        return opening.end(), end - len(opening[0])
    return start, end


def secret(text: str, span: Span) -> Iterator[Span]:
    """Yield the span unless what stands there is a reference, a switch or the like."""
    start, end = span
    value = text[start:end]
    if value.lower() in _HARMLESS:
        return
    references = _LITERAL_REFERENCE if text[start - 1 : start] == "'" else _REFERENCES
    if not references.fullmatch(value):
        yield span


def secrets_behind(
    text: str, matches: Iterable[re.Match[str]], value_of: Callable[[re.Match[str]], Span]
) -> Iterator[Span]:
    """Yield the secrets among the values that stand behind matches, in their order.

    What ends inside a value that was looked at is passed over: no part of a text is scanned as
    often as it holds beginnings, so the time grows with its length only.
    """
    done = 0
    for match in matches:
        if match.end() > done:
            value = value_of(match)
            done = max(match.end(), value[1])
            yield from secret(text, value)


def _quoted(text: str, opening: re.Match[str]) -> tuple[Span, int]:
    """Return the inner span of a quoted text, and where its closing quote ends.

    A quote inside it carries more backslashes than the opening one.
    """
    for closing in _QUOTE.finditer(text, opening.end()):
        if closing[2] == opening[2] and len(closing[1]) <= len(opening[1]):
            return (opening.end(), closing.start()), closing.end()
    return (opening.end(), len(text)), len(text)
