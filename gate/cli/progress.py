"""Show where a run stands: one live line on a terminal, plain lines in a log."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Self

import anyio

from gate.clock import say_duration
from gate.untrusted import for_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.audit import Headway
    from gate.check import Awaited, Progress
    from gate.cli.terminal import Terminal
    from gate.clock import Run

LIVE, PLAIN = 0.5, 29.0  # seconds between two lines of an audit, on a terminal and in a log

_ERASE = "\r\x1b[2K"  # back to the line's beginning, and clear it
_LIVE_TICK, _LOG_TICK = 1.0, 29.0  # seconds
_MOST_NAMES = 3
_NARROWEST = 20  # columns


class _LiveLine:
    """One line of a terminal that is written anew in its width, and removed at the end."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._open = False

    def show(self, *texts: str) -> None:
        """Write the first of these texts that has room, the last one cut if none has."""
        room = max(self._terminal.width() - 1, _NARROWEST)
        text = next((text for text in texts if len(text) <= room), texts[-1])
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
            self._line.show(*_in_less_and_less_room(progress))
            return
        states = f"{progress.blocked}{_states(progress)}"
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
            seconds = _seconds(run.clock.monotonic() - started)
            text = f"{headway}; {seconds} so far"
            if terminal.live:
                # The bar needs no room for what the numbers say.
                line.show(f"{headway.bar()} {text}", f"{headway.percent()} in {seconds}: {headway}")
            else:
                terminal.write(f"auditing: {text}\n")
    finally:
        line.close()


def _waiting(progress: Progress) -> str:
    """Say what is awaited, its state, how long so far, and when the gate gives up."""
    blocked = f"BLOCK {_named(progress.blocked)}; " if progress.blocked else ""
    return (
        f"{blocked}waiting for {_states(progress, now=True)}; {_seconds(progress.seconds)} so far, "
        f"gives up in {_seconds(progress.seconds_left)}"
    )


def _in_less_and_less_room(progress: Progress) -> Iterator[str]:
    """Say the same in fewer and fewer columns: without what is known, then without names.

    A name is never cut: half of it would be another one.
    """
    yield _waiting(progress)
    left = f"{_seconds(progress.seconds_left)} left"
    blocked = f"BLOCK {_named(progress.blocked)}; " if progress.blocked else ""
    number = f"{len(progress.blocked)} blocked; " if progress.blocked else ""
    one = _names_and_states(progress, most=1, now=True)
    yield f"{blocked}{_states(progress, now=True)}; {left}"
    yield f"{blocked}{one}; {left}"
    yield f"{number}{one}; {left}"
    counts = Counter(_doing(image, now=True) for image in progress.images)
    several = ", ".join(f"{count} {doing}" for doing, count in counts.items())
    yield f"{blocked}{several}; {left}"
    yield f"{number}{several}; {left}"
    yield f"{number}waiting for {len(progress.images)}; {left}"


def _named(names: Sequence[str]) -> str:
    named = ", ".join(map(for_terminal, names[:_MOST_NAMES]))
    more = len(names) - _MOST_NAMES
    return named + (f" and {more} more" if more > 0 else "")


def _states(progress: Progress, *, now: bool = False) -> str:
    """Say what images do; what changes every second is only said of ``now``."""
    return _names_and_states(progress, most=_MOST_NAMES, now=now)


def _names_and_states(progress: Progress, *, most: int, now: bool) -> str:
    named = [
        f"{for_terminal(image.name)}: {_doing(image, now=now)}" for image in progress.images[:most]
    ]
    more = len(progress.images) - len(named)
    return ", ".join(named) + (f", and {more} more" if more else "")


def _doing(image: Awaited, *, now: bool) -> str:
    if image.again_in is None:
        return for_terminal(image.doing)
    return f"finished, reads again in {_seconds(image.again_in)}" if now else "finished"


def _seconds(seconds: float) -> str:
    return say_duration(timedelta(seconds=round(seconds)))
