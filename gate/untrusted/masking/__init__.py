"""Mask secrets in build commands before anything else sees them.

Detectors look at the whole text, each in its own way and in linear time, and say which spans are
secret. Where a doubt remains, too much is masked rather than too little.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.untrusted.masking.arguments import given_to_tools, in_options
from gate.untrusted.masking.assignments import assigned, in_instructions
from gate.untrusted.masking.shapes import in_headers, in_urls, private_keys, tokens
from gate.untrusted.secrets import MASK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gate.untrusted.masking.spans import Span

__all__ = ["mask_secrets"]

_DETECTORS: tuple[Callable[[str], Iterator[Span]], ...] = (
    private_keys,
    tokens,
    in_urls,
    in_headers,
    assigned,
    in_instructions,
    in_options,
    given_to_tools,
)
# Masking one secret may uncover another; the last pass finds nothing.
_MOST_PASSES = 5
_LONGEST = 64 * 1024
_CUT = " […]"
_LAST_WORD = re.compile(r"(?<!\S)\S*+\Z")
# A builder joins the parts of a word that goes on in the next line.
_SPLIT_WORD = re.compile(r"(?<=\w)\\[ \t]*\r?\n(?=\w)")


def mask_secrets(text: str) -> str:
    """Return the text with ``***`` for each secret that it seems to hold.

    References such as ``$TOKEN`` stay. Masking what is masked changes nothing. What is longer than
    64 KiB is cut, so that the time is bounded; nobody reads more of a command.
    """
    if len(text) > _LONGEST:
        # A secret that is cut may not look like one any more.
        text = _LAST_WORD.sub("", text[: _LONGEST - len(_CUT)]) + _CUT
    masked = _masked(text)
    if masked == text and _SPLIT_WORD.search(text):
        joined = _SPLIT_WORD.sub("", text)
        masked = _masked(joined)
        return masked if masked != joined else text
    return masked


def _masked(text: str) -> str:
    for _ in range(_MOST_PASSES):
        replaced = _replace(text, sorted(span for find in _DETECTORS for span in find(text)))
        if replaced == text:
            break
        text = replaced
    return text


def _replace(text: str, spans: Iterable[Span]) -> str:
    """Replace sorted spans by the mask, those that touch one another as one."""
    pieces: list[str] = []
    done = -1
    for start, end in spans:
        if start > done:
            pieces += (text[max(done, 0) : start], MASK)
        done = max(done, end)
    return "".join((*pieces, text[max(done, 0) :]))
