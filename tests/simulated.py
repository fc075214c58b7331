"""A clock that is moved by sleeping on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gate.clock import Clock, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class SimulatedTime:
    """Time that passes only in ``sleep``; ``slept`` holds each sleep in seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    @property
    def clock(self) -> Clock:
        return Clock(
            now=lambda: START + timedelta(seconds=self.seconds),
            monotonic=lambda: self.seconds,
            sleep=self.sleep,
        )

    def run(
        self,
        *,
        deadline: float = 100.0,
        environment: Mapping[str, str] | None = None,
        observer: Callable[[str], None] | None = None,
        jitter: float = 1.0,
    ) -> Run:
        """Return a run on this clock, whose waits are full by default."""
        return Run(
            clock=self.clock,
            deadline=deadline,
            environment=environment or {},
            observer=observer,
            jitter=lambda: jitter,
        )
