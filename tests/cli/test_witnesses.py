"""A Security Center whose answers contradict one another never makes a bad image pass."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


lies = st.lists(
    st.one_of(
        st.tuples(st.integers(1, 3), st.integers(0, 2)).map(
            lambda drawn: Fault("lying_total", operations=LISTS, delta=drawn[0], skip=drawn[1])
        ),
        st.sampled_from([Fault("repeated_page", operations=LISTS), ORPHANED]),
    ),
    max_size=3,
)
readings = st.tuples(st.sampled_from(["finding", "image"]), st.integers(1, 3)).map(
    lambda drawn: Readings(rows=drawn[0], page_cap=drawn[1])  # type: ignore[arg-type]
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lies, readings)
def test_while_a_row_names_the_digest_lies_never_make_a_pass(
    gate: Gate, serve: Serve, faults: list[Fault], taken: Readings
) -> None:
    """No details at all, and at least one row of the image that an honest list would hold."""
    bad, crowd = image(HIGH, LOW), image(*[LOW] * 4, tag="crowd")
    with serve(bad, crowd, faults=Faults(NO_DETAILS, *faults), readings=taken) as sandbox:
        assert 3 == judge(gate, sandbox, bad).code
