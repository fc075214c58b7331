"""Time, passed in: only the command line reads the machine's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime


class Clock(Struct, frozen=True):
    """Three ways to ask for time.

    ``now`` gives the time of day in UTC, ``monotonic`` seconds that never go back, ``sleep`` waits
    for a number of seconds.
    """

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
