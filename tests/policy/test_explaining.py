"""How a decision comes about, step by step."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.findings import Finding, Level, Status
from gate.reference import Names
from gate.verdict import STRICTEST_FIRST, Action
from tests.policy import drawn
from tests.policy.making import BLOCK, NAMES, NOTHING, TODAY, finding, loaded

if TYPE_CHECKING:
    from pathlib import Path

    from gate.policy import Policies

LATER = TODAY + timedelta(days=30)


def waiver(images: str, expires: date, risk: str = "no_user", owner: str = "") -> str:
    who = f", owner: {owner}" if owner else ""
    return f"{{risks: [{risk}], images: ['{images}'], reason: r, expires: {expires}{who}}}"


def steps(
    policies: Policies,
    about: Finding | None = None,
    names: Names = NAMES,
    *,
    in_full: bool = False,
) -> list[str]:
    explanation = policies.explain(about or finding(), names)
    return [
        ": ".join(filter(None, (step.path, str(step.line or ""), step.entry, step.says)))
        for step in explanation.shown(in_full=in_full)
    ]


def test_rules_come_first_then_block_then_warn(tmp_path: Path) -> None:
    text = """\
block: [{levels: [high], statuses: [ignored]}, {levels: [medium], statuses: [unhandled]}]
warn: [{levels: [low], statuses: [ignored]}, {levels: [high], statuses: [unhandled]}]
rules: [{match: {risks: [x], levels: [low]}, action: block}]
"""
    assert steps(loaded(tmp_path, text)) == [
        "a.yaml: 4: rules[0]: no (risks, levels)",
        "a.yaml: 2: block[0]: no (statuses)",
        "a.yaml: 2: block[1]: no (levels)",
        "a.yaml: 3: warn[0]: no (levels, statuses)",
        "a.yaml: 3: warn[1]: yes",
        "a.yaml: WARN",
    ]


def test_what_comes_after_a_rule_that_decides_is_not_shown(tmp_path: Path) -> None:
    text = """\
