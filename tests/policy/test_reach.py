"""What a finding reaches: the entries that decide within each policy, and the waivers for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings

from gate.findings import Finding, Level, Status
from gate.reference import Names
from gate.verdict import Action
from tests.policy import drawn
from tests.policy.making import TODAY, finding, loaded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gate.policy import Entry, Policies, Policy

SURE = Names(("shop/web", "registry.example.com/shop/web"), ("1.4",), ("1.4",))

SELECTORS = """\
block:
  - {levels: [high], statuses: [unhandled]}
  - {levels: [high, medium], statuses: [unhandled], waivers: none}
  - {levels: [low], statuses: [unhandled], from: 2026-11-25}
warn:
  - {levels: [low, medium, high], statuses: [unhandled]}
  - {levels: [low], statuses: [unhandled]}
rules:
  - {match: {risks: [apk], images: [test/**]}, action: allow, reason: fine}
  - {match: {risks: [apk]}, action: warn}
  - {match: {risks: [apk], levels: [low]}, action: block}
waivers:
  - {risks: [no_user], images: [shop/web], reason: r, expires: 2026-11-23}
  - {risks: ["**"], images: [shop/*], reason: r, expires: 2026-11-25}
  - {risks: [no_user], images: [other/*], reason: r, expires: 2026-11-25}
"""


def reached(policies: Policies, *findings: Finding, names: Names = SURE) -> list[str]:
    return sorted({part.key for _, part in policies.reached_by(findings, names)})


def test_the_first_rule_decides_and_the_waivers_for_it(tmp_path: Path) -> None:
    policies = loaded(tmp_path, SELECTORS)
    assert ["rules[1]", "waivers[1]"] == reached(policies, finding("apk", Level.LOW))
    assert ["rules[0]"] == reached(policies, finding("apk"), names=Names(("test/tool",)))


def test_every_block_selector_decides_and_ended_waivers_count(tmp_path: Path) -> None:
    policies = loaded(tmp_path, SELECTORS)
    assert ["block[0]", "block[1]", "waivers[0]", "waivers[1]"] == reached(policies, finding())
    assert ["block[1]"] == reached(policies, finding("sudo", Level.MEDIUM))


def test_of_warn_selectors_only_the_first_decides(tmp_path: Path) -> None:
    policies = loaded(tmp_path, SELECTORS)
    low = finding("sudo", Level.LOW)
    assert ["waivers[1]", "warn[0]"] == reached(policies, low)
    later = policies.on(TODAY.replace(day=25))
    assert ["block[2]", "waivers[1]"] == reached(later, low)


def test_what_is_not_known_reaches_nothing(tmp_path: Path) -> None:
    policies = loaded(tmp_path, SELECTORS)
    assert [] == reached(policies, finding(level=Level.UNKNOWN), finding(status=Status.UNKNOWN))


def test_each_policy_is_reached_whatever_another_one_says(tmp_path: Path) -> None:
    lax = "block: {levels: [], statuses: []}\nwarn: {levels: [high], statuses: [unhandled]}\n"
    policies = loaded(tmp_path, SELECTORS, lax)
    pairs = {(policy.path, part.key) for policy, part in policies.reached_by([finding()], SURE)}
    assert {("a.yaml", "block[0]"), ("b.yaml", "warn[0]")} <= pairs


def by_the_words(policy: Policy, one: Finding) -> Iterator[Entry]:
    """Yield what the contract says is reached by an image whose names are certain."""
    names = [*SURE.untagged, *SURE.with_tags(SURE.tags)]
    about = [
        entry
        for entry in policy.entries
        if any(name in entry.match.images for name in names)
        and entry.match.takes(one)
        and not entry.is_ahead(TODAY)
    ]
    rules = [entry for entry in about if entry.rule is not None]
    blocking = [entry for entry in about if entry.rule is None and entry.action is Action.BLOCK]
    warning = [entry for entry in about if entry.rule is None and entry.action is Action.WARN]
    if Level.UNKNOWN is not one.level and Status.UNKNOWN is not one.status:
        yield from rules[:1] or blocking or warning[:1]


@settings(deadline=None)
@given(drawn.several, drawn.findings)
def test_reached_is_what_the_contract_says(files: list[dict[str, Any]], one: Finding) -> None:
    policies = drawn.load(*files)
    expected = {
        (policy.path, entry.key)
        for policy in policies.policies
        for entry in by_the_words(policy, one)
    }
    entries = {
        (policy.path, part.key)
        for policy, part in policies.reached_by([one], SURE)
        if not part.key.startswith("waivers")
    }
    assert expected == entries


@settings(deadline=None)
@given(drawn.several, drawn.findings, drawn.names())
def test_what_decides_is_reached(files: list[dict[str, Any]], one: Finding, names: Names) -> None:
    policies = drawn.load(*files)
    [decision] = policies.judge([one], names)
    parts = list(policies.reached_by([one], names))
    ahead = {
        (policy.path, entry.line)
        for policy in policies.policies
        for entry in policy.entries
        if entry.is_ahead(TODAY)
    }
    if decision.policy and (decision.policy.path, decision.policy.line) not in ahead:
        assert decision.policy in [policy.place(part) for policy, part in parts]
    if Action.WAIVED is decision.action:
        assert decision.waiver
        place = (decision.waiver.path, decision.waiver.line)
        assert place in [(getattr(part, "path", ""), part.line) for _, part in parts]
