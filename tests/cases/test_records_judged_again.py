"""What was recorded of a run and is judged again by its policies comes to the same verdicts."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gate.policy import load_policies
from gate.report import render
from gate.sandbox import (
    DAY,
    HOUR,
    SampleCheck,
    SampleFinding,
    SampleImage,
    State,
    World,
    load_world,
    sample_world,
)
from gate.verdict import Audited, Outcome
from tests.cases.living import HOST, NOON, Living, again, again_cases, told
from tests.policy import drawn
from tests.policy.making import TODAY
from tests.report import verdicts as made

if TYPE_CHECKING:
    from gate.policy import Policies
    from gate.verdict import Verdict

# Each runs a service: what fails is shown as it was drawn, because to shrink it takes minutes.
FEW = settings(max_examples=30, deadline=None, phases=(Phase.explicit, Phase.generate))
SHARED = f"sha256:{'5' * 64}"

findings = st.builds(
    SampleFinding,
    risk=st.sampled_from((*drawn.RISKS, "new_one")),
    level=st.sampled_from((*drawn.LEVELS, "critical")) | st.just("low"),
    status=st.sampled_from((*drawn.STATUSES, 9)) | st.just("ignored"),
    command=st.sampled_from(("USER root", "ENV TOKEN=correct-horse-battery")),
)
scans = st.sampled_from(
    [
        (State(after=-2 * HOUR),),
        (State(after=-2 * HOUR),),
        (State(after=-3 * DAY),),
        (State(after=-60, scan="DOWNLOAD"),),
        (State(after=-2 * DAY), State(after=-60, scan="DOWNLOAD")),
        (State(after=-2 * DAY), State(after=-60, scan="FAIL")),
        (State(after=-HOUR, scan=""),),
        (State(after=-HOUR, scan="INIT", result="TASK_NOT_SUPPORT_REGION"),),
        (),
    ]
)
# A state that nobody knows comes before all else in a run, and after age and checks in the contract
# of judging again: the image is undecided, and the words may differ.
odd = st.just((State(after=-2 * DAY), State(after=-60, scan="NOBODY_KNOWS")))
images = st.builds(
    SampleImage,
    namespace=st.sampled_from(("shop", "other")),
    repository=st.sampled_from(("web", "api")),
    tag=st.sampled_from(("1.4", "1.5", "2")),
    findings=st.lists(findings, max_size=3).map(tuple),
    timeline=scans,
    pushed=st.sampled_from((-10 * DAY, -10 * DAY, -30.0)),
    digest=st.sampled_from(("", "", SHARED)),
    tells_task=st.booleans(),
)
odd_images = st.builds(lambda image, timeline: replace(image, timeline=timeline), images, odd)
worlds = st.builds(
    lambda images, checks: World(images=World.of(*images).images, checks=tuple(checks)),
    st.lists(images, min_size=1, max_size=5),
    st.tuples(
        *(
            st.builds(
                SampleCheck,
                key=st.just(risk),
                risk_class=st.sampled_from(("other", "secret")),
                selected=st.sampled_from((True, True, True, False)),
            )
            for risk in drawn.RISKS
        )
    ),
)
scan_keys = st.fixed_dictionaries(
    {"settle": st.just("0s")},
    optional={
        "require_digest": st.booleans(),
        "max_age": st.just("1d"),
        "require_checks": st.booleans(),
    },
)
tolerant = st.just({"warn_on": ["running", "stale"], "until": str(TODAY)})


def record_of(verdict: Verdict) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render("cases", verdict))
    return document


@st.composite
def policy_files(draw: st.DrawFn) -> list[dict[str, Any]]:
    files = draw(drawn.several)
    return [
        {
            **file,
            "scan": draw(scan_keys),
            **({"undecided": draw(tolerant)} if draw(st.booleans()) else {}),
        }
        for file in files
    ]


def names_of(world: World) -> list[str]:
    """Return each image of a world by its digest, and by its tag alone."""
    by_digest = (f"{HOST}/{one.name}:{one.tag}@{one.digest}" for one in world.images)
    by_tag = (f"{HOST}/{one.name}:{one.tag}" for one in world.images)
    untagged = (f"{HOST}/{one.name}@{one.digest}" for one in world.images)
    return list(dict.fromkeys((*by_digest, *by_tag, *untagged)))


@FEW
@given(worlds, policy_files())
def test_the_record_of_a_check_comes_to_the_same(world: World, files: list[dict[str, Any]]) -> None:
    policies = drawn.load(*files)
    verdict = Living(world).check(policies, names_of(world))
    with tempfile.TemporaryDirectory() as folder:
        assert told(verdict.images) == told(again(verdict, policies, Path(folder)))


@FEW
@given(worlds, policy_files())
def test_the_record_of_an_audit_comes_to_the_same(
    world: World, files: list[dict[str, Any]]
) -> None:
    policies = drawn.load(*files)
    verdict = Living(world).audit(policies, thorough=True)
    with tempfile.TemporaryDirectory() as folder:
        assert told(verdict.images) == told(again(verdict, policies, Path(folder)))


@given(verdict=made.verdicts(), audited=st.booleans())
def test_what_others_name_never_makes_a_record_unreadable(
    verdict: Verdict, *, audited: bool
) -> None:
    """Nor do they make an image of it another, or a finding."""
    about = Audited() if audited else None
    verdict = replace(verdict, audited=about, generated_at=NOON)
    record = record_of(verdict)
    with tempfile.TemporaryDirectory() as folder:
        cases = again_cases(verdict, Path(folder))

    assert [image["reference"] for image in record["images"]] == [one.reference for one in cases]
    assert [[one["risk"] for one in image["findings"]] for image in record["images"]] == [
        [finding.risk for finding in one.findings] for one in cases
    ]


@FEW
@given(odd_images, policy_files())
def test_a_scan_of_which_nobody_knows_the_state_is_no_pass(
    image: SampleImage, files: list[dict[str, Any]]
) -> None:
    world, policies = World.of(image), drawn.load(*files)
    for verdict in (
        Living(world).audit(policies, thorough=True),
        Living(world).check(policies, names_of(world)),
    ):
        with tempfile.TemporaryDirectory() as folder:
            guessed = again(verdict, policies, Path(folder))
        assert [one.outcome for one in verdict.images] == [one.outcome for one in guessed]
        assert Outcome.PASS not in {one.outcome for one in guessed}


@FEW
@given(worlds, policy_files(), policy_files())
def test_a_record_of_an_audit_serves_other_policies(
    world: World, files: list[dict[str, Any]], others: list[dict[str, Any]]
) -> None:
    """Judged again by others, no image is milder off than an audit by them finds it."""
    policies, other = drawn.load(*files), drawn.load(*others)
    recorded = Living(world).audit(policies, thorough=True)
    audited = Living(world).audit(other, thorough=False)
    with tempfile.TemporaryDirectory() as folder:
        guessed = again(recorded, other, Path(folder))
    for live, record in zip(audited.images, guessed, strict=True):
        if live.outcome is Outcome.BLOCK:
            assert record.outcome is not Outcome.PASS, live.reference
        if record.outcome is Outcome.PASS:
            assert live.outcome is Outcome.PASS or live.reason == "disagreeing", live.message


@FEW
@given(worlds, policy_files())
def test_a_record_changes_no_verdict(world: World, files: list[dict[str, Any]]) -> None:
    policies = drawn.load(*files)
    plain = Living(world).audit(policies, thorough=False)
    thorough = Living(world).audit(policies, thorough=True)

    assert told(plain.images) == told(thorough.images)
    assert plain.exit_code == thorough.exit_code


@pytest.fixture(scope="module")
def built_in() -> Policies:
    return load_policies(["(built-in)"], directory=Path(), today=TODAY)


def test_the_sandbox_is_recorded_whole(built_in: Policies, tmp_path: Path) -> None:
    verdict = Living(sample_world()).audit(built_in, thorough=True)
    verdicts = again(verdict, built_in, tmp_path)

    assert told(verdict.images) == told(verdicts)
    assert {"pass": 6, "block": 7, "undecided": 3} == {
        outcome.value: [each.outcome for each in verdicts].count(outcome) for outcome in Outcome
    }
    assert "correct-horse-battery" not in (tmp_path / "run.cases").read_text(encoding="utf-8")
    assert {None, "failed", "running", "unsupported"} == {
        each.gathered.reason for each in verdict.images
    }


def test_a_record_is_a_world(built_in: Policies) -> None:
    first = Living(sample_world()).audit(built_in, thorough=True)
    record = record_of(first)
    second = Living(load_world(record, str)).audit(built_in, thorough=True)

    assert told(first.images) == told(second.images)
    assert [one.reference for one in first.images] == [one.reference for one in second.images]
    assert record["checks"] == record_of(second)["checks"]
