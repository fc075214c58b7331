"""An event loop whose time passes only while nobody has anything to do.

Sleeping costs nothing, computing takes no time, and sockets of this process are real: so hours of
many clients and their server pass in seconds, and come out the same on any machine.
"""

from __future__ import annotations

import asyncio
import selectors
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import anyio

from gate.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_START = datetime(2026, 3, 1, 12, tzinfo=UTC)
_GRACE = 0.0005  # seconds of real time in which what was sent to this process's sockets arrives


class _Selector(selectors.DefaultSelector):
    """Skips the time in which nothing would happen."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        events = super().select(_GRACE)
        if not events:
            self.skipped += timeout
        return events


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.skipped


def run(main: Callable[[Clock], Awaitable[None]]) -> None:
    """Run a function on such a loop; it is given the loop's clock, which starts at 0."""

    async def started() -> None:
        time = asyncio.get_running_loop().time
        await main(
            Clock(
                now=lambda: _START + timedelta(seconds=time()),
                monotonic=time,
                sleep=anyio.sleep,
            )
        )

    anyio.run(started, backend_options={"loop_factory": _Loop})
