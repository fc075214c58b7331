"""A whole account: the gate, the official SDK's async client, and the bare limit.

All read the same pages, at the same number of requests at a time. What the gate asks beyond them
(the catalogue's totals, single images for the reports) counts against it.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from benchmarks.measuring import GATE, ROOT, Cost, interleaved, machine, table
from benchmarks.serving import served

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.measuring import Side

BLOCKED = 10  # the exit code of the gate's audits here
_GATE, _SDK, _BARE = "gate audit", "SDK, async", "the pages alone (aiohttp, msgspec)"


def main() -> None:
    """Print a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--no-sdk", action="store_true", help="leave the slowest side out")
    parser.add_argument("--runs", type=int, default=5, help="of each side, interleaved")
    given = parser.parse_args()
    print(
        f"{given.concurrency} requests at a time; medians of {given.runs} runs each. "
        f"On {machine()}.\n"
    )
    for images in given.images:
        costs = _measure(images, given.concurrency, given.runs, sdk=not given.no_sdk)
        compared = _compared(costs, rows_of(images))
        print(f"{images:,} images, {_findings(images):,} findings:\n\n{compared}\n", flush=True)


def _measure(images: int, concurrency: int, runs: int, *, sdk: bool) -> dict[str, Cost]:
    """Ask the same sandbox with each side in turn, once its lists are made."""
    with served(images=images) as sandbox:
        arguments = (sandbox.url, str(concurrency))
        sides: dict[str, Side] = {
            _BARE: (_peer("audit_bare", *arguments), sandbox.keys),
            _GATE: ((*GATE, *audit_arguments(*arguments)), sandbox.keys),
        }
        if sdk:
            sides[_SDK] = (_peer("sdk", "audit", *arguments), sandbox.keys)
        return interleaved(sides, runs, expected={_GATE: BLOCKED})


def audit_arguments(url: str, concurrency: str) -> tuple[str, ...]:
    """Return what the gate is called with for an audit."""
    options = ("--no-ci", "-q", "--timeout", "1h", "--concurrency", concurrency)
    return ("audit", *options, "--endpoint", url)


def _peer(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, str(ROOT / "benchmarks" / "peers" / f"{name}.py"), *arguments)


def rows_of(images: int) -> int:
    """Return how many rows an audit of that many images reads: records twice, findings once."""
    return 2 * images + _findings(images)


def _findings(images: int) -> int:
    return sum(number % 9 for number in range(images))


def _compared(costs: Mapping[str, Cost], rows: int) -> str:
    gate = costs[_GATE]
    return table(
        ["", "wall s", "gate / it", "CPU s", "gate / it", "rows/s", "peak MiB"],
        [
            [
                name,
                f"{cost.wall:.1f}",
                f"{gate.wall / cost.wall:.2f}",
                f"{cost.cpu:.1f}",
                f"{gate.cpu / cost.cpu:.2f}",
                f"{rows / cost.wall:,.0f}",
                f"{cost.memory:.0f}",
            ]
            for name, cost in costs.items()
        ],
    )


if __name__ == "__main__":
    main()
