"""What `gate policy diff` says of images never contradicts what it says of the files."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.cases import compare_policies, open_cases
from gate.cases.change import Change
from gate.findings import Reason
from tests.cases import test_loosening as drawn

if TYPE_CHECKING:
    from gate.cases.differing import PolicyDiff
    from gate.policy import Policies

findings = st.fixed_dictionaries(
    {
        "risk": st.sampled_from(["a", "b", "ab"]),
        "level": st.sampled_from(["high", "medium", "low", "unknown"]),
        "status": st.sampled_from(["unhandled", "ignored", "false_positive"]),
    }
)
images = st.fixed_dictionaries(
    {
        "reference": st.builds(
            lambda path, tag, digest: f"registry.cn-hangzhou.aliyuncs.com/{path}{tag}{digest}",
            st.sampled_from(["shop/web", "shop/api"]),
            st.sampled_from([":1", ":2", ""]),
            st.just("@sha256:" + 64 * "0"),
        ),
        "at": st.sampled_from(drawn.DAYS).map(str),
        "findings": st.lists(findings, max_size=3),
    },
    optional={
        "tags": st.lists(st.sampled_from(["1", "2"]), unique=True),
        "identified_by": st.sampled_from(["digest", "tag"]),
        "scan": st.sampled_from([{"age": "0s"}, {"age": "36h"}, {"age": "9d"}]),
        "evidence": st.sampled_from(["complete", "missing", "running", "stale", "incomplete"]),
        "checks": st.none(),
    },
)
worlds = st.lists(images, min_size=2, max_size=6)
pairs = st.one_of(drawn.pairs(), drawn.of_rules, drawn.of_waivers, drawn.of_selectors)


def compared(old: Policies, new: Policies, world: list[dict[str, Any]]) -> PolicyDiff:
    with tempfile.TemporaryDirectory() as folder:
        content = json.dumps({"version": 1, "images": world})
        (Path(folder) / "world.json").write_text(content, encoding="utf-8")
        cases = open_cases("world.json", directory=Path(folder))
        return compare_policies(old, new, [cases], at=None, today=drawn.TODAY)


@settings(max_examples=150, deadline=None)
@given(pairs, worlds)
def test_an_image_that_gets_looser_has_a_looser_entry(
    pair: Any, world: list[dict[str, Any]]
) -> None:
    old, new = map(drawn.loaded, pair)
    if old is None or new is None:
        return
    diff = compared(old, new, world)
    assert diff.images is not None
    # Which image is meant is asked before what is found: a policy that begins to want the digest
    # leaves an image undecided that another one blocked, and lets nothing through.
    looser = [
        change
        for change in diff.images.changes
        if change.change is Change.LOOSER and change.reason != Reason.UNIDENTIFIED
    ]
    assert not looser or diff.count(Change.LOOSER)


@settings(max_examples=40, deadline=None)
@given(st.lists(drawn.files, min_size=1, max_size=2), worlds)
def test_policies_decide_as_they_do(contents: Any, world: list[dict[str, Any]]) -> None:
    policies = drawn.loaded(contents)
    if policies is not None:
        assert compared(policies, policies, world).is_same
