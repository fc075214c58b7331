"""No loosening goes unnamed: what lets more through, in whatever world, is looser in some entry."""

from __future__ import annotations

import json
import tempfile
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.cases.change import Change
from gate.cases.changed_keys import scan_changes
from gate.cases.entries import changed_entries
from gate.findings import Finding, Level, Reason, Status
from gate.policy import load_policies
from gate.reference import ImageReference
from gate.verdict import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.policy import Policies
    from gate.reference import Names

TODAY = date(2026, 11, 24)
DAYS = [TODAY + timedelta(days=days) for days in (0, 10, 35, 70)]
_EVERYTHING = "**"

dates = st.sampled_from(DAYS).map(date.isoformat)
levels = st.lists(st.sampled_from(["high", "medium", "low"]), min_size=1, unique=True)
statuses = st.lists(
    st.sampled_from(["unhandled", "ignored", "false_positive"]), min_size=1, unique=True
)
images = st.lists(
    st.sampled_from(
        [
            _EVERYTHING,
            "shop/*",
            "shop/web",
            "shop/web:1",
            "shop/web:*",
            "shop/web:2",
            "**/web",
            "shop/w**",
            "registry.cn-hangzhou.aliyuncs.com/**",
            "registry-vpc.cn-hangzhou.aliyuncs.com/shop/*",
            "registry-vpc.*/**",
        ]
    ),
    min_size=1,
    max_size=2,
    unique=True,
)
risks = st.lists(st.sampled_from(["a", "b", "a*", "*", "ab"]), min_size=1, max_size=2, unique=True)
whose = st.sampled_from(["own", "any", "none"])


def some(**keys: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keys)


matches = some(images=images, risks=risks, levels=levels, statuses=statuses).filter(bool)
rules = st.one_of(
    st.builds(
        lambda match, more: {"match": match, "action": "block", **more},
        matches,
        some(waivers=whose, **{"from": dates}),
    ),
    st.builds(
        lambda match, action: {"match": match, "action": action, "reason": "r"},
        matches,
        st.sampled_from(["allow", "warn"]),
    ),
)
selectors = st.builds(
    lambda levels, statuses, more: {"levels": levels, "statuses": statuses, **more},
    levels,
    statuses,
    some(waivers=whose, **{"from": dates}),
)
warnings = st.fixed_dictionaries({"levels": levels, "statuses": statuses})
waivers = st.builds(
    lambda images, risks, expires, more: {
        "images": ["shop/web"] if _EVERYTHING in images else images,
        "risks": risks,
        "expires": expires,
        "reason": "r",
        **more,
    },
    images,
    risks,
    dates,
    some(owner=st.just("o"), ticket=st.just("t")),
)
scans = some(
    require_digest=st.booleans(),
    max_age=st.sampled_from(["1d", "2d"]),
    settle=st.sampled_from(["0s", "15s", "30s"]),
    accept_previous=st.booleans(),
    require_checks=st.booleans(),
    platforms=st.lists(
        st.sampled_from(["linux/amd64", "linux/arm64"]), min_size=1, max_size=2, unique=True
    ),
)
undecided = st.fixed_dictionaries(
    {
        "warn_on": st.lists(st.sampled_from(["missing", "running"]), min_size=1, unique=True),
        "until": dates,
    }
)
policies = st.fixed_dictionaries(
    {"version": st.just(1), "block": st.lists(selectors, min_size=1, max_size=2)},
    optional={
        "warn": st.lists(warnings, max_size=1),
        "rules": st.lists(rules, max_size=3),
        "waivers": st.lists(waivers, max_size=3),
        "scan": scans,
        "undecided": undecided,
    },
)
# Others' waivers may be void for these, which their own files would not be valid with.
limits = some(
    max_waiver=st.sampled_from(["1d", "20d", "50d"]),
    waiver_needs=st.lists(st.sampled_from(["owner", "ticket"]), min_size=1, unique=True),
)
limited = st.builds(lambda policy, more: policy | {"waivers": []} | more, policies, limits)
files = st.one_of(policies, limited)


