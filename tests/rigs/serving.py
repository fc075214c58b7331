"""Servers that are served in a thread, for tests and programs that don't share their loop."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from anyio.from_thread import start_blocking_portal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager

T = TypeVar("T")


@contextmanager
def in_thread(server: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Serve from entry to exit; gives what the server itself gives."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(server) as given:
        yield given
