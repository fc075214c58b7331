from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import TYPE_CHECKING

import pytest

from gate.errors import InvalidPolicy
from gate.findings import Level, Reason, Requirements
from gate.policy import load_policies
from gate.verdict import STRICTEST_FIRST, Action
from tests.policy.making import BLOCK, NAMES, NOTHING, TODAY, finding, loaded, named, written

if TYPE_CHECKING:
    from pathlib import Path

# One policy for each action that a high, unhandled finding can get.
WAIVER = "waivers: [{risks: [no_user], images: [shop/*], reason: r, expires: 2027-01-01}]\n"
OF_ACTION = {
    Action.BLOCK: BLOCK,
    Action.WARN: NOTHING + "warn: {levels: [high], statuses: [unhandled]}\n",
    Action.WAIVED: BLOCK + WAIVER,
    Action.ALLOW: NOTHING,
}
TEAM = NOTHING + WAIVER


def action(policies_text: tuple[str, ...], folder: Path) -> Action:
    [decision] = loaded(folder, *policies_text).judge([finding()], NAMES)
    return decision.action


@pytest.mark.parametrize("actions", [*product(Action, repeat=3)], ids="-".join)
def test_of_several_policies_the_strictest_decision_wins(
    tmp_path: Path, actions: tuple[Action, ...]
) -> None:
    policies = loaded(tmp_path, *(OF_ACTION[action] for action in actions))
    [decision] = policies.judge([finding()], NAMES)
    strictest = min(actions, key=STRICTEST_FIRST.index)
    assert strictest is decision.action
    path = "abc"[actions.index(strictest)] + ".yaml"
    assert path in decision.because


def test_with_one_policy_no_file_is_named(tmp_path: Path) -> None:
    [decision] = loaded(tmp_path, BLOCK).judge([finding()], NAMES)
    assert decision.because == "The policy blocks findings that are high and unhandled."


def test_the_rule_of_the_policy_that_wins_is_named(tmp_path: Path) -> None:
    rule = "rules: [{name: %s, match: {levels: [high]}, action: %s, reason: why}]\n"
    policies = loaded(tmp_path, rule % ("mild", "allow"), rule % ("hard", "block"))
    [decision] = policies.judge([finding()], NAMES)
    assert decision.rule == "hard"
    assert decision.because == 'The rule "hard" of b.yaml says block: why.'


def test_decisions_keep_the_order_of_findings(tmp_path: Path) -> None:
    findings = [finding(risk, level) for risk in ("b", "a", "b") for level in Level]
    decisions = loaded(tmp_path, BLOCK).judge(findings, NAMES)
    assert findings == [decision.finding for decision in decisions]


def test_judging_again_gives_the_same_until_the_day_changes(tmp_path: Path) -> None:
    policies = loaded(tmp_path, BLOCK + WAIVER)
    first = policies.judge([finding()], NAMES)
    assert first == policies.judge([finding()], NAMES)
    assert policies.today == TODAY
    assert policies.following(lambda: TODAY - timedelta(days=2)).today == TODAY
    later = loaded(tmp_path, BLOCK + WAIVER, today=date(2027, 1, 2))
    assert first != later.judge([finding()], NAMES)


class TestDelegatedWaivers:
    def central(self, whose: str, limit: str = "") -> str:
        selector = f"{{levels: [high], statuses: [unhandled], waivers: {whose}}}"
        return f"block: {selector}\n{limit}"

    @pytest.mark.parametrize(
        ("expected", "whose"),
        [(Action.WAIVED, "any"), (Action.BLOCK, "own"), (Action.BLOCK, "none")],
    )
    def test_the_central_policy_says_whose_count(
        self, tmp_path: Path, expected: Action, whose: str
    ) -> None:
        assert expected is action((self.central(whose), TEAM), tmp_path)
        assert expected is action((TEAM, self.central(whose)), tmp_path)

    def test_its_limit_holds_for_the_waivers_of_others(self, tmp_path: Path) -> None:
        days = (date(2027, 1, 1) - TODAY).days
        enough = self.central("any", f"max_waiver: {days}d\n")
        less = self.central("any", f"max_waiver: {days - 1}d\n")
        assert Action.WAIVED is action((enough, TEAM), tmp_path)
        assert Action.BLOCK is action((less, TEAM), tmp_path)

    def test_a_waiver_that_ended_is_shown_whoever_wins(self, tmp_path: Path) -> None:
        texts = (self.central("none"), self.central("any"), TEAM)
        policies = loaded(tmp_path, *texts, today=date(2027, 1, 2))
        [decision] = policies.judge([finding()], NAMES)
        assert Action.BLOCK is decision.action
        assert decision.waiver
        assert decision.waiver.expired
        assert "2027-01-01 by c.yaml" in decision.because

    def test_a_warning_is_waived_by_the_own_file_alone(self, tmp_path: Path) -> None:
        warn = OF_ACTION[Action.WARN]
        assert Action.WARN is action((warn, TEAM), tmp_path)
        assert Action.WAIVED is action((warn + WAIVER,), tmp_path)


