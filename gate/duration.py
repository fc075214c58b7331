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
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
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
    duration = int(match["number"]) * _UNITS[match["unit"]]
    if duration > LONGEST:
        raise ValueError(f"{text!r} is more than {LONGEST.days}d, the longest duration.")
    return duration


def say_duration(duration: timedelta) -> str:
    """Return a duration for people, in whole seconds: its largest unit, and the one below.

    ``15s``, ``2m 5s``, ``3d 4h``, ``0s``. What is smaller is dropped, the sign is kept.
    """
    seconds = round(duration.total_seconds())
    counts = []
    rest = abs(seconds)
    for letter, unit in _UNITS.items():
        count, rest = divmod(rest, int(unit.total_seconds()))
        counts.append((count, letter))
    first = next((at for at, (count, _) in enumerate(counts) if count), len(counts))
    said = " ".join(f"{count}{letter}" for count, letter in counts[first : first + 2] if count)
    sign = "-" if seconds < 0 else ""
    return f"{sign}{said or '0s'}"


def _hint(text: str) -> str:
    bare = text.strip()
    if re.fullmatch("[0-9]{1,7}", bare):
        return f"It has no unit: write {bare}s for seconds, {bare}m for minutes."
    if _DURATION.fullmatch(bare.lower().replace(" ", "")):
        return f"Write it as {bare.lower().replace(' ', '')}."
    return _EXAMPLES
