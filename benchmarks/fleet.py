"""Many gates that start at the same moment, under one account's quota.

Real clients ask a real sandbox by HTTP, all of them in one process and in virtual time: an hour
passes in seconds, and the numbers don't depend on the machine.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from benchmarks import virtual_time
from benchmarks.measuring import table
from gate.check import Question, Stop, Waiting, check
from gate.clock import Run
from gate.connect import Connections, Settings
from gate.policy import load_policies
from gate.reference import ImageReference
from gate.sandbox import Fault, Faults, SampleFinding, SampleImage, Sandbox, State, World
from gate.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.clock import Clock

HOST = "registry.cn-hangzhou.aliyuncs.com"
TIMEOUT = 15 * 60.0  # seconds; the default of --timeout, and here of --wait too
SCANS_END = (20.0, 100.0)  # seconds after the start, evenly spread
_RECORDS, _DETAILS = "DescribeImageInstances", "DescribeImageBuildRiskByKey"
_LISTS_OF_DETAILS = 4

# Answers take 50 ms, some of them less or more.
LATENCY = (
    Fault("latency", seconds=0.03, probability=0.2),
    Fault("latency", seconds=0.08, probability=0.2),
    Fault("latency", seconds=0.05),
)
_ROOT = SampleFinding(risk="no_user", level="high")


@dataclass(slots=True)
class Gate:
    """One gate, what it asked, and what came of it."""

    image: SampleImage
    right: Outcome
    outcome: Outcome | None = None
    seconds: float = 0.0
    answered: Counter[str] = field(default_factory=Counter)
    throttled: int = 0

    def observe(self, line: str) -> None:
        """Count a request by the line that the client tells of it."""
        operation = line.partition(":")[0].partition(" ")[0]
        if "status 200" in line:
            self.answered[operation] += 1
        else:
            self.throttled += 1

    @property
    def needed(self) -> int:
        """How many answers the verdict needed: all but those to polls that saw nothing new.

        A look at a finished scan reads four lists of details, and the record once more before a
        pass; so does the first look at a scan that runs, for it may follow one that blocks.
        """
        looks = self.answered[_DETAILS] // _LISTS_OF_DETAILS
        records = 2 if self.right is Outcome.PASS else 1
        polls = self.answered[_RECORDS] - records * looks
        if polls == 0:
            return self.answered.total()
        polls = self.answered[_RECORDS] - records * (looks - 1)
        return self.answered.total() - (polls - 1)


@dataclass(frozen=True, slots=True)
class Fleet:
    """What came of all gates."""

    gates: Sequence[Gate]

    @property
    def right(self) -> int:
        """How many have the right verdict."""
        return sum(gate.outcome is gate.right for gate in self.gates)

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return sum(gate.answered.total() + gate.throttled for gate in self.gates)

    @property
    def needed(self) -> int:
        """How many would have done."""
        return sum(gate.needed for gate in self.gates)

    def seconds(self, share: float) -> float:
        """Return the time in which this share of the gates had their verdict."""
        times = sorted(gate.seconds for gate in self.gates)
        return times[min(len(times) - 1, int(len(times) * share))]


def run_fleet(
    gates: int, quota: int | None, seed: int = 1, *, told: int | None = None, once: bool = False
) -> Fleet:
    """Let that many gates start at once; ``quota`` is in requests a second of the account.

    Who is throttled is told to come again in ``told`` milliseconds. With ``once``, the account's
    first request is throttled, whatever the quota.
    """
    random.seed(seed)
    fleet = Fleet(_gates(gates))
    faults = [*LATENCY]
    if quota is not None:
        faults.append(Fault("account_quota", per_second=quota, retry_after=told))
    if once:
        faults.append(Fault("throttling", first=1, retry_after=told))

    async def main(clock: Clock) -> None:
        world = World.of(*(gate.image for gate in fleet.gates))
        async with (
            Sandbox(world, faults=Faults(*faults), now=clock.now, seed=seed) as sandbox,
            anyio.create_task_group() as group,
        ):
            for gate in fleet.gates:
                group.start_soon(_judge, gate, sandbox, clock)

    virtual_time.run(main)
    return fleet


def _gates(number: int) -> list[Gate]:
    """Every second image waits for its scan; every third that is scanned is to be blocked."""
    first, last = SCANS_END
    gates = []
    for each in range(number):
        timeline: tuple[State, ...] = (State(),)
        if each % 2:
            ends = first + (last - first) * each / number
            timeline = (State(after=-60, scan="CVE_ANALYZER"), State(after=ends))
        blocked = each % 3 == 0
        image = SampleImage(
            namespace="fleet",
            repository=f"app-{each:04}",
            tag="1",
            findings=(_ROOT,) if blocked else (),
            timeline=timeline,
        )
        gates.append(Gate(image, Outcome.BLOCK if blocked else Outcome.PASS))
    return gates


async def _judge(gate: Gate, sandbox: Sandbox, clock: Clock) -> None:
    """Do what `gate check` does, with a client of its own."""
    settings = Settings(
        run=Run(
            clock=clock,
            deadline=clock.monotonic() + TIMEOUT,
            environment={
                "ALIBABA_CLOUD_ACCESS_KEY_ID": sandbox.access_key_id,
                "ALIBABA_CLOUD_ACCESS_KEY_SECRET": sandbox.access_key_secret,
            },
            observer=gate.observe,
            jitter=random.random,
        ),
        endpoint=sandbox.url,
    )
    image = gate.image
    reference = ImageReference.parse(f"{HOST}/{image.name}:{image.tag}@{image.digest}")
    today = clock.now().date()
    async with Connections(settings) as connections:
        await connections.prepare([reference.region])
        policies = load_policies((), directory=Path("no such folder"), today=today)
        question = Question(policies=policies)
        waiting = Waiting(seconds=TIMEOUT, stop=Stop())
        verdict = await check([reference], question, connections, waiting)
    gate.outcome, gate.seconds = verdict.outcome, clock.monotonic()


def main() -> None:
    """Print a table with a row for each quota."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gates", type=int, default=300)
    parser.add_argument(
        "--seeds", type=int, default=3, help="how often, each time with another seed"
    )
    parser.add_argument(
        "--told", type=int, metavar="MS", help="when the service says to come again"
    )
    parser.add_argument("--once", action="store_true", help="throttle the first request of all")
    options = parser.parse_args()
    print(
        f"{options.gates} gates at once, half of them before their scan ends; "
        f"{options.seeds} runs.\n"
    )
    head = ["quota", "right", "requests", "minimum", "÷", "median", "p99", "÷", "last"]
    rows = []
    for quota in (None, 20, 5):
        fleets = [
            run_fleet(options.gates, quota, seed, told=options.told, once=options.once)
            for seed in range(options.seeds)
        ]
        rows.append(_row(quota, fleets))
    print(table([*head, "minimum ÷ quota"], rows))


def _row(quota: int | None, fleets: Sequence[Fleet]) -> tuple[str, ...]:
    requests = statistics.mean(fleet.requests for fleet in fleets)
    needed = statistics.mean(fleet.needed for fleet in fleets)
    median = statistics.mean(fleet.seconds(0.5) for fleet in fleets)
    late = statistics.mean(fleet.seconds(0.99) for fleet in fleets)
    right = min(fleet.right / len(fleet.gates) for fleet in fleets)
    return (
        f"{quota} a second" if quota else "none",
        f"{right:.1%}",
        f"{requests:.0f}",
        f"{needed:.0f}",
        f"{requests / needed:.2f}",
        f"{median:.0f} s",
        f"{late:.0f} s",
        f"{late / median:.2f}",
        f"{max(fleet.seconds(1) for fleet in fleets):.0f} s",
        f"{needed / quota:.0f} s" if quota else "",
    )


if __name__ == "__main__":
    main()
