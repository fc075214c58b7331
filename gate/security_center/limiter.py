"""A limit on concurrent requests that adapts: halved when throttled, growing again slowly."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Limiter:
    """Lets at most ``limit`` requests be on their way; never more than ``ceiling``, nor none."""

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self._allowed = float(ceiling)
        self._cuts = 0
        self._slots = anyio.CapacityLimiter(ceiling)

    @property
    def limit(self) -> int:
        """How many requests may be on their way now."""
        return int(self._allowed)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[int]:
        """Hold a slot; gives what ``throttled`` wants to be told of this request."""
        async with self._slots:
            yield self._cuts

    def throttled(self, sent_at: int) -> None:
        """Halve the limit, once for all requests that were sent under the same limit."""
        if sent_at == self._cuts:
            self._cuts += 1
            self._set(max(1.0, self._allowed / 2))

    def succeeded(self) -> None:
        """Grow by about one for each round of as many successes as the limit allows."""
        if self._allowed < self._ceiling:
            self._set(min(float(self._ceiling), self._allowed + 1 / self._allowed))

    def _set(self, allowed: float) -> None:
        self._allowed = allowed
        self._slots.total_tokens = int(allowed)
