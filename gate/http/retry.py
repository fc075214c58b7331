"""Ask again until there is an answer, a refusal, or no time left.

A loop of our own: waits come from the service's header as well as from back-off, each trouble has
its own number of tries, and time is the caller's clock, so that tests run on a simulated one.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from gate.errors import ServiceFailing, ServiceUnreachable
from gate.http.exchange import NO_TIME, Trouble

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gate.clock import Run

T = TypeVar("T")

_LONGEST_WAIT = 20.0  # seconds
_DOUBLINGS = 10


class Retry(Struct, kw_only=True):
    """How long a client keeps trying one host; one for all of its requests.

    A service that has never answered anything is given up ``give_up_unanswered`` seconds after the
    first request. ``tries`` is how often one request is made at most, 0 for any number until the
    run's deadline. ``first_wait`` is the most that is waited before the second attempt.
    """

    host: str
    run: Run
    give_up_unanswered: float = 30.0
    tries: int = 0
    first_wait: float = 0.4
    answered: bool = False
    _last: Trouble | None = None
    _since: float | None = None

    def remaining(self) -> float:
        """Return how many seconds a request may take from now on; 0 or less for none."""
        now = self.run.clock.monotonic()
        if self._since is None:
            self._since = now
        return self._end() - now

    def _end(self) -> float:
        if self.answered or self._since is None:
            return self.run.deadline
        return min(self.run.deadline, self._since + self.give_up_unanswered)

    async def until_answered(
        self, operation: str, attempt: Callable[[], Awaitable[T | Trouble]]
    ) -> T:
        """Attempt until there is an answer.

        Raises what an attempt raises, a trouble's own error when its tries are used up,
        ``ServiceUnreachable`` if the service never answered anything, and ``ServiceFailing`` when
        the next attempt would come after the deadline.
        """
        troubles: Counter[str] = Counter()
        while self.remaining() > 0:
            outcome = await attempt()
            if not isinstance(outcome, Trouble):
                self.answered = True
                return outcome
            if outcome is NO_TIME:
                break
            if self._last is None or self.remaining() > 0:
                self._last = outcome  # one that was cut short by the deadline tells less
            troubles[outcome.what] += 1
            self.answered = self.answered or outcome.answered
            if outcome.error is not None and troubles[outcome.what] >= outcome.tries:
                raise outcome.error
            if self.tries and (outcome.lasts or troubles.total() >= self.tries):
                break
            if outcome.throttled:
                continue  # the limiter lets the next attempt wait
            wait = self._wait(troubles.total(), outcome)
            if wait >= self.remaining():
                break
            await self.run.clock.sleep(wait)
        raise self._given_up(operation)

    def _wait(self, tries: int, trouble: Trouble) -> float:
        """Return exponential back-off with full jitter, on top of what the service asked for."""
        backoff = min(_LONGEST_WAIT, self.first_wait * 2.0 ** min(tries - 1, _DOUBLINGS))
        return (trouble.wait or 0.0) + backoff * self.run.jitter()

    def _given_up(self, operation: str) -> ServiceFailing | ServiceUnreachable:
        last = self._last or NO_TIME
        if not self.answered and self._last is not None:
            return ServiceUnreachable(f"{self.host} can't be reached: {last.what}.", last.remedy)
        return ServiceFailing(
            f"{self.host} gave no answer to {operation} in time; the last trouble: {last.what}.",
            "Try again later"
            + (", or give it more time (--timeout)." if self.run.offers("--timeout") else "."),
        )
