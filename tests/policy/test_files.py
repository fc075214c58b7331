"""Each ready-made policy decides as its comments say."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.findings import Level, Reason, Status
from gate.policy import Policies, load_policies
from gate.verdict import Action
from tests.policy.making import NAMES, TODAY, finding, named

if TYPE_CHECKING:
    from gate.reference import Names

FOLDER = Path(__file__).parents[2] / "policies"
FILES = {"default", "strict", "report-only", "organisation", "organisation-team"}
LEGACY = named("legacy/app", "legacy/app:1")


def load(*names: str, today: date = TODAY) -> Policies:
    return load_policies([f"{name}.yaml" for name in names], directory=FOLDER, today=today)


def matrix(policies: Policies, names: Names = NAMES, risk: str = "sudo") -> dict[str, str]:
    """Return for each level the actions of unhandled, ignored and false_positive."""
    kinds = list(product(Level, Status))
    decisions = policies.judge([finding(risk, *kind) for kind in kinds], names)
    unknown = [d.action for d in decisions if "unknown" in {d.finding.level, d.finding.status}]
    assert {Action.BLOCK} == set(unknown)
    table: dict[str, list[str]] = {}
    for kind, decision in zip(kinds, decisions, strict=True):
        if Level.UNKNOWN is not kind[0] and Status.UNKNOWN is not kind[1]:
            table.setdefault(kind[0].value, []).append(decision.action.value)
    return {level: " ".join(actions) for level, actions in table.items()}


def test_these_are_all_files() -> None:
    assert {path.stem for path in FOLDER.iterdir() if ".test." not in path.name} == FILES


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_explains_itself_in_short_lines(name: str) -> None:
    lines = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert max(map(len, lines)) <= 105
    assert sum("#" in line for line in lines) * 3 >= len(lines)


def test_the_default_blocks_what_is_high_or_medium_and_unhandled() -> None:
    assert matrix(load("default")) == {
        "high": "block warn warn",
        "medium": "block warn warn",
        "low": "warn allow allow",
    }


def test_the_strict_one_blocks_everything_and_asks_for_fresh_scans() -> None:
    policies = load("strict")
    assert set(matrix(policies).values()) == {"block block block"}
    wanted = policies.requirements(NAMES)
    assert wanted.require_digest
    assert wanted.require_checks
    assert not wanted.accept_previous
    assert (wanted.max_age, wanted.settle) == (timedelta(days=7), timedelta(seconds=30))
    assert not any(policies.tolerates(reason) for reason in Reason)


def test_the_example_waiver_in_the_strict_one_is_valid(tmp_path: Path) -> None:
    text = (FOLDER / "strict.yaml").read_text(encoding="utf-8")
    begin = text.index("# waivers:")
    example, rest = text[begin:].split("\n\n", 1)
    used = text[:begin] + "\n".join(line[2:] for line in example.splitlines()) + "\n\n" + rest
    (tmp_path / "own.yaml").write_text(used, encoding="utf-8")
    policies = load_policies(["own.yaml"], directory=tmp_path, today=date(2027, 1, 1))
    assert matrix(policies, LEGACY, "no_user")["high"] == "waived waived waived"
    later = load_policies(["own.yaml"], directory=tmp_path, today=date(2027, 2, 1))
    after = matrix(later, LEGACY, "no_user")
    assert after["high"] == "block block block"


def test_the_report_only_one_warns_of_everything_and_says_that_it_blocks_nothing() -> None:
    policies = load("report-only")
    assert set(matrix(policies).values()) == {"warn warn warn"}
    [note] = policies.notes([])
    assert "blocks nothing" in note
    assert not policies.tolerates(Reason.MISSING)
    assert "BLOCKS NOTHING" in (FOLDER / "report-only.yaml").read_text(encoding="utf-8")


def test_the_example_tolerance_in_the_report_only_one_is_valid(tmp_path: Path) -> None:
    text = (FOLDER / "report-only.yaml").read_text(encoding="utf-8")
    begin = text.index("# undecided:")
    used = text[:begin] + "\n".join(line[2:] for line in text[begin:].splitlines())
    (tmp_path / "own.yaml").write_text(used, encoding="utf-8")
    policies = load_policies(["own.yaml"], directory=tmp_path, today=TODAY)
    assert policies.tolerates(Reason.STALE)


class TestOrganisation:
    def test_it_blocks_also_what_was_clicked_away_if_it_is_high(self) -> None:
        expected = {"high": "block block block", "medium": "block warn warn"}
        for policies in (load("organisation"), load("organisation", "organisation-team")):
            assert {**expected, "low": "warn allow allow"} == matrix(policies)

    def test_a_team_can_waive_it_until_a_day(self) -> None:
        policies = load("organisation", "organisation-team")
        waived = {"high": "waived waived waived", "medium": "waived warn warn"}
        assert {**waived, "low": "warn allow allow"} == matrix(policies, LEGACY)
        later = load("organisation", "organisation-team", today=date(2027, 2, 1))
        assert matrix(policies) == matrix(later, LEGACY)

    def test_a_team_cannot_waive_for_longer_than_the_organisation_says(self) -> None:
        early = load("organisation", "organisation-team", today=date(2026, 7, 1))
        assert matrix(early) == matrix(early, LEGACY)
        assert any("void" in note for note in early.notes([]))

    def test_nobody_can_waive_root_in_payments(self) -> None:
        payments = named("payments/api", "payments/api:1")
        for policies in (load("organisation"), load("organisation", "organisation-team")):
            table = matrix(policies, payments, "no_user")
            assert set(table.values()) == {"block block block"}
            assert frozenset({"no_user"}) == policies.requirements(payments).checks
            assert not policies.requirements(NAMES).checks

    def test_low_risks_of_test_images_are_allowed(self) -> None:
        assert matrix(load("organisation"), named("test/x"))["low"] == "allow allow allow"

    def test_scans_may_be_30_days_old(self) -> None:
        wanted = load("organisation", "organisation-team").requirements(NAMES)
        assert timedelta(days=30) == wanted.max_age

    def test_together_they_need_no_notes(self) -> None:
        assert load("organisation", "organisation-team").notes([]) == ()

    def test_the_teams_file_alone_blocks_nothing_and_says_so(self) -> None:
        policies = load("organisation-team")
        assert set(matrix(policies).values()) == {"allow allow allow"}
        [note] = policies.notes([])
        assert "blocks nothing" in note
