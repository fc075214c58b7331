"""What a check can't do without: its imports, its connections and its round trips, and no more.

Arguments: endpoint, names of modules (a comma between), requests at once in each round (the same).
The requests are not signed, so the sandbox refuses them, after its usual latency. Python searches
for cycles as seldom as in the gate.
"""

from __future__ import annotations

import gc
import sys
from contextlib import suppress
from importlib import import_module

import anyio


async def main(endpoint: str, rounds: list[int]) -> None:
    """Send requests, round after round."""
    import aiohttp

    async def ask() -> None:
        async with session.post(endpoint) as answer:
            await answer.read()

    async with aiohttp.ClientSession() as session:
        for number in rounds:
            async with anyio.create_task_group() as group:
                for _ in range(number):
                    group.start_soon(ask)


if __name__ == "__main__":
    gc.set_threshold(100_000)
    for module in sys.argv[2].split(","):
        with suppress(ImportError):  # of another system, or not installed: those are tried, too
            import_module(module)
    anyio.run(main, sys.argv[1], [int(number) for number in sys.argv[3].split(",")])
    gc.freeze()
