"""Values that are being asked for, and that several wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import anyio

from gate.errors import GateError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio.abc import TaskGroup

T = TypeVar("T")


class Later(Generic[T]):
    """The result of a call that runs in a task group, or the trouble that it met.

    A trouble is kept for those who ask for the value, so that it doesn't cancel its siblings:
    what the others find out may decide without it.
    """

    def __init__(self, group: TaskGroup, call: Callable[[], Awaitable[T]]) -> None:
        self._done = anyio.Event()
        self._value: list[T] = []
        self._trouble: GateError | None = None
        group.start_soon(self._run, call)

    async def _run(self, call: Callable[[], Awaitable[T]]) -> None:
        try:
            self._value.append(await call())
        except GateError as trouble:
            self._trouble = trouble
        finally:
            self._done.set()

    async def get(self) -> T:
        """Wait for the value; raise the trouble that the call met."""
        await self._done.wait()
        if self._trouble is not None:
            raise self._trouble
        return self._value[0]


class Lazily(Generic[T]):
    """A ``Later`` that begins when it is told to, or when somebody asks for its value."""

    def __init__(self, group: TaskGroup, call: Callable[[], Awaitable[T]]) -> None:
        self._group = group
        self._call = call
        self._later: Later[T] | None = None

    def begin(self) -> Later[T]:
        """Start the call, unless it has begun."""
        if self._later is None:
            self._later = Later(self._group, self._call)
        return self._later

    async def get(self) -> T:
        """Wait for the value; raise the trouble that the call met."""
        return await self.begin().get()
