"""What `waive` prints holds what was there; what `prune` takes out changes nothing for it."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from gate.cases import (
    BaselineCollection,
    Criteria,
    Pruner,
    WaiverTexts,
    baseline_as_policy,
    judge_again,
    open_cases,
    without,
)
from gate.cases.change import Change
from gate.cases.entries import changed_entries
from gate.findings import Finding, Level, Status
from gate.policy import Policies, load_policies, read_policy
from gate.reference import Names
from gate.verdict import Action, Outcome
from tests.cases.recording import HOST, image, record

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pytest

    from gate.cases import Case
    from gate.policy import Policy

TODAY = date(2026, 11, 24)
ORG = """\
version: 1
block:
- {levels: [high, medium], statuses: [unhandled], waivers: any}
- {levels: [high], statuses: [ignored], waivers: any}
rules:
- {match: {images: ["pay/**"], risks: [sudo]}, action: block, waivers: none}
warn: {levels: [low], statuses: [unhandled]}
"""
RISKS = ("no_user", "sudo", "curl_pipe")
NAMES = ("shop/web", "shop/api", "pay/web", "pay/a/b")

names = st.sampled_from(NAMES)
tagged = st.builds("{}:{}".format, names, st.sampled_from(["1", "2", "dev"]))
images = st.builds(
    image,
    tagged,
    st.sampled_from(RISKS),
    level=st.sampled_from(["high", "medium", "low", "unknown"]),
    status=st.sampled_from(["unhandled", "ignored", "false_positive"]),
    host=st.sampled_from([HOST, ""]),
    number=st.integers(1, 9),
    evidence=st.sampled_from(["complete", "complete", "complete", "failed", "stale"]),
    checks=st.sampled_from([{"off": []}, {"off": ["sudo"]}, None]),
) | st.builds(image, tagged, host=st.sampled_from([HOST, ""]), number=st.integers(1, 9))
scopes = st.fixed_dictionaries(
    {"namespace": st.sampled_from([None, None, "shop"]), "region": st.sampled_from(["a", "b"])}
)
records = st.lists(st.tuples(st.lists(images, max_size=6), scopes), min_size=1, max_size=2)

patterns = st.sampled_from([*NAMES, "shop/*", "**/web", "pay/**", "shop/web:1", f"{HOST}/shop/web"])
waivers = st.fixed_dictionaries(
    {
        "risks": st.lists(st.sampled_from([*RISKS, "s*"]), min_size=1, max_size=3, unique=True),
        "images": st.lists(patterns, min_size=1, max_size=2, unique=True),
        "expires": st.sampled_from(["2026-11-23", "2026-11-24", "2027-01-31"]),
    }
)


def policies_with(folder: Path, baseline: str) -> Policies:
    (folder / "org.yaml").write_text(ORG, encoding="utf-8")
    (folder / "baseline.yaml").write_text(baseline, encoding="utf-8")
    return load_policies(["org.yaml", "baseline.yaml"], directory=folder, today=TODAY)


def text_of(waivers: Iterable[dict[str, Any]]) -> str:
    lines = [
        f"- risks: {waiver['risks']}\n  images: {waiver['images']}\n  reason: r\n"
        f"  expires: {waiver['expires']}\n"
        for waiver in waivers
    ]
    return "version: 1\nblock: {levels: [], statuses: []}\nwaivers:\n" + "".join(lines)


def verdict_of(case: Case, policies: Policies) -> tuple[object, ...]:
    verdict = judge_again(case, policies)
    return verdict.outcome, verdict.reason, [each.action for each in verdict.decisions]


def pruned(policy: Policy, raw: bytes, folder: Path, written: Iterable[str]) -> bytes:
    pruner = Pruner(policy)
    for name in written:
        pruner.read(open_cases(name, directory=folder))
    removed: dict[int, set[str]] = defaultdict(set)
    for risk in pruner.risks(TODAY):
        if risk.goes:
            removed[risk.number].add(risk.risk)
    return without(raw, removed)


@given(st.lists(waivers, min_size=1, max_size=4), records)
@settings(max_examples=100, deadline=None)
def test_what_goes_changes_no_verdict_and_nothing_gets_looser(
    tmp_path_factory: pytest.TempPathFactory,
    made: list[dict[str, Any]],
    contents: list[tuple[list[dict[str, Any]], dict[str, Any]]],
) -> None:
    folder = tmp_path_factory.mktemp("world")
    written = [
        record(folder / f"{number}.cases", own, **scope)
        for number, (own, scope) in enumerate(contents)
    ]
    before = text_of(made)
    old = policies_with(folder, before)
    cut = pruned(old.policies[1], before.encode(), folder, written).decode()
    new = policies_with(folder, cut)

    for name in written:
        for case in open_cases(name, directory=folder).images():
            assert verdict_of(case, old) == verdict_of(case, new)
    event(f"cut: {before != cut}")
    changes = changed_entries(old.policies, new.policies, TODAY)
    assert all(change.change is Change.STRICTER for change in changes)


HOSTILE = st.sampled_from(
    ['"', "'", "\\", "[", "]", "{", "}", ",", "#", " #", ": ", "-", "- ", "*", "?", "&", "!", "|",
     "%", "@", "\n", "\r", "\t", "\x1b", "\u202e", "\u2028", "::", "##[", "~", "null", "é", "😀"]
)  # fmt: skip
hostile = st.lists(HOSTILE | st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).map(
    "".join
)


def _without(characters: str, text: str) -> str:
    """Take out what parts a reference."""
    return text.translate({ord(character): "_" for character in characters})


@given(st.lists(st.tuples(hostile, hostile, hostile), min_size=1, max_size=4), hostile, hostile)
@settings(max_examples=100, deadline=None)
def test_hostile_names_never_break_out_of_the_file(
    tmp_path_factory: pytest.TempPathFactory,
    parts: list[tuple[str, str, str]],
    reason: str,
    owner: str,
) -> None:
    folder = tmp_path_factory.mktemp("world")
    made = [
        image(f"{_without(':/@', namespace)}/{_without(':@', name)}", risk, number=number)
        for number, (namespace, name, risk) in enumerate(parts)
    ]
    record(folder / "a.cases", made)
    old = policies_with(folder, "version: 1\nblock: {levels: [], statuses: []}\n")
    collection = BaselineCollection(old, Criteria())
    collection.read(open_cases("a.cases", directory=folder))
    baseline = collection.baseline(TODAY, TODAY)
    texts = WaiverTexts(reason=reason.strip(), owner=owner.strip() or None, ticket=None)
    text = baseline_as_policy(baseline.waivers, texts, today=TODAY)

    assert all(character.isprintable() for line in text.split("\n") for character in line)
    new = policies_with(folder, text if texts.reason else text.replace('""', "r"))
    assert [] == list(new.policies[1].entries)[1:]
    named = {(each.image, each.risk) for each in baseline.unwaived}
    for case in open_cases("a.cases", directory=folder).images():
        for decision in judge_again(case, new).decisions:
            waived = (case.image, decision.finding.risk) not in named
            assert waived is (decision.action is Action.WAIVED)
    other = Finding(risk="no_user", level=Level.HIGH, status=Status.UNHANDLED)
    [decision] = new.judge([other], Names(("some/other",), ("1",), ("1",)))
    assert Action.BLOCK is decision.action


@given(records)
@settings(max_examples=60, deadline=None)
def test_a_baseline_waives_what_was_there_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory,
    contents: list[tuple[list[dict[str, Any]], dict[str, Any]]],
) -> None:
    folder = tmp_path_factory.mktemp("world")
    old = policies_with(folder, "version: 1\nblock: {levels: [], statuses: []}\n")
    collection = BaselineCollection(old, Criteria())
    written = [
        record(folder / f"{at}.cases", own, **scope) for at, (own, scope) in enumerate(contents)
    ]
    for name in written:
        collection.read(open_cases(name, directory=folder))
    baseline = collection.baseline(TODAY, date(2026, 12, 24))
    texts = WaiverTexts(reason="r", owner=None, ticket=None)
    text = baseline_as_policy(baseline.waivers, texts, today=TODAY)
    new = policies_with(folder, text)
    named = {(each.image, each.risk) for each in baseline.unwaived}

    assert [] == list(read_policy(text.encode(), "x", today=TODAY).entries)[1:]
    for name in written:
        for case in open_cases(name, directory=folder).images():
            verdict = judge_again(case, new)
            blocked = [each for each in verdict.decisions if each.action is Action.BLOCK]
            assert all((case.image, each.finding.risk) in named for each in blocked)
            if verdict.outcome is Outcome.UNDECIDED:
                was = judge_again(case, old)
                assert was.outcome is Outcome.BLOCK or (case.image, "") in named
    # A baseline prunes to itself: what it waives was there.
    pruner = Pruner(new.policies[1])
    for name in written:
        pruner.read(open_cases(name, directory=folder))
    assert not [risk for risk in pruner.risks(TODAY) if risk.goes]
