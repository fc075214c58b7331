from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from tests.cases.making import judged

if TYPE_CHECKING:
    from pathlib import Path

HIGH = "findings: [{risk: no_user, level: high}]"
LOW = "findings: [{risk: apk, level: low}]"

# What keeps an image from a pass, in the order of the contract: what the case says, what the policy
# says, and the reason. The keys of later ones never win.
DOUBTS = (
    ("identified_by: tag", "", "unidentified"),
    ("evidence: missing", "", "missing"),
    ("scan: {age: 8d}", "max_age: 7d", "stale"),
    ("checks: null", "require_checks: true", "access"),
    ("kinds: []", "", "incomplete"),
)


@pytest.mark.parametrize(("fields", "scan", "reason"), DOUBTS)
def test_what_is_missing_leaves_an_image_undecided(
    fields: str, scan: str, reason: str, tmp_path: Path
) -> None:
    verdict = judged(tmp_path, f"{LOW}\n{fields}", f"scan: {{{scan}}}\n")
    assert (verdict.outcome, verdict.reason) == ("undecided", reason)
    assert verdict.exit_code == (4 if reason == "access" else 3)


@pytest.mark.parametrize(("first", "second"), list(combinations(DOUBTS, 2)))
def test_of_two_doubts_the_first_is_the_reason(
    first: tuple[str, str, str], second: tuple[str, str, str], tmp_path: Path
) -> None:
    scan = ", ".join(filter(None, (first[1], second[1])))
    verdict = judged(tmp_path, f"{LOW}\n{second[0]}\n{first[0]}", f"scan: {{{scan}}}\n")
    assert verdict.reason == first[2]


@pytest.mark.parametrize(("fields", "scan", "reason"), DOUBTS[1:])
def test_a_block_needs_no_more_than_its_finding(
    fields: str, scan: str, reason: str, tmp_path: Path
) -> None:
    verdict = judged(tmp_path, f"{HIGH}\n{fields}", f"scan: {{{scan}}}\n")
    assert (verdict.outcome, verdict.reason, verdict.exit_code) == ("block", "blocked", 10), reason


def test_what_is_not_identified_never_blocks(tmp_path: Path) -> None:
    verdict = judged(tmp_path, f"{HIGH}\nidentified_by: tag")
    assert (verdict.outcome, verdict.decisions) == ("undecided", ())
    relaxed = judged(tmp_path, f"{HIGH}\nidentified_by: tag", "scan: {require_digest: false}\n")
    assert relaxed.outcome == "block"


@pytest.mark.parametrize(
    "word",
    [
        "missing",
        "running",
        "failed",
        "unsupported",
        "stale",
        "unidentified",
        "ambiguous",
        "moved",
        "unread",
    ],
)
def test_without_a_scan_its_age_and_the_checks_do_not_matter(word: str, tmp_path: Path) -> None:
    fields = f"evidence: {word}\nscan: {{age: 9d}}\nchecks: null"
    verdict = judged(tmp_path, fields, "scan: {max_age: 1d, require_checks: true}\n")
    assert (verdict.outcome, verdict.reason) == ("undecided", word)


@pytest.mark.parametrize("word", ["incomplete", "disagreeing"])
def test_the_age_and_the_checks_come_before_what_was_read(word: str, tmp_path: Path) -> None:
    policy = "scan: {max_age: 1d}\n"
    assert judged(tmp_path, f"evidence: {word}").reason == word
    assert judged(tmp_path, f"evidence: {word}\nscan: {{age: 9d}}", policy).reason == "stale"
    off = judged(tmp_path, f"evidence: {word}\nchecks: {{on: []}}")
    assert off.reason == "checks_off"


@pytest.mark.parametrize(
    ("checks", "reason"),
    [
        ("{off: [no_user]}", "checks_off"),
        ("{on: [apk]}", "checks_off"),
        ("{off: [apk]}", "clean"),
        ("{on: [no_user]}", "clean"),
        ("{on: []}", "checks_off"),
        ("null", "clean"),
    ],
)
def test_a_check_that_a_rule_names_must_be_on(checks: str, reason: str, tmp_path: Path) -> None:
    rule = "rules: [{match: {risks: [no_user], images: [shop/**]}, action: block}]\n"
    assert judged(tmp_path, f"checks: {checks}", rule).reason == reason


def test_a_rule_for_other_images_demands_no_check(tmp_path: Path) -> None:
    rule = "rules: [{match: {risks: [no_user], images: [test/**]}, action: block}]\n"
    assert judged(tmp_path, "checks: {off: [no_user]}", rule).reason == "clean"


def test_a_pass_is_clean_or_allowed(tmp_path: Path) -> None:
    clean, allowed = judged(tmp_path, ""), judged(tmp_path, LOW)
    assert (clean.outcome, clean.reason, clean.exit_code) == ("pass", "clean", 0)
    assert (allowed.outcome, allowed.reason, allowed.exit_code) == ("pass", "allowed", 0)


@pytest.mark.parametrize("finding", ["level: unknown", "level: low, status: unknown"])
def test_what_is_not_known_blocks(finding: str, tmp_path: Path) -> None:
    assert judged(tmp_path, f"findings: [{{risk: x, {finding}}}]").outcome == "block"


def test_an_undecided_image_that_a_policy_lets_through_has_exit_code_0(tmp_path: Path) -> None:
    policy = "undecided: {warn_on: [running], until: 2026-11-24}\n"
    verdict = judged(tmp_path, "evidence: running", policy)
    assert (verdict.outcome, verdict.reason, verdict.exit_code) == ("undecided", "running", 0)
    assert judged(tmp_path, "evidence: failed", policy).exit_code == 3


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ("tags: ['1', dev]", "pass"),
        ("tags: ['1']", "pass"),
        ("tags: [dev]", "block"),
        ("tags: []", "block"),
        ("", "pass"),
    ],
)
def test_a_tag_that_no_record_carries_loosens_nothing(
    fields: str, outcome: str, tmp_path: Path
) -> None:
    rule = "rules: [{match: {images: ['shop/web:1']}, action: allow, reason: known}]\n"
    assert judged(tmp_path, f"{HIGH}\n{fields}", rule).outcome == outcome
