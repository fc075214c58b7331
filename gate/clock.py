"""Time, passed in: only the command line reads the machine's own."""

from __future__ import annotations

from random import SystemRandom
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


class Run(Struct, frozen=True, kw_only=True):
    """What one run carries along."""

    clock: Clock
    deadline: float
    environment: Mapping[str, str]
    observer: Callable[[str], None] | None = None
    jitter: Callable[[], float] = SystemRandom().random
