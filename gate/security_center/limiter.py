"""How fast a client may ask: as it likes, until the service says that requests come too fast.

A quota is shared by all who use the account, and they don't know of one another. So a client that
is throttled keeps a pace: as many requests a second as were let through in the last one, less a
fifth. One a second leaves the quota's window just when the next one comes, so those who are under
way keep their places, and only newcomers collide. A newcomer, to whom nothing was answered yet, has
come into a crowd: it waits long, and longer each time, before it tries again, alone.

A service that says when to come again is believed once: the client comes just after that time, and
each answer doubles its pace (slow start), until there is none or it is throttled again. So a client
that was alone loses little more than the time that it was told.
"""

from __future__ import annotations

from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from gate.clock import Clock

_WINDOW = 1.0  # seconds; quotas count by the second
_LESS = 0.8  # of what was let through, so that others find room
_CALM = 12.0  # seconds without throttling before a pace grows by
_MORE = 1.25
_FREE = 100.0  # requests a window; a pace as fast as this is none
_LONGEST_PAUSE = 20.0
_NEWCOMER, _GROWTH, _LONGEST_WAIT = 30.0, 5.0, 180.0
_SHORTEST_WAIT = 1.0
_SPREAD = 0.2  # of the time that the service tells: clients told the same don't come at once
_SLOW_START = 4.0  # requests a window, where a pace that doubles begins
_NO_TIME = 0.001  # seconds; less is no wait


class Limiter:
    """Lets at most ``ceiling`` requests be on their way, at the pace that the service allows.

    ``remaining`` gives the seconds until the client gives up, ``jitter`` numbers from 0 to 1.
    """

    def __init__(
        self,
        ceiling: int,
        *,
        clock: Clock,
        remaining: Callable[[], float],
        jitter: Callable[[], float],
    ) -> None:
        self._ceiling = ceiling
        self._clock = clock
        self._remaining = remaining
        self._jitter = jitter
        self._slots = anyio.CapacityLimiter(ceiling)
        self._next = clock.monotonic()  # when the next request may leave
        self._left = self._next  # when the last one did
        self._pace = 0.0  # requests a window; 0 for any number
        self._changed = 0.0  # when the pace was last set
        self._through: deque[float] = deque(maxlen=int(_FREE))  # when the last were let through
        self._newcomer = 0.0  # how long a newcomer waits; 0 for who is none
        self._doubles_from: float | None = None  # since when answers double the pace; None: never
        self._cuts = 0
        self._in_a_row = 0

    @property
    def wait(self) -> float:
        """Return the seconds until a request may leave; 0 or less for none."""
        return self._next - self._clock.monotonic()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[int | None]:
        """Hold a slot from the moment on when a request may leave; none is held while waiting.

        Gives what ``throttled`` wants to be told of this request, or ``None`` where the turn would
        come after the client gave up.
        """
        while True:
            async with self._slots:
                if self.wait <= _NO_TIME:
                    self._left = self._clock.monotonic()
                    if self._pace:
                        self._next = self._left + _WINDOW / self._pace
                    yield self._cuts
                    return
            if self.wait >= self._remaining():
                yield None
                return
            await self._clock.sleep(max(0.0, self.wait))  # the time may have come meanwhile

    def throttled(self, sent_at: int, wait: float | None = None) -> None:
        """Slow down, once for all requests that left before; ``wait`` is what the service asks."""
        now = self._clock.monotonic()
        pause = 0.0
        if sent_at == self._cuts:
            self._cuts += 1
            self._in_a_row += 1
            self._changed = now
            pause = self._slow_down(now) if self._through else self._stay_away(wait)
            self._doubles_from = None
            if wait and self._cuts == 1:
                pause = _SPREAD * wait * self._jitter()
                self._doubles_from = now + wait + pause
        self._next = max(self._next, now + (wait or 0.0) + pause)

    def _slow_down(self, now: float) -> float:
        """Set the pace to what is let through; return the seconds until the next try."""
        recent = sum(at > now - _WINDOW for at in self._through)
        self._pace = max(1.0, _LESS * recent)
        pause = min(_LONGEST_PAUSE, 2.0**self._in_a_row * _WINDOW / self._pace)
        return pause * (0.3 + self._jitter())

    def _stay_away(self, wait: float | None) -> float:
        """Return the seconds until a newcomer's next try, shorter where little time is left.

        What the service says is where its waits begin.
        """
        first = min(_NEWCOMER, wait) if wait else _NEWCOMER
        self._newcomer = min(_LONGEST_WAIT, self._newcomer * _GROWTH or first)
        self._slots.total_tokens = 1
        pause = self._newcomer * (0.5 + self._jitter())
        return min(pause, max(_SHORTEST_WAIT, self._remaining() / 4))

    def succeeded(self) -> None:
        """Keep the pace, or let it grow: in a slow start at once, else after a calm time."""
        now = self._clock.monotonic()
        self._through.append(now)
        self._in_a_row = 0
        doubling = self._doubles_from is not None and self._left >= self._doubles_from
        if self._newcomer:
            self._newcomer, self._pace = 0.0, _SLOW_START if doubling else 1.0
            self._slots.total_tokens = self._ceiling
            self._go_on(now)
        elif self._pace and doubling:
            self._pace *= 2.0
            self._go_on(now)
        elif self._pace and now - self._changed >= _CALM:
            self._pace, self._changed = self._pace * _MORE, now
        if self._pace >= _FREE:
            self._pace = 0.0

    def _go_on(self, now: float) -> None:
        """Let the next request leave as the pace that was just set allows."""
        self._changed = now
        self._next = max(now, self._left + _WINDOW / self._pace)
