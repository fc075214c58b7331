from __future__ import annotations

import pytest

from tests.cli.conftest import _clean, gate, serve

# The fixtures of the command line's tests: a clean environment, the command, a served sandbox.
__all__ = ["_clean", "gate", "serve"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
