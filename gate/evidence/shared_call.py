"""A call whose result several wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Self, TypeVar

import anyio

from gate.errors import GateError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio.abc import TaskGroup

T = TypeVar("T")


class SharedCall(Generic[T]):
    """A call that is made once, in a task group, when it is begun or first waited for.

    The trouble that it meets is kept for those who wait, so that it doesn't cancel its siblings:
    what the others find out may decide without it.
    """

    def __init__(self, group: TaskGroup, call: Callable[[], Awaitable[T]]) -> None:
        self._group = group
        self._call = call
        self._begun = False
        self._done = anyio.Event()
        self._value: list[T] = []
        self._trouble: GateError | None = None

    def begin(self) -> Self:
        """Start the call, unless it has begun."""
        if not self._begun:
            self._begun = True
            self._group.start_soon(self._run)
        return self

    async def _run(self) -> None:
        try:
            self._value.append(await self._call())
        except GateError as trouble:
            self._trouble = trouble
        finally:
            self._done.set()

    async def get(self) -> T:
        """Wait for the value; raise the trouble that the call met."""
        self.begin()
        await self._done.wait()
        if self._trouble is not None:
            raise self._trouble
        return self._value[0]