rules:
  - {match: {images: [other/*]}, action: block}
  - {name: R, match: {risks: [no_user]}, action: allow, reason: r}
  - {match: {images: [other/*]}, action: block}
"""
    policies = loaded(tmp_path, text)
    assert ["a.yaml: 1 rule is about other images", 'a.yaml: 5: rules[1] "R": yes'] == steps(
        policies
    )[:2]
    assert [
        "a.yaml: 4: rules[0]: no (images)",
        'a.yaml: 5: rules[1] "R": yes',
        "a.yaml: ALLOW",
    ] == steps(policies, in_full=True)


def test_all_selectors_of_block_are_tried(tmp_path: Path) -> None:
    each = "{levels: [high], statuses: [unhandled], waivers: %s}"
    text = f"block: [{each % 'none'}, {each % 'own'}]\nwaivers: [{waiver('shop/*', LATER)}]\n"
    assert steps(loaded(tmp_path, text)) == [
        "a.yaml: 2: block[0]: yes",
        "a.yaml: 3: waiver: doesn't count: a.yaml:2 says waivers: none",
        "a.yaml: 2: block[1]: yes",
        f"a.yaml: 3: waiver: holds until {LATER}",
        "a.yaml: BLOCK",
    ]


def test_each_waiver_on_the_finding_says_what_it_is_worth(tmp_path: Path) -> None:
    central = BLOCK.replace("]}", "], waivers: any}") + "max_waiver: 60d\nwaiver_needs: [owner]\n"
    long, ended = TODAY + timedelta(days=61), TODAY - timedelta(days=1)
    own = f"waivers: [{waiver('shop/*', ended, owner='me')}]\n"
    team = "waivers:\n" + "".join(
        f"  - {each}\n"
        for each in (
            waiver("shop/*", long),
            waiver("shop/*", LATER),
            waiver("shop/*", LATER, owner="you"),
            waiver("other/*", LATER),
            waiver("shop/*", LATER, "apk"),
            waiver("shop/web:2", LATER, owner="you"),
        )
    )
    names = Names(("shop/web",), ("1.4", "2"), ("1.4",))
    policies = loaded(tmp_path, central + own, NOTHING + team)
    assert steps(policies, names=names)[:7] == [
        "a.yaml: 2: block[0]: yes",
        f"a.yaml: 5: waiver: ended on {ended}",
        "b.yaml: 4: waiver: void: longer than max_waiver of a.yaml",
        "b.yaml: 5: waiver: void: has no owner (waiver_needs of a.yaml)",
        f"b.yaml: 6: waiver: holds until {LATER}",
        "b.yaml: 9: waiver: doesn't count: only a tag that is not certain matches",
        "a.yaml: WAIVED",
    ]
    assert "b.yaml: 8: waiver: no (risks)" in steps(policies, names=names, in_full=True)


def test_waivers_of_other_files_do_not_count_where_only_own_ones_do(tmp_path: Path) -> None:
    team = f"{NOTHING}waivers: [{waiver('shop/*', LATER)}]\n"
    assert "b.yaml: 3: waiver: doesn't count: a.yaml:2 says waivers: own" in steps(
        loaded(tmp_path, BLOCK, team)
    )


def test_an_entry_that_is_ahead_says_from_when_on_it_blocks(tmp_path: Path) -> None:
    text = "block: {levels: [high], statuses: [unhandled], from: 2027-03-01}\n"
    assert steps(loaded(tmp_path, text)) == [
        "a.yaml: 2: block[0]: yes, but blocks from 2027-03-01",
        "a.yaml: WARN",
    ]


def test_a_tag_that_is_not_certain_is_said(tmp_path: Path) -> None:
    rule = "  - {match: {images: ['shop/web:2']}, action: %s, reason: r}\n"
    text = f"rules:\n{rule % 'allow'}{rule % 'block'}"
    names = Names(("shop/web",), ("1.4", "2"), ("1.4",))
    assert steps(loaded(tmp_path, NOTHING + text), names=names) == [
        "a.yaml: 4: rules[0]: doesn't count: only a tag that is not certain matches",
        "a.yaml: 5: rules[1]: yes, by a tag that is not certain: what comes after it counts, too",
        "a.yaml: BLOCK",
    ]


def test_a_word_that_is_not_known_blocks_without_a_try(tmp_path: Path) -> None:
    policies = loaded(tmp_path, NOTHING)
    for word, about in (
        ("level", finding(level=Level.UNKNOWN)),
        ("status", finding(status=Status.UNKNOWN)),
    ):
        assert steps(policies, about) == [
            f"a.yaml: nothing can match: its {word} is unknown",
            "a.yaml: BLOCK",
        ]


def test_where_nothing_matches_it_is_said(tmp_path: Path) -> None:
    policies = loaded(tmp_path, NOTHING)
    assert ["a.yaml: nothing matches", "a.yaml: ALLOW"] == steps(policies)
    assert "a.yaml: 2: block[0]: no (levels, statuses)" == steps(policies, in_full=True)[0]


@given(drawn.several, drawn.names(), drawn.findings, st.sampled_from(drawn.DAYS))
@settings(max_examples=200, deadline=None)
def test_an_explanation_comes_to_the_decision_of_the_judge(
    contents: list[dict[str, Any]], names: Names, one: Finding, days: int
) -> None:
    policies = drawn.load(*contents).on(TODAY + timedelta(days=days))
    explanation = policies.explain(one, names)
    assert policies.judge([one], names) == (explanation.decision,)

    whole = [step for step in explanation.steps if step.line is None and step.says.isupper()]
    assert [policy.path for policy in policies.policies] == [step.path for step in whole]
    said = [Action(step.says.lower()) for step in whole]
    assert explanation.decision.action is min(said, key=STRICTEST_FIRST.index)


@given(drawn.several, drawn.names(), drawn.findings)
@settings(max_examples=100, deadline=None)
def test_the_steps_hold_what_decided_in_the_order_of_the_file(
    contents: list[dict[str, Any]], names: Names, one: Finding
) -> None:
    policies = drawn.load(*contents)
    explanation = policies.explain(one, names)
    decision = explanation.decision
    taken = [(step.path, step.line) for step in explanation.steps if step.says.startswith("yes")]
    if decision.policy:
        assert (decision.policy.path, decision.policy.line) in taken
    elif decision.action is Action.ALLOW:
        assert any(step.says == "nothing matches" for step in explanation.steps)
    if decision.waiver:
        says = "ended on" if decision.waiver.expired else "holds until"
        waiver = (decision.waiver.path, decision.waiver.line, f"{says} {decision.waiver.expires}")
        assert waiver in [(step.path, step.line, step.says) for step in explanation.steps]
    for policy in policies.policies:
        order = [entry.label for entry in policy.entries]
        shown = [
            step.entry
            for step in explanation.shown(in_full=True)
            if step.path == policy.path and step.entry not in {"", "waiver"}
        ]
        assert shown == [label for label in order if label in shown]
