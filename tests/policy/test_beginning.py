"""Entries that begin on a day: before it they only add a warning."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from gate.findings import Level
from gate.verdict import Action, PolicyPlace
from tests.policy.making import NAMES, NOTHING, TODAY, finding, loaded

if TYPE_CHECKING:
    from pathlib import Path

    from gate.policy import Policies
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
