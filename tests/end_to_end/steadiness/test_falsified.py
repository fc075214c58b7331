"""One part of one answer is changed on the way: no defect, and no pass of what is blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.end_to_end.steadiness.amounts import EXAMPLES
from tests.end_to_end.steadiness.meddler import Change, meddling
from tests.end_to_end.steadiness.test_chaos import BAD, CODES, GOOD, IMAGES, POLICY, run
from tests.rigs.command import reference
from tests.steadiness.hostile import VALUES

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from gate.sandbox import Sandbox
    from tests.rigs.command import Result

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

changes = st.builds(
    Change,
    request=st.integers(0, 12),
    place=st.integers(0, 10_000),
    value=st.sampled_from([*VALUES, "low", "SUCCESS", 1, 2, 4_000_000_000_000, BAD["web"].uuid]),
)
meddled = settings(
    max_examples=2 * EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def _policy(_workdir: None, tmp_path: Path) -> None:
    (tmp_path / ".buildrisk-gate.yaml").write_text(POLICY, encoding="utf-8")


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    """Return the verdict on each record, by its digest."""
    return {one["image"]["digest"]: one["verdict"] for one in report["images"] if one["image"]}


@meddled
@given(changes)
def test_a_check_passes_nothing_that_one_false_answer_hides(
    gate: Gate, serve: Serve, change: Change
) -> None:
    with serve(*IMAGES) as sandbox, meddling(sandbox, change) as url:
        named = reference(BAD["web"]), reference(GOOD["worker"])
        report = run(gate, "check", "--endpoint", url, "--wait", "0", *named)
    assert "pass" != report["images"][0]["verdict"], report["images"][0]
    assert report["exit_code"] in CODES - {0}


@meddled
@given(changes)
@example(Change(request=4, place=4, value="0"))  # a risk of an image that nobody knows
def test_an_audit_passes_nothing_that_one_false_answer_hides(
    gate: Gate, serve: Serve, change: Change
) -> None:
    with serve(*IMAGES) as sandbox, meddling(sandbox, change) as url:
        report = run(gate, "audit", "--endpoint", url)
    assert "pass" != verdicts(report).get(BAD["web"].digest)
