"""End a run before its evidence is complete: long after its deadline, or at a signal."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import anyio
from msgspec.structs import replace

from gate.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any

    from gate.verdict import Verdict

_GUARD = 5.0  # seconds after the deadline when a run that still hangs is stopped from outside
_SIGNALS = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


def guard(left: float) -> anyio.CancelScope:
    """Return a scope that stops what hangs although its ``left`` seconds are over."""
    return anyio.CancelScope(deadline=anyio.current_time() + left + _GUARD)


async def heeding_signals(
    stop: anyio.CancelScope,
    judge: Callable[[], Awaitable[Verdict]],
    *beside: Callable[[], Coroutine[Any, Any, None]],
) -> Verdict:
    """Return what ``judge`` does; a signal stops the gathering, and its code is the verdict's.

    What runs ``beside`` is cancelled once there is a verdict.
    """
    received: list[ExitCode] = []
    async with anyio.create_task_group() as group:
        group.start_soon(heed, stop, received)
        for each in beside:
            group.start_soon(each)
        verdict = await judge()
        group.cancel_scope.cancel()
    return replace(verdict, exit_code=received[0]) if received else verdict


async def heed(stop: anyio.CancelScope, received: list[ExitCode]) -> None:
    """End the gathering of evidence at the first signal that asks for it."""
    try:
        with anyio.open_signal_receiver(*_SIGNALS) as signals:
            async for number in signals:
                received.append(_SIGNALS[number])
                stop.cancel()
    except NotImplementedError:
        return  # Windows: Ctrl-C ends the program without a report
