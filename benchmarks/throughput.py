"""How fast an audit is, by how many of its requests are on their way at once."""

from __future__ import annotations

import argparse

from benchmarks.audit import BLOCKED, audit_arguments, rows_of
from benchmarks.measuring import GATE, cost_of, machine, table
from benchmarks.serving import served

_AT_ONCE = (1, 2, 4, 8, 16, 32)
_ANY = 0


def main() -> None:
    """Print a table for each quota."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds of each answer")
    parser.add_argument("--quotas", type=int, nargs="+", default=[_ANY, 100])
    given = parser.parse_args()
    milliseconds = given.latency * 1000
    print(f"{given.images:,} images, {milliseconds:.0f} ms for each answer. On {machine()}.\n")
    for quota in given.quotas:
        allowed = f"{quota} requests a second" if quota else "any number of requests"
        print(f"The service allows {allowed}:\n")
        print(f"{_table(given.images, given.latency, quota)}\n", flush=True)


def _table(images: int, latency: float, quota: int) -> str:
    rows = rows_of(images)
    head = ("at once", "wall", "rows a second", "÷ one at once", "requests")
    audits = {number: _audit(images, latency, quota, number) for number in _AT_ONCE}
    slowest = audits[_AT_ONCE[0]][0]
    return table(
        head,
        [
            (
                str(number),
                f"{wall:.1f} s",
                f"{rows / wall:,.0f}",
                f"{slowest / wall:.1f}",
                f"{requests:,}",
            )
            for number, (wall, requests) in audits.items()
        ],
    )


def _audit(images: int, latency: float, quota: int, at_once: int) -> tuple[float, int]:
    """Return how many seconds an audit takes, and how many requests, refused ones included."""
    with served(images=images, latency=latency, quota=quota) as sandbox:
        command = (*GATE, *audit_arguments(sandbox.url, str(at_once)))
        cost = cost_of(command, sandbox.keys, expected=BLOCKED)
    return cost.wall, sandbox.requests.total()


if __name__ == "__main__":
    main()
