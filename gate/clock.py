"""Time, passed in: only the command line reads the machine's own; and durations as text.

duration = "0" / 1*7DIGIT unit           as in 90s or 7d
unit     = "s" / "m" / "h" / "d"         seconds, minutes, hours, days of 24 hours
"""

from __future__ import annotations

import os
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime


class Clock(Struct, frozen=True):
    """Three ways to ask for time.

    ``now`` gives the time of day in UTC, ``monotonic`` seconds that never go back, ``sleep`` waits
    for a number of seconds.
    """

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]


def _fraction() -> float:
    """Return a random number from 0 to 1; as ``SystemRandom``, whose module is slow to import."""
    return int.from_bytes(os.urandom(7)) / 2**56


class Run(Struct, frozen=True, kw_only=True):
    """What all that takes part in one run has in common.

    ``deadline`` is a time of ``clock.monotonic``. ``environment`` holds variables by their names.
    ``observer`` is told of each request in a line that holds no secret. ``jitter`` gives numbers
    from 0 to 1, which spread the attempts of many runs. ``options`` are those that the command has,
    ``None`` for any: advice names no others. ``repr`` shows no variable.
    """

    clock: Clock
    deadline: float
    environment: Mapping[str, str]
    observer: Callable[[str], None] | None = None
    jitter: Callable[[], float] = _fraction
    options: frozenset[str] | None = None

    def __repr__(self) -> str:
        return f"Run(deadline={self.deadline!r})"

    def remaining(self) -> float:
        """Return the seconds that are left until the deadline; 0 or less for none."""
        return self.deadline - self.clock.monotonic()

    def offers(self, option: str) -> bool:
        """Tell whether the command has an option, so that advice may name it."""
        return self.options is None or option in self.options


# Ten years, so that no sum of a time and a duration leaves the calendar.
LONGEST = timedelta(days=3650)

_UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_DURATION = re.compile(r"(?P<number>[0-9]{1,7})(?P<unit>[smhd])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
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


def parse_day(text: str) -> date:
    """Return the day that a text says, ``YYYY-MM-DD``; raises ``ValueError`` for all else."""
    if not _DAY.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a day. Write it as YYYY-MM-DD, such as 2027-01-31.")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is a day that no calendar has.") from None


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
    words = " ".join(f"{count}{letter}" for count, letter in counts[first : first + 2] if count)
    sign = "-" if seconds < 0 else ""
    return f"{sign}{words or '0s'}"


def _hint(text: str) -> str:
    bare = text.strip()
    if re.fullmatch("[0-9]{1,7}", bare):
        return f"It has no unit: write {bare}s for seconds, {bare}m for minutes."
    if _DURATION.fullmatch(bare.lower().replace(" ", "")):
        return f"Write it as {bare.lower().replace(' ', '')}."
    return _EXAMPLES
