"""A whole account: the gate, the official SDK's async client, and the bare limit.

All read the same pages, at the same number of requests at a time. What the gate asks beyond them
(the catalogue's totals, single images for the reports) counts against it.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from benchmarks.measuring import GATE, ROOT, Cost, cost_of, machine, table
from benchmarks.serving import served

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BLOCKED = 10
_GATE, _SDK, _BARE = "gate audit", "SDK, async", "the pages alone (aiohttp, msgspec)"


def main() -> None:
    """Print a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--no-sdk", action="store_true", help="leave the slowest side out")
    given = parser.parse_args()
    print(f"{given.concurrency} requests at a time. On {machine()}.\n")
    for images in given.images:
        costs = _measure(images, given.concurrency, sdk=not given.no_sdk)
        rows = 2 * images + _findings(images)
        print(f"{images:,} images, {_findings(images):,} findings:\n\n{_compared(costs, rows)}\n")


def _measure(images: int, concurrency: int, *, sdk: bool) -> dict[str, Cost]:
    """Ask the same sandbox with each side, one after the other, once its lists are made."""
    costs = {}
    with served(images=images) as sandbox:
        arguments = (sandbox.url, str(concurrency))
        gate = (*GATE, "audit", "--no-ci", "-q", "--timeout", "1h")
        sides: dict[str, tuple[Sequence[str], int]] = {
            _BARE: (_peer("audit_bare", *arguments), 0),
            _GATE: ((*gate, "--endpoint", sandbox.url, "--concurrency", arguments[1]), _BLOCKED),
        }
        if sdk:
            sides[_SDK] = (_peer("audit_sdk_async", *arguments), 0)
        for name in (_BARE, _GATE):
            cost_of(sides[name][0], sandbox.keys, expected=sides[name][1])
        for name, (command, expected) in sides.items():
            costs[name] = cost_of(command, sandbox.keys, expected=expected)
    return costs


def _peer(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, str(ROOT / "benchmarks" / "peers" / f"{name}.py"), *arguments)


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
