"""Runs of the gate in this process, to be compared with what is judged again of their records."""

from __future__ import annotations

import math
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel

from gate.audit import Headway, Scope, audit
from gate.cases import judge_again, open_cases
from gate.check import Question, Stop, Waiting, check
from gate.clock import Clock, Run
from gate.connect import Connections, Settings
from gate.reference import ImageReference
from gate.report import render
from gate.sandbox import Sandbox
from gate.verdict import Outcome
from tests.policy.making import TODAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from gate.cases import Case
    from gate.policy import Policies
    from gate.sandbox import World
    from gate.verdict import ImageVerdict, Verdict

HOST = "registry.cn-hangzhou.aliyuncs.com"
NOON = datetime.combine(TODAY, time(12), UTC)


class Living:
    """A sandbox, and runs against it by one clock, which only their sleeps move."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._seconds = 0.0

    async def _sleep(self, seconds: float) -> None:
        self._seconds += seconds
        await anyio.lowlevel.checkpoint()

    def _now(self) -> datetime:
        return NOON + timedelta(seconds=self._seconds)

    def check(self, policies: Policies, references: Sequence[str]) -> Verdict:
        """Check images once; the registry tells no digest."""

        async def judge(connections: Connections) -> Verdict:
            images = [ImageReference.parse(reference) for reference in references]
            question = Question(policies=policies, region="cn-hangzhou")
            waiting = Waiting(stop=Stop(math.inf))
            return await check(images, question, connections, waiting, thorough=True)

        return self._run(judge)

    def audit(self, policies: Policies, *, thorough: bool) -> Verdict:
        """Audit everything."""

        async def judge(connections: Connections) -> Verdict:
            return await audit(
                Scope(),
                policies,
                connections,
                region="cn-hangzhou",
                headway=Headway(),
                stop=Stop(math.inf),
                thorough=thorough,
            )

        return self._run(judge)

    def _run(self, judge) -> Verdict:  # type: ignore[no-untyped-def] # noqa: ANN001
        async def run() -> Verdict:
            async with Sandbox(self.world, now=self._now) as sandbox:
                settings = Settings(
                    run=Run(
                        clock=Clock(self._now, lambda: self._seconds, self._sleep),
                        deadline=1e6,
                        environment={
                            "ALIBABA_CLOUD_ACCESS_KEY_ID": sandbox.access_key_id,
                            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": sandbox.access_key_secret,
                        },
                    ),
                    endpoint=sandbox.url,
                )
                async with Connections(settings) as connections:
                    await connections.prepare(["cn-hangzhou"])
                    verdict: Verdict = await judge(connections)
                    return verdict

        return anyio.run(run)


def again(verdict: Verdict, policies: Policies, folder: Path) -> list[ImageVerdict]:
    """Return what policies make of a run's record."""
    return [judge_again(case, policies.on(TODAY)) for case in again_cases(verdict, folder)]


def again_cases(verdict: Verdict, folder: Path) -> list[Case]:
    """Return the images of a run's record."""
    (folder / "run.cases").write_text(render("cases", verdict), encoding="utf-8")
    record = open_cases("run.cases", directory=folder)
    assert record.at == TODAY
    return list(record.images())


def told(verdicts: Iterable[ImageVerdict]) -> list[tuple[object, ...]]:
    """Return what a verdict says of each image; the findings of an undecided one are no part."""
    return [
        (
            each.outcome,
            each.reason,
            each.exit_code,
            None if each.outcome is Outcome.UNDECIDED else sorted(map(_decision, each.decisions)),
        )
        for each in verdicts
    ]


def _decision(decision: object) -> str:
    finding, action = decision.finding, decision.action  # type: ignore[attr-defined]
    said = (decision.rule, decision.waiver, decision.policy)  # type: ignore[attr-defined]
    return f"{finding.risk} {finding.level} {finding.status} {finding.risk_class}: {action} {said}"
