"""A run that is cancelled at any moment leaves neither a task nor a connection behind."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from gate.audit import Scope
from gate.cli import audit, judging
from tests.end_to_end.steadiness.running import (
    SHOP,
    gathering,
    new_run,
    open_sockets,
    policies,
    references,
    service,
    silent,
)
from tests.rigs.programs import sandbox_program

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from gate.clock import Run

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(os.name == "nt", reason="it counts sockets as Unix names them"),
]

IMAGES = [f"{SHOP}/{name}" for name in ("web:1.4", "api:2.0", "bulk:1.0", "batch:3.1")]
MOST_REQUESTS = 18
LONGEST = 0.15  # seconds; a whole run takes less


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("sandbox")
    with sandbox_program(folder, "--fault", "latency=0.3", "--fault", "reset=0.05") as url:
        yield url


@dataclass(frozen=True)
class Before:
    """What was there before a run: the test's own tasks, and the loop's own sockets."""

    tasks: frozenset[asyncio.Task[Any]]
    sockets: int

    @classmethod
    def now(cls) -> Before:
        return cls(frozenset(asyncio.all_tasks()), open_sockets())

    async def assert_nothing_more_is_left(self) -> None:
        """Give closed transports the turns of the loop that closing takes, and look."""
        for _ in range(100):
            if open_sockets() == self.sockets:
                break
            await anyio.sleep(0.005)
        assert self.tasks == asyncio.all_tasks()
        assert self.sockets == open_sockets()


def runs(url: str, folder: Path) -> dict[str, Callable[[Run], Awaitable[object]]]:
    """Return what is to be cancelled, by name; each takes a run."""
    loaded = policies(folder)
    host = url.removeprefix("http://")
    images = references([*IMAGES, f"{host}/shop/api:2.0", f"{host}/shop/multi:1.0"])
    more = gathering(resolve=True, registry_hosts=(host,))
    scope = Scope.of(None, None, None)
    return {
        "check": lambda run: judging.gather(images, loaded, more, service(url), run, silent()),
        "audit": lambda run: audit.gather(
            scope, loaded, service(url), run, silent(), concurrency=4
        ),
    }


@pytest.mark.parametrize("command", ["check", "audit"])
async def test_cancelled_at_any_moment(url: str, tmp_path: Path, command: str) -> None:
    run = runs(url, tmp_path)[command]
    random = Random(4711)  # noqa: S311 - repeatable
    before = Before.now()
    for _ in range(25):
        with anyio.move_on_after(random.uniform(0, LONGEST)):
            await run(new_run())
        await before.assert_nothing_more_is_left()


@pytest.mark.parametrize("command", ["check", "audit"])
async def test_cancelled_after_any_request(url: str, tmp_path: Path, command: str) -> None:
    run = runs(url, tmp_path)[command]
    before = Before.now()
    for number in range(0, MOST_REQUESTS, 3):
        told: list[str] = []
        with anyio.CancelScope() as scope:

            def hear(line: str, told: list[str] = told, scope: anyio.CancelScope = scope) -> None:
                told.append(line)
                if len(told) > number:  # noqa: B023 - called within this turn only
                    scope.cancel()

            await run(new_run(hear))
        assert len(told) >= min(number, 6), told
        await before.assert_nothing_more_is_left()
