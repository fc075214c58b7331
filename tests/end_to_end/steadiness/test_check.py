"""The spine as a library call, against a sandbox that misbehaves."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from gate.check import Question, Stop, Waiting, check
from gate.check.waiting import GUARD
from gate.clock import Clock, Run
from gate.connect import Connections, Settings
from gate.errors import ExitCode
from gate.findings import ScanState
from gate.policy import load_policies
from gate.reference import ImageReference
from gate.sandbox import Fault, Faults, SampleFinding, SampleImage, Sandbox, State, World
from gate.verdict import Outcome
from tests.simulated import SimulatedTime

if TYPE_CHECKING:
    from gate.verdict import Verdict

pytestmark = pytest.mark.anyio

HOST = "registry.cn-hangzhou.aliyuncs.com"
HIGH = SampleFinding(risk="no_user", level="high")
LOW = SampleFinding(risk="no_healthcheck", level="low", command="CMD web")
BAD = SampleImage(namespace="shop", repository="web", tag="1", findings=(HIGH, *[LOW] * 6))
GOOD = SampleImage(namespace="shop", repository="web", tag="2", findings=(*[LOW] * 7,))
CHAOS = Faults(
    Fault("reset", probability=0.06),
    Fault("server_error", probability=0.06),
    Fault("throttling", probability=0.06, retry_after=20),
    Fault("truncated", probability=0.06),
    Fault("cut", probability=0.03),
    Fault("moving_rows", probability=0.05),
)


def simulated() -> Clock:
    """Return a clock of one run, moved by its sleeps only: a loaded machine takes no time off it.

    It begins with the machine's own time, which signatures need.
    """
    time, began = SimulatedTime(), datetime.now(UTC)

    async def sleep(seconds: float) -> None:
        await time.sleep(seconds)
        await anyio.sleep(0.001)  # what others wait for must be able to happen

    return Clock(
        now=lambda: began + timedelta(seconds=time.seconds),
        monotonic=lambda: time.seconds,
        sleep=sleep,
    )


async def judge(
    sandbox: Sandbox,
    image: SampleImage,
    *,
    seconds: float = 400.0,
    left: float = math.inf,
    wait: float = 60.0,
) -> Verdict:
    clock = simulated()
    settings = Settings(
        run=Run(
            clock=clock,
            deadline=clock.monotonic() + seconds,
            environment={
                "ALIBABA_CLOUD_ACCESS_KEY_ID": sandbox.access_key_id,
                "ALIBABA_CLOUD_ACCESS_KEY_SECRET": sandbox.access_key_secret,
            },
        ),
        endpoint=sandbox.url,
    )
    reference = ImageReference.parse(f"{HOST}/{image.name}:{image.tag}@{image.digest}")
    async with Connections(settings) as connections:
        await connections.prepare([reference.region])
        stop = Stop(left)
        if left == 0.0:
            stop.end(ExitCode.INTERRUPTED)
        today = clock.now().date()
        policies = load_policies((), directory=Path("no such folder"), today=today)
        question = Question(policies=policies)
        return await check([reference], question, connections, Waiting(seconds=wait, stop=stop))


async def many(image: SampleImage, runs: int) -> list[Outcome]:
    outcomes: list[Outcome] = []

    async with Sandbox(World.of(BAD, GOOD), faults=CHAOS, seed=7) as sandbox:
        limit = anyio.CapacityLimiter(24)  # newcomers that are throttled sleep long

        async def one() -> None:
            async with limit:
                outcomes.append((await judge(sandbox, image)).outcome)

        async with anyio.create_task_group() as group:
            for _ in range(runs):
                group.start_soon(one)
    return outcomes


async def test_chaos_never_lets_a_blocked_finding_pass() -> None:
    outcomes = await many(BAD, 200)
    assert Outcome.PASS not in outcomes
    assert outcomes.count(Outcome.BLOCK) >= 190


async def test_chaos_nearly_always_leaves_a_pass_a_pass() -> None:
    outcomes = await many(GOOD, 60)
    assert Outcome.BLOCK not in outcomes
    assert outcomes.count(Outcome.PASS) >= 54


async def test_stopping_at_once_still_gives_a_verdict() -> None:
    async with Sandbox(World.of(GOOD)) as sandbox:
        verdict = await judge(sandbox, GOOD, left=0.0)
    assert (Outcome.UNDECIDED, ExitCode.INTERRUPTED) == (verdict.outcome, verdict.exit_code)
    assert ExitCode.UNDECIDED == verdict.images[0].exit_code
    assert "stopped" in verdict.images[0].message
    assert ScanState.MISSING is verdict.images[0].scan.state


async def test_stopping_while_waiting_gives_what_is_known() -> None:
    running = SampleImage(
        namespace="shop", repository="web", tag="3", timeline=(State(scan="CVE_ANALYZER"),)
    )
    async with Sandbox(World.of(running)) as sandbox:
        verdict = await judge(
            sandbox,
            running,
            left=0.5 - GUARD,
            seconds=1e9,  # simulated, so that only the stop can end the wait
            wait=1e9,
        )
    assert ("running", Outcome.UNDECIDED) == (verdict.images[0].reason, verdict.outcome)


async def test_a_block_costs_two_rounds_of_requests() -> None:
    async with Sandbox(World.of(BAD)) as sandbox:
        assert (await judge(sandbox, BAD)).outcome is Outcome.BLOCK
    names = [request.operation for request in sandbox.requests]
    assert 4 == names.count("DescribeImageBuildRiskByKey")
    assert 1 == names.count("DescribeImageInstances")
    assert len(names) <= 7
