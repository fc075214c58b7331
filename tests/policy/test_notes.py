from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from gate.verdict import Action
from tests.policy.making import BLOCK, NAMES, NOTHING, TODAY, finding, loaded, named

if TYPE_CHECKING:
    from pathlib import Path

    from gate.policy import Policies

RUN = [(NAMES, [finding()]), (named("other/app"), [])]
FAR = TODAY + timedelta(days=100)


def waiver(risks: str = "no_user", images: str = "shop/*", days: int = 100) -> str:
    expires = TODAY + timedelta(days=days)
    return f"  - {{risks: [{risks}], images: ['{images}'], reason: r, expires: {expires}}}\n"


def waivers(*each: str) -> str:
    return "waivers:\n" + "".join(each)


def notes(policies: Policies) -> list[str]:
    return list(policies.notes(RUN))


def test_a_policy_at_work_has_no_notes(tmp_path: Path) -> None:
    assert notes(loaded(tmp_path, waivers(waiver()))) == []


def test_a_waiver_that_covered_nothing_is_noted(tmp_path: Path) -> None:
    text = waivers(waiver(), waiver("sudo"), waiver("apk", "other/*"), waiver("add", "absent/*"))
    [note] = notes(loaded(tmp_path, text))
    assert note == (
        "a.yaml: 2 waivers that match images of this run covered nothing: sudo for shop/* "
        "(line 5); apk for other/* (line 6). Remove what is no longer needed."
    )


def test_a_waiver_where_none_counts_covers_nothing(tmp_path: Path) -> None:
    block = "block: {levels: [high], statuses: [unhandled], waivers: none}\n"
    [note] = notes(loaded(tmp_path, block + waivers(waiver())))
    assert note.startswith("a.yaml: 1 waiver that matches images of this run covered nothing: no_")


def test_a_waiver_that_used_to_cover_is_not_in_vain(tmp_path: Path) -> None:
    assert notes(loaded(tmp_path, waivers(waiver(days=-1)))) == []


def test_a_waiver_that_covers_for_another_policy_is_not_in_vain(tmp_path: Path) -> None:
    central = "block: {levels: [high], statuses: [unhandled], waivers: any}\n"
    assert notes(loaded(tmp_path, central, NOTHING + waivers(waiver()))) == []


@pytest.mark.parametrize(
    ("when", "days"), [("today", 0), ("tomorrow", 1), ("in 2 days", 2), ("in 14 days", 14)]
)
def test_a_waiver_that_ends_soon_is_noted(tmp_path: Path, when: str, days: int) -> None:
    expires = TODAY + timedelta(days=days)
    assert notes(loaded(tmp_path, waivers(waiver(days=days)))) == [
        f"a.yaml: 1 waiver is over {when} ({expires}): no_user for shop/* (line 4)."
    ]


@pytest.mark.parametrize("days", [-1, 15])
def test_a_waiver_that_ended_or_ends_later_is_not(tmp_path: Path, days: int) -> None:
    assert notes(loaded(tmp_path, waivers(waiver(days=days)))) == []


def test_waivers_that_end_on_one_day_share_a_note(tmp_path: Path) -> None:
    """They are noted whether or not this run has such images: nobody else says so in time."""
    many = waivers(*(waiver(f"r{n}", "absent/*", 3) for n in range(8)), waiver("s", "absent", 2))
    first, second = notes(loaded(tmp_path, many))
    assert first.startswith("a.yaml: 1 waiver is over in 2 days")
    assert second.startswith("a.yaml: 8 waivers are over in 3 days (2026-11-27): r0 for absent/*")
    assert second.endswith("(line 8); and 3 more.")


def test_a_waiver_that_is_void_for_another_policy_is_noted(tmp_path: Path) -> None:
    central = "block: {levels: [high], statuses: [unhandled], waivers: any}\nmax_waiver: 30d\n"
    team = NOTHING + waivers(waiver(days=20), waiver("sudo", "absent/*", 31))
    [note] = notes(loaded(tmp_path, central, team))
    assert note == (
        "b.yaml: 1 waiver is longer than max_waiver of a.yaml allows, and void there: "
        "sudo for absent/* (line 5)."
    )
    own = central.replace("any", "own")
    assert not any("void" in note for note in notes(loaded(tmp_path, own, team)))


