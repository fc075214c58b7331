"""One image, over TLS: the gate, and scripts with the official SDK that ask the same."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import GATE, ROOT, Cost, cost_table, interleaved, machine
from benchmarks.preparing import NAMESPACE, REPOSITORY, in_child
from benchmarks.serving import Served, served

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LATENCIES = (0.0, 0.05, 0.2)  # seconds
ROUNDS = (1, 6, 1)  # requests at once, before a pass
GATE_SIDE, FLOOR = "gate check", "its imports and round trips alone"
SYNC, ASYNC = "SDK, sync", "SDK, async"


def main() -> None:
    """Print a table for each latency."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="of each side, interleaved")
    runs = parser.parse_args().runs
    print(f"One check that ends in a pass; medians of {runs} runs each. On {machine()}.\n")
    image = in_child("image")
    with _certificates() as (server, authority):
        for latency in LATENCIES:
            with served(latency=latency, certificate=str(server)) as sandbox:
                sides = _sides(sandbox, str(authority), image)
                medians = interleaved(sides, runs)
            print(f"Latency {latency * 1000:.0f} ms:\n\n{_compared(medians)}\n")


def _sides(
    sandbox: Served, authority: str, image: str
) -> dict[str, tuple[Sequence[str], Mapping[str, str]]]:
    environment = {**sandbox.keys, "SSL_CERT_FILE": authority}
    gate = (*GATE, "check", "--no-ci", "--endpoint", sandbox.url)
    digest = image.rpartition(":")[2]
    arguments = (sandbox.url, NAMESPACE, REPOSITORY, digest, authority)
    rounds = ",".join(map(str, ROUNDS))
    return {
        GATE_SIDE: ((*gate, image), environment),
        SYNC: ((*_peer("sdk"), "check", *arguments), environment),
        ASYNC: ((*_peer("sdk"), "check_async", *arguments), environment),
        FLOOR: ((*_peer("floor"), sandbox.url, in_child("modules"), rounds), environment),
    }


def _peer(name: str) -> tuple[str, ...]:
    return (sys.executable, str(ROOT / "benchmarks" / "peers" / f"{name}.py"))


def _compared(medians: Mapping[str, Cost]) -> str:
    costs = cost_table(medians, "gate ÷ it", lambda it, gate: gate / it, other=GATE_SIDE)
    beyond = (medians[GATE_SIDE].wall - medians[FLOOR].wall) * 1000
    return f"{costs}\n\nWall beyond imports, connections, round trips: {beyond:.0f} ms."


@contextmanager
def _certificates() -> Iterator[tuple[Path, Path]]:
    """Make a certificate for loopback and the authority that vouches for it, in PEM files."""
    with tempfile.TemporaryDirectory() as folder:
        in_child("certificates", folder)
        yield Path(folder) / "server.pem", Path(folder) / "authority.pem"


if __name__ == "__main__":
    main()
