from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from gate.clock import Clock


@dataclass
class Time:
    """A time that passes only while somebody sleeps."""

    passed: float = 0.0
    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds

    @property
    def clock(self) -> Clock:
        return Clock(
            now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
            monotonic=lambda: self.passed,
            sleep=self.sleep,
        )


@pytest.fixture
def time() -> Time:
    return Time()
