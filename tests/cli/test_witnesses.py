"""A Security Center whose answers contradict one another never makes a bad image pass."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.sandbox import Fault, Faults, Readings, SampleFinding, SampleImage, State
from tests.rigs.command import Result, reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

HIGH = SampleFinding(risk="no_user", level="high", command="USER root")
LOW = SampleFinding(risk="no_healthcheck", level="low", command="CMD web")
LISTS = {"DescribeImageListByBuildRisk"}
RECORDS = {"DescribeImageInstances"}
DETAILS = {"DescribeImageBuildRiskByKey"}
POLICY = "version: 1\nblock: {levels: [high], statuses: [unhandled]}\n"
NO_DETAILS = Fault("dropped_rows", operations=DETAILS, delta=9999)
ORPHANED = Fault("orphaned_rows", operations=LISTS)


def image(*findings: SampleFinding, **given: object) -> SampleImage:
    fields = {"namespace": "shop", "repository": "api", "tag": "2.0", "findings": findings}
    return SampleImage(**(fields | given))  # type: ignore[arg-type]


def judge(gate: Gate, sandbox: Sandbox, sample: SampleImage, more: str = "") -> Result:
    Path("policy.yaml").write_text(POLICY + more)
    common = ("check", "--endpoint", sandbox.url, "--format", "json", "--wait", "0")
    return gate(*common, "-p", "policy.yaml", reference(sample))


def test_a_list_that_is_always_one_row_short_is_incomplete(gate: Gate, serve: Serve) -> None:
    with serve(image(), faults=Faults(Fault("lying_total", operations=LISTS))) as sandbox:
        result = judge(gate, sandbox, image())
    assert (3, "incomplete") == (result.code, result.image["reason"])


def test_a_list_that_repeats_a_page_is_incomplete(gate: Gate, serve: Serve) -> None:
    good, crowd = image(LOW), image(LOW, HIGH, LOW, HIGH, tag="crowd")
    faults = Faults(Fault("repeated_page", operations=LISTS))
    with serve(good, crowd, faults=faults, readings=Readings(page_cap=2)) as sandbox:
        result = judge(gate, sandbox, good)
    assert (3, "incomplete") == (result.code, result.image["reason"])


@pytest.mark.parametrize("others", [0, 2001])
def test_rows_of_the_digest_under_another_uuid_make_it_undecided(
    gate: Gate, serve: Serve, others: int
) -> None:
    bad, crowd = image(HIGH), image(*[LOW] * others, tag="crowd")
    with serve(bad, crowd, faults=Faults(NO_DETAILS, ORPHANED)) as sandbox:
        result = judge(gate, sandbox, bad)
    assert (3, "disagreeing") == (result.code, result.image["reason"])


def test_own_rows_of_a_list_that_is_too_long_must_not_contradict(gate: Gate, serve: Serve) -> None:
    bad, crowd = image(HIGH), image(*[LOW] * 2001, tag="crowd")
    with serve(bad, crowd, faults=Faults(NO_DETAILS)) as sandbox:
        result = judge(gate, sandbox, bad)
    assert (3, "disagreeing") == (result.code, result.image["reason"])


def test_another_record_of_the_digest_that_blocks_makes_it_undecided(
    gate: Gate, serve: Serve
) -> None:
    good = image()
    twin = image(HIGH, tag="old", digest=good.digest)
    older = image(HIGH, tag="old", digest=good.digest, timeline=(State(after=-9000),))
    with serve(good, twin) as sandbox:
        result = judge(gate, sandbox, good)
    with serve(good, older) as sandbox:
        before = judge(gate, sandbox, good)
    assert (3, "disagreeing") == (result.code, result.image["reason"])
    assert (0, "clean") == (before.code, before.image["reason"])
    assert "older scan says otherwise" in " ".join(before.report["notes"])


def test_times_in_seconds_are_no_evidence(gate: Gate, serve: Serve) -> None:
    young = image(HIGH, timeline=(State(after=0),), findings_after=600)
    for operations in (RECORDS, None):
        faults = Faults(Fault("seconds", operations=operations))
        for more in ("", "scan: {max_age: 7d}\n", "scan: {require_digest: false}\n"):
            with serve(young, faults=faults) as sandbox:
                result = judge(gate, sandbox, young, more)
            assert (3, "incomplete") == (result.code, result.image["reason"])


@pytest.mark.parametrize("code", ["", "InternalError", "Throttling", "SomethingNew"])
def test_an_answer_that_does_not_say_success_is_no_empty_list(
    gate: Gate, serve: Serve, code: str
) -> None:
    bad = image(HIGH)
    faults = Faults(Fault("unclear", operations=LISTS | DETAILS, code=code))
    with serve(bad, faults=faults) as sandbox:
        Path("policy.yaml").write_text(POLICY)
        result = gate(
            *("check", "--endpoint", sandbox.url, "--format", "json", "--wait", "0"),
            *("--timeout", "3s", "-p", "policy.yaml", reference(bad)),
        )
    assert (5, "service") == (result.code, result.image["reason"])


def test_a_digest_that_was_pushed_after_the_scan_has_to_be_shown(gate: Gate, serve: Serve) -> None:
    again = image(pushed=-60)
    with serve(again) as sandbox:
        result = judge(gate, sandbox, again)
        sandbox.readings = Readings(tasks="requested")
        unshown = judge(gate, sandbox, again)
        audited = gate("audit", "--endpoint", sandbox.url, "-p", "policy.yaml", "-q")
    assert (0, "clean") == (result.code, result.image["reason"])
    assert (3, "stale") == (unshown.code, unshown.image["reason"])
    assert "no task shows" in unshown.image["message"]
    assert 3 == audited.code


def test_the_task_of_another_repository_shows_nothing(gate: Gate, serve: Serve) -> None:
    again = image(timeline=(State(), State(after=-30, scan="START")))
    other = image(repository="web", digest=again.digest, timeline=(State(after=-3600),))
    other_runs = image(
        repository="web",
        digest=again.digest,
        timeline=(State(after=-3600), State(after=-60, scan="START")),
    )
    accepting = "scan: {accept_previous: true}\n"
    for beside, code in ((None, 0), (other, 3), (other_runs, 3)):
        with serve(*[one for one in (again, beside) if one]) as sandbox:
            result = judge(gate, sandbox, again, accepting)
        assert (code, "clean" if code == 0 else "running") == (result.code, result.image["reason"])