def test_a_rule_that_can_never_match_is_noted(tmp_path: Path) -> None:
    text = """\
rules:
  - {name: wide, match: {images: ["shop/**"], levels: [high, low]}, action: warn}
  - {name: dead, match: {images: ["shop/*"], levels: [high], risks: [no_user]}, action: block}
  - {name: alive, match: {images: ["shop/*"]}, action: block}
"""
    [note] = notes(loaded(tmp_path, text))
    assert note == (
        'a.yaml:5: the rule "dead" can never match: "wide" before it matches all that it does. '
        "Move or remove it."
    )


@pytest.mark.parametrize(
    ("dead", "earlier", "later"),
    [
        (True, "levels: [high]", "levels: [high]"),
        (True, "levels: [high, medium, low]", "risks: [x]"),
        (True, "classes: [a, b]", "classes: [b], statuses: [ignored]"),
        (True, "risks: ['no_*', sudo]", "risks: [sudo, no_user]"),
        (False, "classes: [a]", "classes: [a, b]"),
        (False, "classes: [a]", "levels: [high]"),
        (False, "risks: ['no_*']", "risks: [sudo, no_user]"),
        (False, "statuses: [ignored]", "levels: [high]"),
        (False, "images: ['shop/*']", "images: ['shop/**']"),
        (True, "images: ['shop/**']", "images: ['shop/web:1']"),
        (False, "images: ['shop/web:1']", "images: ['shop/web:1']"),
        (False, "images: ['**web']", "images: ['**web']"),
    ],
)
def test_a_rule_is_dead_if_an_earlier_one_covers_it(
    tmp_path: Path,
    dead: bool,  # noqa: FBT001 - the expectation
    earlier: str,
    later: str,
) -> None:
    text = (
        f"rules:\n- {{match: {{{earlier}}}, action: warn}}\n- {{match: {{{later}}}, action: warn}}"
    )
    assert dead == any("can never match" in note for note in notes(loaded(tmp_path, text)))


def test_tolerance_that_ended_is_noted(tmp_path: Path) -> None:
    text = "undecided: {warn_on: [missing], until: 2026-11-24}"
    assert loaded(tmp_path, text).notes(RUN) == ()
    [note] = loaded(tmp_path, text, today=TODAY + timedelta(days=1)).notes(RUN)
    assert note.startswith("a.yaml: undecided.until (2026-11-24) has passed")
    empty = loaded(tmp_path, "undecided: {warn_on: [], until: 2026-11-01}")
    assert empty.notes(RUN) == ()


@pytest.mark.parametrize(
    ("blocks", "text"),
    [
        (False, NOTHING),
        (False, "block: [{levels: [], statuses: []}, {levels: [], statuses: [ignored]}]\n"),
        (False, NOTHING + "rules: [{match: {levels: [high]}, action: warn}]"),
        (
            False,
            NOTHING + "rules: [{name: w, match: {levels: [high]}, action: warn}, "
            "{name: b, match: {levels: [high]}, action: block}]",
        ),
        (False, BLOCK + "rules: [{match: {levels: [high, medium]}, action: warn}]"),
        (False, BLOCK + "rules: [{match: {images: ['**'], risks: ['**']}, action: warn}]"),
        (True, BLOCK + "rules: [{match: {levels: [high]}, action: warn}]"),
        (True, BLOCK + "rules: [{match: {images: ['*']}, action: warn}]"),
        (
            True,
            NOTHING + "rules: [{name: r, match: {levels: [low]}, action: block}, "
            "{name: r, match: {levels: [low], risks: [x]}, action: block}]",
        ),
        (True, NOTHING + "rules: [{match: {levels: [high]}, action: block}]"),
        (True, "block: [{levels: [], statuses: []}, {levels: [low], statuses: [unhandled]}]\n"),
        (True, BLOCK),
    ],
)
def test_a_policy_that_blocks_nothing_is_noted(
    tmp_path: Path,
    blocks: bool,  # noqa: FBT001 - the expectation
    text: str,
) -> None:
    noted = any("a.yaml blocks nothing" in note for note in notes(loaded(tmp_path, text)))
    assert blocks is not noted


def test_a_policy_that_lends_waivers_may_block_nothing(tmp_path: Path) -> None:
    """It is noted where nobody takes its waivers: then it does nothing at all."""
    central = "block: {levels: [high], statuses: [unhandled], waivers: %s}\n"
    team = NOTHING + waivers(waiver())
    assert notes(loaded(tmp_path, central % "any", team)) == []
    for whose, other in (("own", team), ("any", NOTHING)):
        noted = notes(loaded(tmp_path, central % whose, other))
        assert any("b.yaml blocks nothing" in note for note in noted)


