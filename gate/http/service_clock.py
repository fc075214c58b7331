"""The service's own clock, known from the Date headers of its answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct, field

from gate.errors import AnswerUnreadable

if TYPE_CHECKING:
    from collections.abc import Callable

# A Date header has whole seconds and was on its way for some time: less than this is no skew.
_TRUSTED = timedelta(seconds=2)
_FURTHEST = timedelta(days=400)
_REMEDY = "Look for what changes answers between here and the service; else report it."
_HALF_SECOND = timedelta(milliseconds=500)


class ServiceClock(Struct):
    """Tells the service's time from the machine's and how far they are apart."""

    machine: Callable[[], datetime]
    skew: timedelta = field(default=timedelta(0))
    """How far the service's clock is ahead of the machine's; zero below two seconds."""

    def now(self) -> datetime:
        """Return the service's time, in UTC."""
        return self.machine() + self.skew

    def hear(self, date: str) -> None:
        """Take note of a Date header, ``""`` for none.

        Raises ``AnswerUnreadable`` for one that is no date, or further from the machine's clock
        than a certificate lives: TLS would have failed with such a clock.
        """
        if not date:
            return
        try:
            time = _read(date)
            # Whole seconds are cut off, so the middle of the second is the best guess.
            skew = time.replace(tzinfo=time.tzinfo or UTC) + _HALF_SECOND - self.machine()
        except (ValueError, OverflowError):
            raise AnswerUnreadable("Its Date header is not a date.", _REMEDY) from None
        if abs(skew) > _FURTHEST:
            raise AnswerUnreadable(
                f"Its Date header is {abs(skew).days} days from this machine's clock.",
                "Set the machine's clock (NTP); if it is right, report it.",
            )
        self.skew = skew if abs(skew) >= _TRUSTED else timedelta(0)


@lru_cache(maxsize=1)  # many answers come within a second
def _read(date: str) -> datetime:
    return parsedate_to_datetime(date)
