"""Tell which numbers Helm writes in another way than they stand in a file: 1.10 becomes 1.1."""

from __future__ import annotations

import re

# YAML 1.2.2, section 10.3.2, and the octal, binary and grouped numbers that YAML 1.1 had.
_NUMBER = re.compile(
    r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|0[box][0-9a-fA-F_]+"
)
_DECIMAL = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?")
_FIRST_WITH_EXPONENT = 1_000_000  # Go's %v writes 1e+06
_LONGEST = 20


def may_change(text: str) -> bool:
    """Tell whether a text without quotes is such a number."""
    if not _NUMBER.fullmatch(text):
        return False
    if len(text) > _LONGEST or not _DECIMAL.fullmatch(text):
        return True
    number = float(text)
    return number >= _FIRST_WITH_EXPONENT or (0 < number < 1e-4)  # noqa: PLR2004 - %v, as above
