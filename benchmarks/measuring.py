"""Run programs and say what they cost; on POSIX only, for there the kernel counts."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
GATE = (sys.executable, "-m", "gate")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process cost: seconds, seconds of all its threads, and MiB at its peak."""

    wall: float
    cpu: float
    memory: float


def cost_of(
    command: Sequence[str], environment: Mapping[str, str] | None = None, *, expected: int = 0
) -> Cost:
    """Run a program whose output goes nowhere; raises ``RuntimeError`` for another exit code.

    A child starts as a copy of this process, and its peak counts from there: so whatever measures
    imports nothing large. What it imports is compiled once and kept, as in every installation.
    """
    surroundings = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    variables = {**os.environ, **surroundings, **(environment or {})}
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expected:
        shown = " ".join(command)
        raise RuntimeError(f"{shown} ended with {process.returncode}, not with {expected}")
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 1024**2)


def median_of(costs: Iterable[Cost]) -> Cost:
    """Return the medians, each of its own kind."""
    runs = list(costs)
    return Cost(
        *(statistics.median(getattr(cost, name) for cost in runs) for name in Cost.__slots__)
    )


Side = tuple["Sequence[str]", "Mapping[str, str] | None"]
"""A command, and variables that are added to its environment."""


def interleaved(
    sides: Mapping[str, Side], rounds: int, *, expected: Mapping[str, int] | None = None
) -> dict[str, Cost]:
    """Run all sides in turn, back and forth, after a round that warms caches; return their medians.

    ``expected`` are the exit codes of those that don't end with 0.
    """
    codes = expected or {}
    runs: dict[str, list[Cost]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        order = list(sides) if number % 2 else list(sides)[::-1]
        for name in order:
            command, environment = sides[name]
            cost = cost_of(command, environment, expected=codes.get(name, 0))
            if number:
                runs[name].append(cost)
    return {name: median_of(costs) for name, costs in runs.items()}


def machine() -> str:
    """Say in a line what the numbers were measured on, without its name."""
    cores = os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return (
        f"{cores} cores ({platform.machine()}), {memory:.0f} GiB, {platform.system()}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown; all columns but the first are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cost_table(
    costs: Mapping[str, Cost], heading: str, ratio: Callable[[float, float], float], other: str
) -> str:
    """Return a table of costs; ``ratio`` is made of each cost and that of ``other``."""

    def cells(unit: str, of: float, than: float) -> tuple[str, str]:
        return f"{of:.0f} {unit}", f"{ratio(of, than):.2f}"

    than = costs[other]
    rows = [
        (
            name,
            *cells("ms", cost.wall * 1000, than.wall * 1000),
            *cells("ms", cost.cpu * 1000, than.cpu * 1000),
            *cells("MiB", cost.memory, than.memory),
        )
        for name, cost in costs.items()
    ]
    return table(("", "wall", heading, "CPU", heading, "peak memory", heading), rows)
