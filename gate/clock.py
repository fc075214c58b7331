"""Time, passed in: only the command line reads the machine's own."""

from __future__ import annotations

import os
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
    from 0 to 1, which spread the attempts of many runs.
    """

    clock: Clock
    deadline: float
    environment: Mapping[str, str]
    observer: Callable[[str], None] | None = None
    jitter: Callable[[], float] = _fraction

    def remaining(self) -> float:
        """Return the seconds that are left until the deadline; 0 or less for none."""
        return self.deadline - self.clock.monotonic()
