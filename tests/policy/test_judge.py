"""The whole matrix of level, status, rule, waiver, day and action, against a second opinion."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING

import pytest

from gate.findings import Level, Status
from gate.verdict import Action, WaiverUse
from tests.policy.making import BLOCK, NAMES, TODAY, finding, loaded

if TYPE_CHECKING:
    from pathlib import Path

    from gate.policy import Policies
    from gate.verdict import Decision

KNOWN = (Level.HIGH, Level.MEDIUM, Level.LOW)
WHOSE = ("own", "any", "none")
RULES = [
    None,
    *(("block", whose) for whose in WHOSE),
    *(("warn", whose) for whose in WHOSE),
    ("allow", None),
]
WAIVERS = (None, "own", "other")
DAYS = (-1, 0, 1)  # from today until the waiver's last day


def policy(listed: str, whose: str, rule: tuple[str, str | None] | None, waiver: str) -> str:
    """Write a policy whose block and warn lists part the statuses."""
    text = "version: 1\n"
    text += f"block: {{levels: [high, medium, low], statuses: [{listed}], waivers: {whose}}}\n"
    text += "warn: {levels: [high, medium, low], statuses: [ignored]}\n"
    if rule:
        waivers = f", waivers: {rule[1]}" if rule[1] else ", reason: why not"
        text += f"rules: [{{name: R, match: {{risks: [no_*]}}, action: {rule[0]}{waivers}}}]\n"
    return text + waiver


def second_opinion(  # noqa: PLR0913, PLR0917 - the dimensions of the matrix
    level: Level,
    status: Status,
    rule: tuple[str, str | None] | None,
    whose: str,
    waiver: str | None,
    day: int,
) -> tuple[Action, str | None, bool | None]:
    """Return the action, the rule's name, and whether a waiver that is named has expired."""
    if Level.UNKNOWN is level or Status.UNKNOWN is status:
        return Action.BLOCK, None, None
    if rule:
        action, name, counts = Action(rule[0]), "R", rule[1]
    elif status is Status.UNHANDLED:
        action, name, counts = Action.BLOCK, None, whose
    elif status is Status.IGNORED:
        action, name, counts = Action.WARN, None, "own"
    else:
        action, name, counts = Action.ALLOW, None, None
    applies = (waiver == "own" and counts in {"own", "any"}) or (
        waiver == "other" and counts == "any"
    )
    if action is Action.ALLOW or not applies:
        return action, name, None
    return (Action.WAIVED, name, False) if day >= 0 else (action, name, True)


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("whose", WHOSE)
def test_every_combination_is_decided_as_documented(
    tmp_path: Path, rule: tuple[str, str | None] | None, whose: str
) -> None:
    kinds = list(product(Level, Status))
    for waiver, day in product(WAIVERS, DAYS):
        text = (
            "waivers: [{risks: [no_user], images: [shop/*], reason: W, "
            f"expires: {TODAY + timedelta(days=day)}}}]\n"
        )
        first = policy("unhandled", whose, rule, text if waiver == "own" else "")
        other = "version: 1\nblock: {levels: [], statuses: []}\n"
        other += text if waiver == "other" else ""
        (tmp_path / "a.yaml").write_text(first)
        (tmp_path / "b.yaml").write_text(other)
        policies = load(tmp_path)
        decisions = policies.judge([finding("no_user", *kind) for kind in kinds], NAMES)
        for kind, decision in zip(kinds, decisions, strict=True):
            expected = second_opinion(*kind, rule, whose, waiver, day)
            expired = decision.waiver.expired if decision.waiver else None
            assert expected == (decision.action, decision.rule, expired), (kind, waiver, day)
            assert kind == (decision.finding.level, decision.finding.status)
            assert decision.because.endswith(".")


def load(folder: Path) -> Policies:
    from gate.policy import load_policies  # noqa: PLC0415 - beside the fixture's folder

    return load_policies(["a.yaml", "b.yaml"], directory=folder, today=TODAY)


def judged(folder: Path, text: str, **of: object) -> Decision:
    [decision] = loaded(folder, text).judge([finding(**of)], NAMES)  # type: ignore[arg-type]
    return decision


@pytest.mark.parametrize(
    "match",
    [
        "images: [shop/web]",
        "images: ['shop/web:1.*']",
        "images: ['registry.example.com/**']",
        "images: [other, 'shop/*']",
        "risks: ['no_*']",
        "risks: [other, no_user]",
        "classes: [other, network]",
        "levels: [high]",
        "statuses: [ignored, unhandled]",
        "images: ['**'], risks: ['**'], classes: [other], levels: [high], statuses: [unhandled]",
    ],
)
def test_a_rule_matches_where_all_its_keys_do(tmp_path: Path, match: str) -> None:
    rule = f"rules: [{{match: {{{match}}}, action: allow, reason: fine}}]"
    decision = judged(tmp_path, rule)
    assert (decision.action, decision.rule) == (Action.ALLOW, "rules[0]")
    assert decision.because == 'The rule "rules[0]" says allow: fine.'