@st.composite
def edited(draw: st.DrawFn, policy: dict[str, Any]) -> dict[str, Any]:
    """Draw a policy that differs from another in few places."""
    other = draw(files)
    result = dict(policy)
    for key in draw(st.sets(st.sampled_from(sorted({*policy, *other} - {"version"})), max_size=2)):
        mine, theirs = policy.get(key), other.get(key)
        if isinstance(mine, list) and isinstance(theirs, list):
            entries = [*mine, *theirs]
            chosen = draw(st.permutations(entries))[: draw(st.integers(1, len(entries) or 1))]
            result[key] = chosen or mine
        elif key in other:
            result[key] = other[key]
        elif key != "block":
            del result[key]
    return result


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    old = draw(st.lists(files, min_size=1, max_size=2))
    new = [draw(edited(policy)) for policy in old]
    if draw(st.integers(0, 5)) == 0:
        new.append(draw(files))
    if len(new) > 1 and draw(st.integers(0, 5)) == 0:
        del new[draw(st.integers(0, len(new) - 1))]
    return old, new


def changed(entries: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[tuple[Any, Any]]:
    """Draw a list of few entries, and the same with one added, gone, moved or replaced."""

    @st.composite
    def draw_both(draw: st.DrawFn) -> tuple[list[Any], list[Any]]:
        old = draw(st.lists(entries, max_size=most))
        at = draw(st.integers(0, len(old)))
        gone = draw(st.integers(0, 1))
        come = draw(st.lists(entries, max_size=1))
        if come and at < len(old) and draw(st.booleans()):
            key = draw(st.sampled_from(sorted(come[0])))
            come = [{**old[at], key: come[0][key]}]
        new = [*old[:at], *come, *old[at + gone :]]
        return old, draw(st.permutations(new)) if draw(st.integers(0, 4)) == 0 else new

    return draw_both()


# Few words, so that what one entry says often is about what another says.
few_images = st.sampled_from(
    [
        ["shop/*"],
        ["shop/web"],
        ["shop/web:1"],
        ["shop/web:2"],
        ["shop/web:1", "shop/web:2"],
        ["registry-vpc.*/**"],
        ["registry-vpc.cn-hangzhou.aliyuncs.com/shop/*"],
    ]
)
few_risks = st.sampled_from([["a"], ["b"], ["a", "b"], ["*"]])
soon = st.sampled_from([DAYS[1], DAYS[3]]).map(date.isoformat)
few_rules = st.one_of(
    st.builds(
        lambda match, waivers, more: {"match": match, "action": "block", "waivers": waivers} | more,
        st.fixed_dictionaries({"risks": few_risks}, optional={"images": few_images}),
        whose,
        some(**{"from": soon}),
    ),
    st.builds(
        lambda risks, images: {
            "match": {"risks": risks, "images": images},
            "action": "allow",
            "reason": "r",
        },
        few_risks,
        few_images,
    ),
)
few_waivers = st.builds(
    lambda risks, images, expires, more: {
        "risks": ["a"] if images == ["registry-vpc.*/**"] else risks,
        "images": images,
        "expires": expires,
        "reason": "r",
        **more,
    },
    few_risks,
    few_images,
    soon,
    some(owner=st.just("o")),
)
high = st.builds(
    lambda waivers: {"levels": ["high"], "statuses": ["unhandled"], "waivers": waivers}, whose
)
SELECTOR = {"levels": ["high"], "statuses": ["unhandled"]}
WAIVED = {"risks": ["a"], "images": ["shop/*"], "expires": "2027-06-01", "reason": "r"}
of_rules = st.builds(
    lambda selector, both: tuple(
        [{"version": 1, "block": [selector], "rules": list(rules), "waivers": [WAIVED]}]
        for rules in both
    ),
    high,
    changed(few_rules, 2),
)
few_selectors = st.builds(
    lambda levels, more: {"levels": levels, "statuses": ["unhandled"]} | more,
    st.sampled_from([["high"], ["high", "low"]]),
    some(waivers=whose, **{"from": soon}),
)
of_selectors = st.builds(
    lambda both: tuple(
        [{"version": 1, "block": list(selectors), "waivers": [WAIVED]}] for selectors in both
    ),
    changed(few_selectors, 2).filter(all),
)
of_waivers = st.builds(
    lambda more, both: tuple(
        [
            {"version": 1, "block": [SELECTOR | {"waivers": "any"}], **more},
            {"version": 1, "block": [SELECTOR], "waivers": list(waivers)},
        ]
        for waivers in both
    ),
    some(max_waiver=st.just("20d"), waiver_needs=st.just(["owner"])),
    changed(few_waivers, 3),
)
of_files = st.builds(
    lambda one, other, both: tuple(
        [file for file, is_there in zip((one, other), sides, strict=True) if is_there]
        for sides in both
    ),
    files,
    files,
    st.sampled_from([((True, True), (True, False)), ((True, False), (True, True))]),
)

NAMES = [
    ImageReference.parse(f"{host}/shop/web{tag}@sha256:{64 * '0'}").names(tags)
    for host in ("registry.cn-hangzhou.aliyuncs.com", "registry-vpc.cn-hangzhou.aliyuncs.com")
    for tag in ("", ":1")
    for tags in (("1",), ("1", "2"))
]
FINDINGS = [
    Finding(risk=risk, level=level, status=status)
    for risk in ("a", "b")
    for level in (Level.HIGH, Level.MEDIUM, Level.LOW)
    for status in (Status.UNHANDLED, Status.IGNORED)
]


def loaded(contents: Sequence[dict[str, Any]]) -> Policies | None:
    """Load policies; ``None`` if they aren't valid (a waiver that is longer than its own limit)."""
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{letter}.yaml" for letter, _ in zip("abc", contents, strict=False)]
        for name, content in zip(names, contents, strict=True):
            text = json.dumps({key: value for key, value in content.items() if value != []})
            (Path(folder) / name).write_text(text, encoding="utf-8")
        try:
            return load_policies(names, directory=Path(folder), today=TODAY)
        except Exception:  # noqa: BLE001 - whatever is wrong with it
            return None


def blocked(policies: Policies, names: Names) -> list[bool]:
    """Return of each finding whether it blocks."""
    decisions = policies.judge(FINDINGS, names)
    return [decision.action is Action.BLOCK for decision in decisions]


def check_that_loosening_is_named(pair: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> None:
    old, new = map(loaded, pair)
    if old is None or new is None:
        return
    changes = changed_entries(old.policies, new.policies, TODAY)
    if any(change.change is Change.LOOSER for change in changes):
        return
    for names, day in product(NAMES, DAYS):
        before, after = old.on(day), new.on(day)
        sides = zip(blocked(before, names), blocked(after, names), strict=True)
        assert all(blocks or not blocked_before for blocked_before, blocks in sides)
        ways = scan_changes(before.requirements(names), after.requirements(names))
        assert all(change is Change.STRICTER for change, _ in ways)
        for reason in (Reason.MISSING, Reason.RUNNING):
            assert before.tolerates(reason) or not after.tolerates(reason)


@settings(max_examples=150, deadline=None)
@given(pairs())
def test_what_lets_more_through_is_looser_in_an_entry(pair: Any) -> None:
    check_that_loosening_is_named(pair)


@settings(max_examples=400, deadline=None)
@given(of_rules)
def test_rules_that_let_more_through_are_looser(pair: Any) -> None:
    check_that_loosening_is_named(pair)


@settings(max_examples=200, deadline=None)
@given(of_selectors)
def test_selectors_that_let_more_through_are_looser(pair: Any) -> None:
    check_that_loosening_is_named(pair)


@settings(max_examples=400, deadline=None)
@given(of_waivers)
def test_waivers_that_let_more_through_are_looser(pair: Any) -> None:
    check_that_loosening_is_named(pair)


@settings(max_examples=100, deadline=None)
@given(of_files)
def test_files_that_let_more_through_are_looser(pair: Any) -> None:
    check_that_loosening_is_named(pair)


@settings(max_examples=100, deadline=None)
@given(st.lists(files, min_size=1, max_size=3))
def test_a_policy_is_the_same_as_itself(contents: list[dict[str, Any]]) -> None:
    policies = loaded(contents)
    if policies is not None:
        assert not changed_entries(policies.policies, policies.policies, TODAY)
        reverse = policies.policies[::-1]
        assert not changed_entries(policies.policies, reverse, TODAY)