class TestRequirements:
    def test_a_policy_that_says_nothing_is_strict_about_digests(self, tmp_path: Path) -> None:
        assert Requirements() == loaded(tmp_path, BLOCK).requirements(NAMES)

    def test_every_key_is_handed_on(self, tmp_path: Path) -> None:
        text = """\
scan:
  require_digest: false
  max_age: 7d
  settle: 0
  accept_previous: true
  require_checks: true
  platforms: [linux/x86_64, linux/arm/v7, linux/amd64]
"""
        expected = Requirements(
            require_digest=False,
            max_age=timedelta(days=7),
            settle=timedelta(),
            accept_previous=True,
            require_checks=True,
            platforms=("linux/amd64", "linux/arm/v7"),
        )
        assert expected == loaded(tmp_path, text).requirements(NAMES)

    @pytest.mark.parametrize(
        ("key", "stricter", "milder"),
        [
            ("require_digest", "true", "false"),
            ("max_age", "1d", "25h"),
            ("settle", "20s", "0s"),
            ("accept_previous", "false", "true"),
            ("require_checks", "true", "false"),
        ],
    )
    def test_the_stricter_of_two_holds(
        self, tmp_path: Path, key: str, stricter: str, milder: str
    ) -> None:
        texts = (f"scan: {{{key}: {stricter}}}", f"scan: {{{key}: {milder}}}")
        alone = loaded(tmp_path, texts[0]).requirements(NAMES)
        for both in (texts, texts[::-1]):
            together = loaded(tmp_path, *both).requirements(NAMES)
            assert getattr(alone, key) == getattr(together, key)

    def test_platforms_are_those_that_any_policy_wants(self, tmp_path: Path) -> None:
        amd, arm = "scan: {platforms: [linux/amd64]}", "scan: {platforms: [linux/arm64]}"
        together = loaded(tmp_path, amd, arm).requirements(NAMES)
        assert together.platforms == ("linux/amd64", "linux/arm64")
        assert loaded(tmp_path, amd, BLOCK).requirements(NAMES).platforms is None

    def test_checks_are_those_that_a_rule_for_the_image_names_literally(
        self, tmp_path: Path
    ) -> None:
        first = """\
rules:
  - {match: {risks: [no_user, "env_*", "add?"]}, action: warn}
  - {match: {risks: [sudo], images: ["shop/*"]}, action: allow, reason: fine}
  - {match: {risks: [apk], images: ["other/*"]}, action: block}
  - {match: {levels: [low]}, action: block}
"""
        second = "rules: [{match: {risks: [curl_pipe], images: ['**:1.4']}, action: block}]"
        policies = loaded(tmp_path, first, second)
        assert frozenset({"no_user", "sudo", "curl_pipe"}) == policies.requirements(NAMES).checks
        assert frozenset({"no_user", "apk"}) == policies.requirements(named("other/x")).checks


class TestTolerance:
    def text(self, words: str, until: str = "2026-11-24") -> str:
        return f"undecided: {{warn_on: [{words}], until: {until}}}"

    @pytest.mark.parametrize("reason", Reason)
    def test_only_four_reasons_can_be_tolerated(self, tmp_path: Path, reason: Reason) -> None:
        words = "missing, running, unsupported, stale"
        expected = reason.value in words.split(", ")
        assert expected is loaded(tmp_path, self.text(words)).tolerates(reason)

    def test_what_is_not_listed_is_not_tolerated(self, tmp_path: Path) -> None:
        policies = loaded(tmp_path, self.text("missing"))
        assert policies.tolerates(Reason.MISSING)
        assert not policies.tolerates(Reason.RUNNING)
        assert not loaded(tmp_path, BLOCK).tolerates(Reason.MISSING)
        assert not loaded(tmp_path, self.text("")).tolerates(Reason.MISSING)

    def test_every_policy_must_say_so(self, tmp_path: Path) -> None:
        both = loaded(tmp_path, self.text("missing, running"), self.text("missing, stale"))
        tolerated = [reason for reason in Reason if both.tolerates(reason)]
        assert tolerated == [Reason.MISSING]
        assert not loaded(tmp_path, self.text("missing"), BLOCK).tolerates(Reason.MISSING)

    def test_it_ends_after_its_day(self, tmp_path: Path) -> None:
        later = loaded(tmp_path, self.text("missing"), today=TODAY + timedelta(days=1))
        assert not later.tolerates(Reason.MISSING)


