from __future__ import annotations

from tests.cli.conftest import _clean, gate, serve
from tests.registry.conftest import anyio_backend, basic_registry, open_registry, token_registry

# The fixtures of the command line's tests, and real registries.
__all__ = [
    "_clean",
    "anyio_backend",
    "basic_registry",
    "gate",
    "open_registry",
    "serve",
    "token_registry",
]
