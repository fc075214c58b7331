"""Which entry decided, of one policy and of several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gate.findings import Level
from gate.verdict import PolicyPlace
from tests.policy.making import NAMES, NOTHING, finding, loaded

if TYPE_CHECKING:
    from pathlib import Path

WAIVER = "waivers: [{risks: [no_user], images: [shop/*], reason: r, expires: %s}]\n"
HELD, ENDED = WAIVER % "2027-01-01", WAIVER % "2026-01-01"
FIRST = "  - {levels: [high], statuses: [unhandled], waivers: %s}\n"
BLOCKS = "block: {levels: [high], statuses: [unhandled]}\n"


def place(folder: Path, *texts: str, level: Level = Level.HIGH) -> PolicyPlace | None:
    [decision] = loaded(folder, *texts).judge([finding(level=level)], NAMES)
    assert bool(decision.policy) == bool(decision.entry)
    return decision.policy


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (3, "block:\n" + FIRST % "own" + FIRST % "own"),
        (4, "block:\n" + FIRST % "own" + FIRST % "none" + HELD),
        (3, "block:\n" + FIRST % "none" + FIRST % "own" + HELD),
        (3, "block:\n" + FIRST % "own" + FIRST % "own" + HELD),
        (3, "block:\n" + FIRST % "own" + FIRST % "own" + ENDED),
        (
            4,
            (
                f"{BLOCKS}rules:\n  - {{match: {{levels: [high]}}, action: allow, reason: r}}\n"
                "  - {match: {levels: [high]}, action: block}\n"
            ),
        ),
        (
            5,
            (
                f"{NOTHING}warn:\n  - {{levels: [low], statuses: [unhandled]}}\n"
                "  - {levels: [high], statuses: [unhandled]}\n"
                "  - {levels: [high], statuses: [unhandled]}\n"
            ),
        ),
        (3, "block:\n  levels: [high]\n  statuses: [unhandled]\n"),
        (None, NOTHING),
    ],
)
def test_within_a_policy_it_is_the_first_that_decides(
    tmp_path: Path, line: int | None, text: str
) -> None:
    assert (line and PolicyPlace("a.yaml", line)) == place(tmp_path, text)


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        ("a", (BLOCKS, BLOCKS)),
        ("b", (NOTHING, BLOCKS)),
        ("b", (BLOCKS + HELD, BLOCKS)),
        ("b", (BLOCKS, BLOCKS + ENDED)),
        ("a", (BLOCKS + ENDED, BLOCKS + ENDED)),
        ("b", (BLOCKS.replace("block", f"{NOTHING}warn"), BLOCKS + ENDED)),
    ],
)
def test_of_several_policies_it_is_the_strictest_then_one_with_a_waiver_then_the_first(
    tmp_path: Path, path: str, texts: tuple[str, str]
) -> None:
    decided = place(tmp_path, *texts)
    assert decided
    assert f"{path}.yaml" == decided.path


def test_what_the_gate_does_not_know_no_entry_decides(tmp_path: Path) -> None:
    assert place(tmp_path, BLOCKS, level=Level.UNKNOWN) is None
