"""Entries that begin on a day: before it they only add a warning."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.findings import Finding, Level
from gate.verdict import STRICTEST_FIRST, Action, PolicyPlace
from tests.policy import drawn
from tests.policy.making import NAMES, NOTHING, TODAY, finding, loaded

if TYPE_CHECKING:
    from pathlib import Path

    from gate.policy import Policies
    from gate.reference import Names
    from gate.verdict import Decision

BEGINS = date(2027, 3, 1)
SELECTOR = "block: [{levels: [low], statuses: [unhandled], from: 2027-03-01}]\n"
RULE = "rules: [{match: {risks: [apk]}, action: block, from: 2027-03-01, reason: slow}]\n"
WAIVED = "waivers: [{risks: [apk], images: [shop/*], reason: r, expires: 2027-01-01}]\n"
LOW = finding("apk", Level.LOW)


def decided(policies: Policies) -> Decision:
    [decision] = policies.judge([LOW], NAMES)
    return decision


@pytest.mark.parametrize(
    ("because", "rule", "line", "text"),
    [
        (
            "The policy blocks from 2027-03-01 findings that are low and unhandled.",
            None,
            2,
            SELECTOR,
        ),
        ('The rule "rules[0]" blocks from 2027-03-01: slow.', "rules[0]", 3, RULE),
    ],
)
def test_what_is_to_block_is_warned_of_before_its_day(
    tmp_path: Path, because: str, rule: str | None, line: int, text: str
) -> None:
    policies = loaded(tmp_path, text)
    for day in (TODAY, BEGINS - timedelta(days=1)):
        decision = decided(policies.on(day))
        assert (decision.action, decision.because) == (Action.WARN, because)
        assert (decision.rule, decision.policy) == (rule, PolicyPlace("a.yaml", line))
    assert Action.BLOCK is decided(policies.on(BEGINS)).action


def test_what_is_warned_of_anyway_keeps_its_entry_and_says_when_it_blocks(tmp_path: Path) -> None:
    warn = "warn: {levels: [low], statuses: [unhandled]}\n"
    decision = decided(loaded(tmp_path, SELECTOR + warn))
    assert (Action.WARN, PolicyPlace("a.yaml", 3)) == (decision.action, decision.policy)
    assert decision.because == (
        "The policy warns of findings that are low and unhandled. "
        "The policy blocks from 2027-03-01 findings that are low and unhandled."
    )


def test_what_blocks_already_blocks_as_before(tmp_path: Path) -> None:
    low = "{levels: [low], statuses: [unhandled]%s}"
    decision = decided(loaded(tmp_path, f"block: [{low % ', from: 2099-01-01'}, {low % ''}]\n"))
    assert decision.because == "The policy blocks findings that are low and unhandled."


def test_the_entries_after_one_that_is_ahead_decide(tmp_path: Path) -> None:
    rules = RULE.replace("rules: [", "rules: [").replace("2027-03-01", "2099-01-01")
    later = "{match: {risks: [apk]}, action: allow, reason: fine}]\n"
    decision = decided(loaded(tmp_path, rules.replace("]\n", ", ") + later))
    assert (Action.WARN, "rules[0]") == (decision.action, decision.rule)


def test_what_a_waiver_covers_would_not_block(tmp_path: Path) -> None:
    assert Action.ALLOW is decided(loaded(tmp_path, SELECTOR + WAIVED)).action
    none = SELECTOR.replace("from", "waivers: none, from")
    assert Action.WARN is decided(loaded(tmp_path, none + WAIVED)).action


def test_a_waived_finding_is_warned_of_where_an_entry_ahead_takes_no_waiver(
    tmp_path: Path,
) -> None:
    block = "block: {levels: [low], statuses: [unhandled]}\n"
    rule = RULE.replace("reason: slow", "waivers: none")
    decision = decided(loaded(tmp_path, block + rule + WAIVED))
    assert (Action.WARN, None) == (decision.action, decision.waiver)


def test_several_that_are_ahead_say_the_first_day(tmp_path: Path) -> None:
    rules = """\
rules:
  - {match: {risks: [apk]}, action: block, from: 2028-01-01}
  - {match: {levels: [low]}, action: block, from: 2027-06-01}
"""
    assert "from 2027-06-01" in decided(loaded(tmp_path, rules)).because


def test_of_several_policies_each_judges_alone(tmp_path: Path) -> None:
    for texts in ((NOTHING, SELECTOR), (SELECTOR, NOTHING)):
        decision = decided(loaded(tmp_path, *texts))
        letter = "ab"[texts.index(SELECTOR)]
        assert decision.because == (
            f"The policy {letter}.yaml blocks from 2027-03-01 findings that are low and unhandled."
        )


def test_a_check_that_only_a_rule_ahead_names_need_not_be_on(tmp_path: Path) -> None:
    policies = loaded(tmp_path, RULE)
    assert frozenset() == policies.requirements(NAMES).checks
    assert {"apk"} == policies.on(BEGINS).requirements(NAMES).checks


def without_ahead(content: dict[str, Any]) -> dict[str, Any]:
    """Return what a file says less the entries whose day is still to come."""

    def present(entry: dict[str, Any]) -> bool:
        return "from" not in entry or date.fromisoformat(entry["from"]) <= TODAY

    nothing: list[dict[str, Any]] = [{"levels": [], "statuses": []}]
    block = [*filter(present, content["block"])] or nothing
    return {**content, "block": block, "rules": [*filter(present, content.get("rules", []))]}


def without_from(content: dict[str, Any]) -> dict[str, Any]:
    """Return what a file says from all days on."""

    def at_once(entry: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in entry.items() if key != "from"}

    rules = [*map(at_once, content.get("rules", []))]
    return {**content, "block": [*map(at_once, content["block"])], "rules": rules}


@given(drawn.several, drawn.names(), st.lists(drawn.findings, max_size=4))
@settings(max_examples=150, deadline=None)
def test_an_entry_that_is_ahead_never_makes_a_decision_milder(
    contents: list[dict[str, Any]], names: Names, findings: list[Finding]
) -> None:
    """At most a warning is added: what blocks and what is worse than a warning stays as it is."""
    policies = drawn.load(*contents)
    absent = drawn.load(*map(without_ahead, contents))
    for one, other in zip(
        policies.judge(findings, names), absent.judge(findings, names), strict=True
    ):
        strictness = [STRICTEST_FIRST.index(each.action) for each in (one, other)]
        assert strictness == sorted(strictness)
        assert one.action in {other.action, Action.WARN}
    assert absent.requirements(names) == policies.requirements(names)


@given(drawn.several, drawn.names(), st.lists(drawn.findings, max_size=4))
@settings(max_examples=60, deadline=None)
def test_a_day_that_has_come_changes_nothing(
    contents: list[dict[str, Any]], names: Names, findings: list[Finding]
) -> None:
    day = TODAY + timedelta(days=max(drawn.DAYS))
    with_day, at_once = (
        drawn.load(*each).on(day) for each in (contents, map(without_from, contents))
    )
    assert [each.action for each in at_once.judge(findings, names)] == [
        each.action for each in with_day.judge(findings, names)
    ]
