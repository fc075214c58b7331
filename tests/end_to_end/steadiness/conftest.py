from __future__ import annotations

from tests.steadiness.conftest import _clean, anyio_backend, gate, serve

__all__ = ["_clean", "anyio_backend", "gate", "serve"]
