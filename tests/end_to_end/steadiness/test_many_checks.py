"""Memory and sockets stay flat over many checks in one process."""

from __future__ import annotations

import gc
import os
import sys
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from typing import TYPE_CHECKING

import anyio
import pytest

from gate.check import Question, Stop, Waiting, check
from gate.cli.judging import gather
from gate.connect import Connections
from tests.end_to_end.steadiness.amounts import CHECKS
from tests.end_to_end.steadiness.running import (
    SHOP,
    gathering,
    new_run,
    open_modes,
    policies,
    references,
    service,
    silent,
)
from tests.rigs.programs import sandbox_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gate.verdict import Verdict

pytestmark = pytest.mark.skipif(os.name == "nt", reason="it counts descriptors as Unix names them")

WARM_UP = 40
"""Checks until caches are filled: imports, regular expressions, the adapter's decoders."""
CODES = {"web:1.4": 10, "api:2.0": 0, "worker:1.0": 0, "legacy:0.9": 3, "ghost:1.0": 3}
NAMES = {f"{SHOP}/{name}": code for name, code in CODES.items()}
# Where nothing leaks, none of it grows; these leave room for noise, and none for a leak of one
# object, descriptor or answer a check.
MOST_OBJECTS = 0.5  # a check
MOST_BYTES = 16 * 1024 * 1024  # in all; a check's answers are some 20 KiB


@dataclass(frozen=True)
class Held:
    """What this process holds: open descriptors, objects, and the peak of resident bytes."""

    descriptors: int
    objects: int
    resident: int

    @classmethod
    def now(cls) -> Held:
        gc.collect()
        return cls(len(open_modes()), len(gc.get_objects()), _peak())


def _peak() -> int:
    import resource  # noqa: PLC0415 - Windows has none

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox_program(tmp_path_factory.mktemp("sandbox")) as url:
        yield url


def assert_flat(before: Held, after: Held, checks: int, show: Callable[[str], None]) -> None:
    show(f"{checks} checks: {before} -> {after}")
    assert before.descriptors == after.descriptors
    assert after.objects - before.objects <= MOST_OBJECTS * checks
    assert after.resident - before.resident <= MOST_BYTES


def test_many_runs_leave_nothing_behind(url: str, tmp_path: Path) -> None:
    def judge(checks: int) -> None:
        for name, code in islice(cycle(NAMES.items()), checks):
            # Anew for each, as they remember up to 1,024 decisions.
            loaded = policies(tmp_path)
            images = references([name])
            verdict = anyio.run(
                partial(gather, images, loaded, gathering(), service(url), new_run(), silent())
            )
            assert code == verdict.exit_code

    judge(WARM_UP)
    before = Held.now()
    judge(CHECKS)
    assert_flat(before, Held.now(), CHECKS, print)


async def one_check(connections: Connections, question: Question, name: str) -> Verdict:
    return await check(references([name]), question, connections, Waiting(stop=Stop()))


@pytest.mark.anyio
async def test_many_checks_over_one_set_of_connections_hold_no_more_of_them(
    url: str, tmp_path: Path
) -> None:
    settings = service(url).settings(new_run(seconds=600.0))
    async with Connections(settings) as connections:
        await connections.prepare([None])

        async def judge(checks: int) -> None:
            for name, code in islice(cycle(NAMES.items()), checks):
                question = Question(policies=policies(tmp_path), region=None)
                assert code == (await one_check(connections, question, name)).exit_code

        await judge(WARM_UP)
        before = Held.now()
        await judge(CHECKS // 3)
        after = Held.now()
    assert after.descriptors <= before.descriptors + settings.concurrency
    assert after.objects - before.objects <= MOST_OBJECTS * CHECKS // 3
    assert after.resident - before.resident <= MOST_BYTES
