from __future__ import annotations

import pytest

from tests.simulated import SimulatedTime


@pytest.fixture
def time() -> SimulatedTime:
    return SimulatedTime()