def test_policies_say_where_they_came_from(tmp_path: Path) -> None:
    policies = loaded(tmp_path, BLOCK, NOTHING)
    assert [source.path for source in policies.sources] == ["a.yaml", "b.yaml"]
    assert repr(policies) == "Policies(a.yaml, b.yaml)"


def test_many_images_are_judged_each_by_its_own_name(tmp_path: Path) -> None:
    rule = "rules: [{match: {images: ['shop/*']}, action: allow, reason: fine}]"
    policies = loaded(tmp_path, rule)
    for number in range(200):
        [allowed] = policies.judge([finding()], named(f"shop/{number}"))
        [blocked] = policies.judge([finding()], named(f"other/{number}"))
        assert (allowed.action, blocked.action) == (Action.ALLOW, Action.BLOCK)


def test_policies_judge_on_another_day_as_if_they_were_loaded_on_it(tmp_path: Path) -> None:
    waiver = "waivers: [{risks: [no_user], images: [shop/*], reason: r, expires: 2026-12-01}]\n"
    policies = loaded(tmp_path, waiver)
    for days in range(-3, 12):
        day = TODAY + timedelta(days=days)
        on_day = policies.on(day)
        assert day == on_day.today
        assert loaded(tmp_path, waiver, today=day).judge([finding()], NAMES) == on_day.judge(
            [finding()], NAMES
        )
    assert TODAY == policies.today


def test_the_longest_waiver_counts_from_the_later_of_the_real_day_and_the_day_judged(
    tmp_path: Path,
) -> None:
    strict = BLOCK.replace("]}", "], waivers: any}") + "max_waiver: 30d\n"
    team = f"{NOTHING}waivers: [{{risks: [no_user], images: [shop/*], reason: r, expires: "
    policies = loaded(tmp_path, strict, f"{team}{TODAY + timedelta(days=35)}}}]\n")

    def action(days: int) -> Action:
        [decision] = policies.on(TODAY + timedelta(days=days)).judge([finding()], NAMES)
        return decision.action

    assert [Action.BLOCK, Action.BLOCK, Action.WAIVED] == [action(-9), action(4), action(5)]
    within = loaded(tmp_path, strict, f"{team}{TODAY + timedelta(days=30)}}}]\n")
    [decision] = within.on(TODAY - timedelta(days=9)).judge([finding()], NAMES)
    assert Action.WAIVED is decision.action


def test_files_are_valid_on_the_last_day_that_they_judge(tmp_path: Path) -> None:
    text = "max_waiver: 1d\nwaivers: [{risks: [a], images: [b], reason: r, expires: 2027-01-02}]\n"
    names = written(tmp_path, text)
    with pytest.raises(InvalidPolicy):
        load_policies(names, directory=tmp_path, today=TODAY)
    late = load_policies(names, directory=tmp_path, today=TODAY, latest=date(2027, 1, 1))
    assert TODAY == late.today


def test_what_the_files_say_can_be_read_with_its_lines(tmp_path: Path) -> None:
    text = """\
block:
  - levels: [low]
    statuses: [unhandled]
    from: 2027-03-01
warn: {levels: [], statuses: []}
rules:
  - name: R
    match: {risks: [a]}
    action: block
  - {match: {risks: [a]}, action: warn}
waivers:
  -
    owner: me
    ticket: T-1
    risks: [a]
    images: [b]
    reason: r
    expires: 2027-01-02
waiver_needs: [owner, ticket]
max_waiver: 90d
scan:
  max_age: 7d
undecided: {warn_on: [], until: 2027-01-01}
"""
    [policy] = loaded(tmp_path, text).policies
    assert [("rules[0]", 8), ("rules[1]", 11), ("block[0]", 3), ("warn[0]", 6)] == [
        (entry.key, entry.line) for entry in policy.entries
    ]
    assert [None, None, date(2027, 3, 1), None] == [entry.begins for entry in policy.entries]
    assert [(14, "me", "T-1")] == [(each.line, each.owner, each.ticket) for each in policy.waivers]
    assert {"owner", "ticket"} == policy.waiver_needs
    lines = {name: policy.lines[name] for name in ("waiver_needs", "max_waiver", "scan.max_age")}
    assert {"waiver_needs": 20, "max_waiver": 21, "scan.max_age": 23} == lines
