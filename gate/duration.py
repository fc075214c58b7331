"""Durations as people write them: ``0``, or a whole number and one unit, as in ``90s`` or ``7d``.

    duration = "0" / 1*7DIGIT unit
    unit     = "s" / "m" / "h" / "d"         seconds, minutes, hours, days of 24 hours

The longest is ten years, so that no sum of a time and a duration leaves the calendar.
"""

from __future__ import annotations

import re
from datetime import timedelta

LONGEST = timedelta(days=3650)

_UNITS = {
    "d": ("day", timedelta(days=1)),
    "h": ("hour", timedelta(hours=1)),
    "m": ("minute", timedelta(minutes=1)),
    "s": ("second", timedelta(seconds=1)),
}
_DURATION = re.compile(r"(?P<number>[0-9]{1,7})(?P<unit>[smhd])")
_EXAMPLES = "Write a whole number and a unit, such as 90s, 10m, 1h or 7d, or 0."


def parse_duration(text: str) -> timedelta:
    """Return the duration that a text says.

    Raises ``ValueError``, whose message says what is accepted, for everything else.
    """
    if text == "0":
        return timedelta()
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is not a duration. {_hint(text)}")
    duration = int(match["number"]) * _UNITS[match["unit"]][1]
    if duration > LONGEST:
        raise ValueError(f"{text!r} is more than {LONGEST.days}d, the longest duration.")
    return duration


def say_duration(duration: timedelta) -> str:
    """Return a duration in words, in the largest unit that says it exactly, whole seconds at least.

    ``3 days``, ``90 seconds``; the sign is kept.
    """
    seconds = round(duration.total_seconds())
    for name, unit in _UNITS.values():
        number, rest = divmod(abs(seconds), int(unit.total_seconds()))
        if not rest and number:
            sign = "-" if seconds < 0 else ""
            return f"{sign}{number} {name}" + ("" if number == 1 else "s")
    return "0 seconds"


def _hint(text: str) -> str:
    bare = text.strip()
    if re.fullmatch("[0-9]{1,7}", bare):
        return f"It has no unit: write {bare}s for seconds, {bare}m for minutes."
    if _DURATION.fullmatch(bare.lower().replace(" ", "")):
        return f"Write it as {bare.lower().replace(' ', '')}."
    return _EXAMPLES
