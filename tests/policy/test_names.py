"""What makes a policy milder needs a name that is certain; what makes it stricter takes any."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.reference import ImageReference, Names
from gate.verdict import STRICTEST_FIRST, Action
from tests.policy.making import BLOCK, NOTHING, finding, loaded

if TYPE_CHECKING:
    from gate.policy import Policies

DIGEST = "sha256:" + "0" * 64
HOST = "registry.cn-hangzhou.aliyuncs.com"
WAIVER = "waivers: [{risks: [no_user], images: ['%s'], reason: r, expires: 2099-01-01}]\n"
RULE = "rules: [{match: {images: ['%s']}, action: %s, reason: r}]\n"


def action(folder: Path, policy: str, reference: str, *tags: str) -> Action:
    names = ImageReference.parse(f"{HOST}/{reference}@{DIGEST}").names(tags)
    [decision] = loaded(folder, policy).judge([finding()], names)
    return decision.action


@pytest.mark.parametrize(
    ("reference", "tags", "expected"),
    [
        ("web/shop:legacy", ("legacy",), Action.WAIVED),
        ("web/shop:legacy", ("legacy", "new"), Action.WAIVED),
        ("web/shop:legacy", ("new",), Action.BLOCK),
        ("web/shop:legacy", (), Action.BLOCK),
        ("web/shop:new", ("legacy",), Action.BLOCK),
        ("web/shop", ("legacy",), Action.WAIVED),
        ("web/shop", ("legacy", "new"), Action.BLOCK),
        ("web/shop", ("legacy", ""), Action.BLOCK),
        ("web/shop", (), Action.BLOCK),
    ],
    ids=str,
)
def test_a_waiver_of_a_tag_needs_a_record_with_it(
    tmp_path: Path, reference: str, tags: tuple[str, ...], expected: Action
) -> None:
    assert expected == action(tmp_path, WAIVER % "web/shop:legacy", reference, *tags)


@pytest.mark.parametrize("milder", ["allow", "warn"])
def test_a_rule_that_loosens_needs_a_record_with_its_tag(tmp_path: Path, milder: str) -> None:
    rule = RULE % ("web/shop:legacy", milder)
    assert Action(milder) == action(tmp_path, rule, "web/shop:legacy", "legacy")
    assert Action.BLOCK == action(tmp_path, rule, "web/shop:legacy", "new")


@pytest.mark.parametrize("reference", ["web/shop:dev", "web/shop", "web/shop:prod-1"])
def test_a_rule_that_blocks_takes_the_tag_of_any_record(tmp_path: Path, reference: str) -> None:
    rule = NOTHING + RULE % ("web/shop:prod*", "block")
    assert Action.BLOCK == action(tmp_path, rule, reference, "dev", "prod-1")


def test_a_rule_that_blocks_takes_the_caller_s_tag(tmp_path: Path) -> None:
    rule = NOTHING + RULE % ("web/shop:prod*", "block")
    assert Action.BLOCK == action(tmp_path, rule, "web/shop:prod-1", "dev")


HOSTS = (
    HOST,
    HOST.replace("registry", "registry-vpc"),
    HOST.replace("registry", "registry-internal"),
    f"{HOST}:443",
    HOST.upper(),
)


@pytest.mark.parametrize("ruled", [*HOSTS[:-1], "registry-vpc.*.aliyuncs.com"])
@pytest.mark.parametrize("written", HOSTS)
def test_a_rule_for_a_host_holds_for_all_its_names(
    tmp_path: Path, ruled: str, written: str
) -> None:
    names = ImageReference.parse(f"{written}/web/shop:1").names()
    policy = loaded(tmp_path, NOTHING + RULE % (f"{ruled}/web/**", "block"))
    [decision] = policy.judge([finding()], names)
    assert Action.BLOCK == decision.action


def test_a_rule_that_warns_of_a_claimed_tag_hides_no_later_rule(tmp_path: Path) -> None:
    rules = (
        NOTHING + "rules: [{match: {images: ['web/shop:old']}, action: warn},"
        "{match: {images: ['web/**']}, action: block}]\n"
    )
    assert Action.WARN == action(tmp_path, rules, "web/shop:old", "old")
    assert Action.BLOCK == action(tmp_path, rules, "web/shop:old", "new")


def test_a_waived_rule_for_a_claimed_tag_hides_no_later_rule(tmp_path: Path) -> None:
    rules = (
        BLOCK + "rules: [{match: {images: ['web/shop:old']}, action: block},"
        "{match: {images: ['web/**']}, action: block, waivers: none}]\n" + WAIVER % "web/**"
    )
    assert Action.WAIVED == action(tmp_path, rules, "web/shop:old", "old")
    assert Action.BLOCK == action(tmp_path, rules, "web/shop:old", "new")


TAGS = ("legacy", "prod", "prod-1", "")
GLOBS = ("**", "web/*", "web/shop:legacy", "web/shop:prod*", "web/shop:*", f"{HOST}/web/shop:prod")
globs = st.lists(st.sampled_from(GLOBS), min_size=1, max_size=2, unique=True)
rules = st.builds(
    lambda images, action, waivers: (
        f"- {{match: {{images: {images}}}, action: {action}, "
        + ("reason: r}" if action == "allow" else f"waivers: {waivers}}}")
    ),
    globs,
    st.sampled_from(["block", "warn", "allow"]),
    st.sampled_from(["own", "any", "none"]),
)
waivers = st.builds(
    lambda images, risk, year: (
        f"- {{risks: [{risk}], images: {images}, reason: r, expires: {year}-01-01}}"
    ),
    globs,
    st.sampled_from(["no_user", "sudo"]),
    st.sampled_from([2020, 2099]),
)
selectors = st.sampled_from([BLOCK, NOTHING, NOTHING + BLOCK.replace("block", "warn")])


def _written(head: str, rules: list[str], waivers: list[str]) -> str:
    sections = (("rules", rules), ("waivers", waivers))
    return head + "".join("\n".join((f"{key}:", *each, "")) for key, each in sections if each)


policies = st.builds(
    _written, selectors, st.lists(rules, max_size=4), st.lists(waivers, max_size=3)
)
tags = st.sets(st.sampled_from(TAGS))


def load(*texts: str) -> Policies:
    with tempfile.TemporaryDirectory() as folder:
        return loaded(Path(folder), *texts)


def strictness(policies: Policies, names: Names) -> int:
    [decision] = policies.judge([finding()], names)
    return STRICTEST_FIRST.index(decision.action)


@given(st.lists(policies, min_size=1, max_size=2), st.sampled_from(TAGS), tags, tags)
def test_a_verdict_with_fewer_certain_names_is_never_milder(
    texts: list[str], tag: str, confirmed: set[str], more: set[str]
) -> None:
    own = f":{tag}" if tag else ""
    names = ImageReference.parse(f"{HOST}/web/shop{own}@{DIGEST}").names(confirmed)
    judged = load(*texts)

    for fewer in (
        Names(names.untagged, names.tags),
        Names(names.untagged, names.tags, (*names.certain, "")),
        Names(names.untagged, (*names.tags, *more), names.certain),
    ):
        assert strictness(judged, fewer) <= strictness(judged, names)


@given(policies, st.sampled_from(TAGS[:3]), tags)
def test_a_tag_that_no_record_confirms_makes_nothing_milder(
    text: str, tag: str, others: set[str]
) -> None:
    reference = ImageReference.parse(f"{HOST}/web/shop:{tag}@{DIGEST}")
    judged = load(text)
    confirmed = strictness(judged, reference.names(others | {tag}))
    assert strictness(judged, reference.names(others - {tag})) <= confirmed


@given(policies, tags)
def test_without_a_tag_no_verdict_is_milder_than_under_each_tag(
    text: str, confirmed: set[str]
) -> None:
    judged = load(text)
    alone = ImageReference.parse(f"{HOST}/web/shop@{DIGEST}").names(confirmed)
    for tag in confirmed - {""}:
        named = ImageReference.parse(f"{HOST}/web/shop:{tag}@{DIGEST}").names(confirmed)
        assert strictness(judged, alone) <= strictness(judged, named)
