"""End a run before its evidence is complete: long after its deadline, or at a signal."""

from __future__ import annotations

import math
import signal
from typing import TYPE_CHECKING, TypeVar

import anyio

from gate.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any

T = TypeVar("T")

GUARD = 5.0  # seconds after the deadline when a run that still hangs is stopped from outside
_SIGNALS = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


class Stop:
    """What ends the gathering of evidence early; made inside an event loop.

    Evidence is gathered within ``scope``, which is cancelled some seconds after the ``left`` that
    the run has: whatever hangs then ignores its deadline. ``ended_by`` is the code of the first
    signal, ``None`` without one.
    """

    def __init__(self, left: float = math.inf) -> None:
        self.scope = anyio.CancelScope(deadline=anyio.current_time() + left + GUARD)
        self.ended_by: ExitCode | None = None

    async def heeding_signals(
        self, judge: Callable[[], Awaitable[T]], *beside: Callable[[], Coroutine[Any, Any, None]]
    ) -> T:
        """Return what ``judge`` does, which a signal hurries; ``beside`` runs as long."""
        async with anyio.create_task_group() as group:
            for each in (self.heed, *beside):
                group.start_soon(each)
            verdict = await judge()
            group.cancel_scope.cancel()
        return verdict

    async def heed(self) -> None:
        """End the gathering of evidence at the first signal that asks for it."""
        try:
            with anyio.open_signal_receiver(*_SIGNALS) as signals:
                async for number in signals:
                    self.end(_SIGNALS[number])
        except NotImplementedError:
            return  # Windows: Ctrl-C ends the program without a report

    def end(self, code: ExitCode) -> None:
        """End the gathering of evidence with the code of a signal; a second one changes nothing."""
        self.ended_by = self.ended_by or code
        self.scope.cancel()
