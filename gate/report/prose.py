"""Prose of others, for formats that want it short and on one line."""

from __future__ import annotations

import re

from gate.untrusted import visible

_SPACE = re.compile(r"\s+")


def one_line(text: str, most: int) -> str:
    """Return the text on one line of ``most`` characters, where it can be seen what it holds."""
    return cut(visible(_SPACE.sub(" ", cut(text, most)).strip()), most)


def cut(text: str, most: int) -> str:
    """Return the text, or its beginning and three dots, in ``most`` characters."""
    return text if len(text) <= most else text[: most - 3] + "..."
