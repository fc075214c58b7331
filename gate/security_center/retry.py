"""Ask again until there is an answer, a refusal, or no time left.

A loop of our own: waits come from the service's header as well as from back-off, each trouble has
its own number of tries, and time is the caller's clock, so that tests run on a simulated one.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from gate.errors import ServiceFailing, ServiceUnreachable
from gate.security_center.faults import Trouble

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gate.clock import Clock

T = TypeVar("T")

_FIRST_WAIT = 0.4  # seconds
_LONGEST_WAIT = 20.0
_DOUBLINGS = 10

NO_TIME = Trouble(what="no time was left to ask", answered=False)
"""What an attempt is that finds the time used up, such as by waiting for its turn."""


class Patience(Struct, kw_only=True):
    """How long a client keeps trying; one for all of its requests.

    ``deadline`` is a time of the monotonic clock. A service that has never answered anything is
    given up ``give_up_unanswered`` seconds after the first request. ``jitter`` gives numbers from 0
    to 1.
    """

    host: str
    clock: Clock
    deadline: float
    give_up_unanswered: float
    jitter: Callable[[], float]
    answered: bool = False
    _last: Trouble | None = None
    _since: float | None = None

    def remaining(self) -> float:
        """Return how many seconds a request may take from now on; 0 or less for none."""
        now = self.clock.monotonic()
        if self._since is None:
            self._since = now
        return self._end() - now

    def _end(self) -> float:
        if self.answered or self._since is None:
            return self.deadline
        return min(self.deadline, self._since + self.give_up_unanswered)

    async def until_answered(
        self, operation: str, attempt: Callable[[], Awaitable[T | Trouble]]
    ) -> T:
        """Attempt until there is an answer.

        Raises what an attempt raises, a trouble's own error when its tries are used up,
        ``ServiceUnreachable`` if the service never answered anything, and ``ServiceFailing`` when
        the next attempt would come after the deadline.
        """
        seen: Counter[str] = Counter()
        while self.remaining() > 0:
            outcome = await attempt()
            if not isinstance(outcome, Trouble):
                self.answered = True
                return outcome
            if outcome is NO_TIME:
                break
            if self._last is None or self.remaining() > 0:
                self._last = outcome  # one that was cut short by the deadline tells less
            seen[outcome.what] += 1
            self.answered = self.answered or outcome.answered
            if outcome.error is not None and seen[outcome.what] >= outcome.tries:
                raise outcome.error
            if outcome.throttled:
                continue  # the limiter lets the next attempt wait
            wait = self._wait(seen.total(), outcome)
            if wait >= self.remaining():
                break
            await self.clock.sleep(wait)
        raise self._given_up(operation)

    def _wait(self, tries: int, trouble: Trouble) -> float:
        """Return exponential back-off with full jitter, on top of what the service asked for."""
        backoff = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(tries - 1, _DOUBLINGS))
        return (trouble.wait or 0.0) + backoff * self.jitter()

    def _given_up(self, operation: str) -> ServiceFailing | ServiceUnreachable:
        last = self._last or NO_TIME
        if not self.answered and self._last is not None:
            return ServiceUnreachable(f"{self.host} can't be reached: {last.what}.", last.remedy)
        return ServiceFailing(
            f"{self.host} gave no answer to {operation} in time; the last trouble: {last.what}.",
            "Try again later, or give it more time (--timeout).",
        )