def test_a_waiver_without_what_another_policy_asks_for_is_void_there_and_noted(
    tmp_path: Path,
) -> None:
    central = BLOCK.replace("]}", "], waivers: any}") + "waiver_needs: [ticket, owner]\n"
    lacking = waiver().replace("}\n", ", owner: me}\n")
    team = NOTHING + waivers(lacking, waiver("sudo", "absent/*"))
    policies = loaded(tmp_path, central, team)
    [decision] = policies.judge([finding()], NAMES)
    assert (Action.BLOCK, None) == (decision.action, decision.waiver)
    first, second = (note for note in notes(policies) if "void" in note)
    assert first == (
        "b.yaml: 1 waiver is without ticket, which waiver_needs of a.yaml asks for, and void "
        "there: no_user for shop/* (line 4)."
    )
    assert "1 waiver is without owner and ticket, which waiver_needs of a.yaml" in second
    whole = NOTHING + waivers(lacking.replace("}\n", ", ticket: T-1}\n"))
    [decision] = loaded(tmp_path, central, whole).judge([finding()], NAMES)
    assert Action.WAIVED is decision.action


def test_a_day_of_from_that_has_passed_is_noted(tmp_path: Path) -> None:
    text = """\
block:
  - {levels: [low], statuses: [unhandled], from: 2026-11-23}
  - {levels: [high], statuses: [unhandled], from: 2026-11-24}
rules:
  - {name: R, match: {risks: [a]}, action: block, from: 2026-01-01}
"""
    assert notes(loaded(tmp_path, text)) == [
        (
            'a.yaml: from has passed, so the key can go: rules[0] "R" (line 6, 2026-01-01); '
            "block[0] (line 3, 2026-11-23)."
        )
    ]


def test_a_policy_that_blocks_nothing_yet_says_from_when_it_does(tmp_path: Path) -> None:
    text = "block: {levels: [low], statuses: [unhandled], from: 2027-03-01}\n"
    [note] = notes(loaded(tmp_path, text))
    assert note.startswith("a.yaml blocks nothing before 2027-03-01: no level and status")
    assert notes(loaded(tmp_path, text, today=date(2027, 3, 1))) == []


def test_what_comes_after_an_entry_that_is_ahead_can_match(tmp_path: Path) -> None:
    rules = "rules:\n" + "".join(
        f"  - {{match: {{levels: [high]}}, action: block{begins}}}\n"
        for begins in (", from: 2027-03-01", "")
    )
    assert notes(loaded(tmp_path, rules)) == []
    later = loaded(tmp_path, rules, today=date(2027, 3, 1))
    assert any("can never match" in note for note in notes(later))


def test_files_alone_are_remarked_on(tmp_path: Path) -> None:
    text = waivers(waiver(days=-1), waiver("apk", days=-30), waiver("add", days=1))
    soon, ended = loaded(tmp_path, text).remarks()
    assert soon.startswith(f"a.yaml: 1 waiver is over tomorrow ({TODAY + timedelta(days=1)}): add")
    assert ended == (
        f"a.yaml: 2 waivers have ended by {TODAY - timedelta(days=1)}: no_user for shop/* "
        "(line 4); apk for shop/* (line 5). Remove what is no longer needed."
    )


def test_waivers_for_all_that_a_policy_blocks_are_noted(tmp_path: Path) -> None:
    rule = "rules: [{match: {risks: [no_user]}, action: block}]\n"
    none = "block: {levels: [], statuses: []}\n"
    text = none + rule + waivers(waiver(images="**"))
    [note] = loaded(tmp_path, text).remarks()
    assert note == "a.yaml: its waivers cover all that it blocks, so nothing fails a build."
    for other in (waiver(images="shop/*"), waiver("sudo", images="**")):
        assert loaded(tmp_path, none + rule + waivers(other)).remarks() == ()
    stern = rule.replace("}]", ", waivers: none}]")
    assert loaded(tmp_path, none + stern + waivers(waiver(images="**"))).remarks() == ()
    assert loaded(tmp_path, BLOCK + rule + waivers(waiver(images="**"))).remarks() == ()
