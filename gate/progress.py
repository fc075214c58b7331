"""Show where a wait stands: one live line on a terminal, plain lines in a log."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gate.duration import say_duration
from gate.untrusted import for_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.wait import Progress

ERASE = "\r\x1b[2K"  # back to the line's begin, and clear it
_MOST_NAMES = 3


class LogProgress:
    """Writes a plain line whenever a state changes, and at least every 30 seconds."""

    tick = 29.0

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._shown: str | None = None
        self._shown_at = 0.0

    def show(self, progress: Progress) -> None:
        """Write a line, unless it would say what the last one said less than 29 seconds ago."""
        states = _states(progress)
        if states == self._shown and progress.seconds - self._shown_at < self.tick:
            return
        self._shown, self._shown_at = states, progress.seconds
        self._write(f"{sentence(progress)}\n")


class LiveProgress:
    """Keeps one line of a terminal up to date; ``close`` removes it."""

    tick = 1.0

    def __init__(self, write: Callable[[str], None], width: Callable[[], int]) -> None:
        self._write = write
        self._width = width
        self._open = False

    def show(self, progress: Progress) -> None:
        """Write the line anew, cut to the terminal's width."""
        line = sentence(progress)
        room = max(self._width() - 1, 20)
        self._write(ERASE + (line if len(line) <= room else f"{line[: room - 3]}..."))
        self._open = True

    def close(self) -> None:
        """Remove the line."""
        if self._open:
            self._write(ERASE)
            self._open = False


def sentence(progress: Progress) -> str:
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
