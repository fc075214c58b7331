"""Show where a run stands: one live line on a terminal, plain lines in a log."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Self

import anyio

from gate.clock import say_duration
from gate.untrusted import for_terminal

if TYPE_CHECKING:
    from gate.audit import Headway
    from gate.check import Progress
    from gate.cli.terminal import Terminal
    from gate.clock import Run

LIVE, PLAIN = 0.5, 29.0  # seconds between two lines of an audit, on a terminal and in a log

_ERASE = "\r\x1b[2K"  # back to the line's beginning, and clear it
_LIVE_TICK, _LOG_TICK = 1.0, 29.0  # seconds
_MOST_NAMES = 3
_NARROWEST = 20  # columns


class _LiveLine:
    """One line of a terminal that is written anew, cut to its width, and removed at the end."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._open = False

    def show(self, text: str) -> None:
        """Write the line anew."""
        room = max(self._terminal.width() - 1, _NARROWEST)
        cut = text if len(text) <= room else f"{text[: room - 3]}..."
        self._terminal.write(f"{_ERASE}{cut}")
        self._open = True

    def close(self) -> None:
        """Remove the line, if there is one."""
        if self._open:
            self._terminal.write(_ERASE)
            self._open = False


class WaitProgress:
    """Shows what a check waits for; a context manager, which removes the live line.

    A log gets a plain line whenever a state changes, and at least every 30 seconds.
    """

    def __init__(self, terminal: Terminal) -> None:
        self.tick = _LIVE_TICK if terminal.live else _LOG_TICK
        self._terminal = terminal
        self._line = _LiveLine(terminal)
        self._states: str | None = None
        self._written_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._line.close()

    def show(self, progress: Progress) -> None:
        """Show where the wait stands."""
        if self._terminal.live:
            self._line.show(_waiting(progress))
            return
        states = _states(progress)
        if states == self._states and progress.seconds - self._written_at < self.tick:
            return
        self._states, self._written_at = states, progress.seconds
        self._terminal.write(f"{_waiting(progress)}\n")


async def show_audit(headway: Headway, run: Run, terminal: Terminal) -> None:
    """Show how far an audit is until this is cancelled."""
    started = run.clock.monotonic()
    line = _LiveLine(terminal)
    try:
        while True:
            await anyio.sleep(LIVE if terminal.live else PLAIN)
            text = f"{headway}; {_seconds(run.clock.monotonic() - started)} so far"
            if terminal.live:
                line.show(f"{headway.bar()} {text}")
            else:
                terminal.write(f"auditing: {text}\n")
    finally:
        line.close()


def _waiting(progress: Progress) -> str:
    """Say what is awaited, its state, how long so far, and when the gate gives up."""
    return (
        f"waiting for {_states(progress)}; {_seconds(progress.seconds)} so far, "
        f"gives up in {_seconds(progress.seconds_left)}"
    )


def _states(progress: Progress) -> str:
    named = [
        f"{for_terminal(image.name)}: {for_terminal(image.doing)}"
        for image in progress.images[:_MOST_NAMES]
    ]
    more = len(progress.images) - len(named)
    return ", ".join(named) + (f", and {more} more" if more else "")


def _seconds(seconds: float) -> str:
    return say_duration(timedelta(seconds=round(seconds)))