@pytest.mark.parametrize(
    "match",
    [
        "images: [web]",
        "images: ['shop/web:2.*']",
        "images: ['Shop/*']",
        "risks: [no]",
        "risks: [No_user]",
        "classes: [network]",
        "classes: [Other]",
        "levels: [medium, low]",
        "statuses: [ignored]",
        "images: ['**'], risks: ['**'], classes: [other], levels: [high], statuses: [ignored]",
    ],
)
def test_a_rule_does_not_match_where_one_key_does_not(tmp_path: Path, match: str) -> None:
    rule = f"rules: [{{match: {{{match}}}, action: allow, reason: fine}}]"
    decision = judged(tmp_path, rule)
    assert (decision.action, decision.rule) == (Action.BLOCK, None)


def test_the_first_rule_that_matches_decides(tmp_path: Path) -> None:
    text = """\
rules:
  - {name: other, match: {risks: [other]}, action: block}
  - {name: first, match: {levels: [high]}, action: warn}
  - {name: second, match: {risks: [no_user]}, action: block}
"""
    decision = judged(tmp_path, text)
    assert (decision.action, decision.rule) == (Action.WARN, "first")
    assert decision.because == 'The rule "first" says warn.'


def test_each_selector_of_the_block_list_must_be_waived(tmp_path: Path) -> None:
    """One says that waivers count, the other that none does: the finding stays blocked."""
    selector = "{levels: [high], statuses: [unhandled], waivers: %s}"
    waiver = "waivers: [{risks: [no_user], images: [shop/*], reason: r, expires: 2027-01-01}]\n"
    for both in (("own", "none"), ("none", "own")):
        listed = ", ".join(selector % whose for whose in both)
        assert Action.BLOCK is judged(tmp_path, f"block: [{listed}]\n{waiver}").action
    assert Action.WAIVED is judged(tmp_path, f"block: [{selector % 'own'}]\n{waiver}").action


def test_of_several_waivers_the_first_that_holds_is_named(tmp_path: Path) -> None:
    waiver = "  - {risks: [no_user], images: [shop/*], reason: %s, expires: %s}\n"
    ended = waiver % ("ended", "2026-11-23")
    text = "waivers:\n" + ended + waiver % ("one", "2027-01-01") + waiver % ("two", "2028-01-01")
    decision = judged(tmp_path, text)
    assert decision.waiver
    assert decision.waiver.reason == "one"
    text = "waivers:\n" + waiver % ("long ago", "2020-01-01") + ended
    decision = judged(tmp_path, text)
    assert decision.waiver
    assert (decision.action, decision.waiver.reason) == (Action.BLOCK, "ended")


def test_a_waiver_is_shown_with_all_it_says(tmp_path: Path) -> None:
    text = """\
waivers:
  - risks: [no_user]
    images: ["shop/*"]
    reason: >
      vendor image,
      replaced in Q1
    expires: 2026-11-24
    owner: team-payments
    ticket: OPS-1432
"""
    decision = judged(tmp_path, text)
    assert (
        WaiverUse(
            reason="vendor image, replaced in Q1",
            expires=TODAY,
            owner="team-payments",
            ticket="OPS-1432",
            path="a.yaml",
            line=4,
        )
        == decision.waiver
    )
    assert decision.because == (
        "The policy blocks findings that are high and unhandled. Waived until 2026-11-24: vendor "
        "image, replaced in Q1."
    )
    later = loaded(tmp_path, text, today=TODAY + timedelta(days=1))
    [after] = later.judge([finding()], NAMES)
    assert after.because == (
        "The policy blocks findings that are high and unhandled. It was waived until 2026-11-24, "
        "which has passed: vendor image, replaced in Q1."
    )


def test_what_no_list_names_is_allowed(tmp_path: Path) -> None:
    decision = judged(tmp_path, BLOCK, level=Level.LOW)
    assert Action.ALLOW is decision.action
    assert decision.because == (
        "No rule matches, and the policy neither blocks nor warns of findings that are low and "
        "unhandled."
    )


@pytest.mark.parametrize(
    ("says", "of"),
    [
        (
            'Its level is a word that this gate doesn\'t know, "ex\\ntreme", so',
            {"level": Level.UNKNOWN, "level_word": "ex\ntreme"},
        ),
        ("Security Center tells no level for it, so", {"level": Level.UNKNOWN}),
        ("Its status can't be told, so", {"status": Status.UNKNOWN}),
    ],
)
def test_what_the_gate_does_not_know_blocks_whatever_the_policy_says(
    tmp_path: Path, says: str, of: dict[str, object]
) -> None:
    text = """\
block: {levels: [], statuses: []}
rules: [{match: {risks: [no_user]}, action: allow, reason: fine}]
waivers: [{risks: [no_user], images: [shop/*], reason: r, expires: 2027-01-01}]
"""
    decision = judged(tmp_path, text, **of)
    assert (decision.action, decision.rule, decision.waiver) == (Action.BLOCK, None, None)
    assert decision.because == f"{says} it blocks: no rule and no waiver can match it."
