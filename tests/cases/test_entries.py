"""Each row of the table of what is looser and what is stricter, in both directions."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from gate.cases.entries import changed_entries
from gate.policy import BUILT_IN, load_policies, ready_made_files
from tests.policy.making import loaded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TODAY = date(2026, 11, 24)
BLOCK = "block: {levels: [high, medium], statuses: [unhandled]}\n"
HIGH = "block: {levels: [high], statuses: [unhandled]}\n"
LOW = "warn: {levels: [low], statuses: [unhandled]}\n"


def waiver(
    risks: str = "no_user",
    images: str = "shop/web",
    expires: str = "2027-01-31",
    more: str = "",
) -> str:
    lists = f"risks: [{risks}], images: [{images}]"
    return f"  - {{{lists}, reason: r, expires: {expires}{more}}}\n"


def block(*waivers: str) -> str:
    """Return two blocking selectors with these waivers, or one, of high risks and all levels."""
    selectors = [
        f"  - {{levels: [{levels}], statuses: [unhandled], waivers: {whose}}}\n"
        for levels, whose in zip(("high", "high, medium"), waivers, strict=False)
    ]
    return "block:\n" + "".join(selectors)


def rules(*texts: str) -> str:
    return BLOCK + "rules:\n" + "".join(f"  - {{{text}}}\n" for text in texts)


def blocks(match: str, more: str = "") -> str:
    return f"match: {{{match}}}, action: block{more}"


def allows(match: str) -> str:
    return f"match: {{{match}}}, action: allow, reason: r"


def warns(match: str) -> str:
    return f"match: {{{match}}}, action: warn"


def scan(text: str) -> str:
    return f"{BLOCK}scan: {{{text}}}\n"


def undecided(reasons: str, until: str = "2027-03-31") -> str:
    return f"{BLOCK}undecided: {{warn_on: [{reasons}], until: {until}}}\n"


def ways(folder: Path, old: str | Sequence[str], new: str | Sequence[str]) -> list[str]:
    """Return what changed from one policy, or several, to others: which way, and what."""
    before, after = (
        loaded(folder, *([texts] if isinstance(texts, str) else texts)).policies
        for texts in (old, new)
    )
    changes = changed_entries(before, after, TODAY)
    return [f"{change.change} {change.line} {change.entry}" for change in changes]


WAIVERS = "waivers:\n"
ONE = BLOCK + WAIVERS + waiver()

LOOSER = {
    "a waiver": (BLOCK, ONE, ["looser 4 waiver: no_user for shop/web until 2027-01-31"]),
    "a waiver longer": (
        ONE,
        BLOCK + WAIVERS + waiver(expires="2027-02-01"),
        ["looser 4 waiver: no_user for shop/web until 2027-02-01"],
    ),
    "a waiver of more risks": (
        ONE,
        BLOCK + WAIVERS + waiver("no_user, apk"),
        ["looser 4 waiver: no_user, apk for shop/web until 2027-01-31"],
    ),
    "a waiver of more images": (
        ONE,
        BLOCK + WAIVERS + waiver(images="shop/*"),
        ["looser 4 waiver: no_user for shop/* until 2027-01-31"],
    ),
    "a rule that allows": (
        rules(blocks("risks: [a]")),
        rules(allows("risks: [b]"), blocks("risks: [a]")),
        ["looser 4 rules[0]: added (allow)"],
    ),
    "a rule that warns": (
        BLOCK,
        rules(warns("risks: [b]")),
        ["looser 4 rules[0]: added (warn)"],
    ),
    "a rule that doesn't block any more": (
        rules(allows("risks: [b]"), blocks("risks: [a]")),
        rules(allows("risks: [b]")),
        ["looser 5 rules[1]: removed (block)"],
    ),
    "the order of rules": (
        rules(allows("risks: [b]"), blocks("risks: [a]")),
        rules(blocks("risks: [a]"), allows("risks: [b]")),
        ["looser 4 rules[0]: order changed"],
    ),
    "a blocking rule that accepts more waivers than a selector": (
        block("none"),
        block("none") + "rules: [{match: {risks: [a]}, action: block}]\n",
        ["looser 4 rules[0]: added (block), waivers: own, where block[0] says none"],
    ),
    "a blocking rule that accepts more waivers than a later one": (
        rules(blocks("risks: [b]", ", waivers: none")),
        rules(blocks("risks: [a]"), blocks("risks: [b]", ", waivers: none")),
        ["looser 4 rules[0]: added (block), waivers: own, where rules[1] says none"],
    ),
    "a blocking rule of a later day that accepts more waivers": (
        block("own"),
        block("own") + "rules: [{match: {risks: [a]}, action: block, waivers: any, "
        "from: 2099-01-01}]\n",
        ["looser 4 rules[0]: added (block), waivers: any, where block[0] says own"],
    ),
    "a blocking rule wider, with more waivers than a selector": (
        block("none") + "rules: [{match: {risks: [a]}, action: block}]\n",
        block("none") + "rules: [{match: {risks: [a, b]}, action: block}]\n",
        ["looser 4 rules[0]: wider, waivers: own, where block[0] says none"],
    ),
    "a blocking rule with more waivers": (
        rules(blocks("risks: [a]", ", waivers: none")),
        rules(blocks("risks: [a]", ", waivers: any")),
        ["looser 4 rules[0]: waivers: none -> any"],
    ),
    "a blocking rule from a day on": (
        rules(blocks("risks: [a]")),
        rules(blocks("risks: [a]", ", from: 2027-01-01")),
        ["looser 4 rules[0]: from: always -> 2027-01-01"],
    ),
    "a blocking rule from a later day on": (
        rules(blocks("risks: [a]", ", from: 2027-01-01")),
        rules(blocks("risks: [a]", ", from: 2027-01-02")),
        ["looser 4 rules[0]: from: 2027-01-01 -> 2027-01-02"],
    ),
    "a blocking rule narrower": (
        rules(blocks("images: ['shop/*']")),
        rules(blocks("images: [shop/a]")),
        [
            "looser 4 rules[0]: removed (block)",
            "stricter 4 rules[0]: added (block)",
        ],
    ),
    "an allowing rule wider": (
        rules(allows("images: [shop/a]")),
        rules(allows("images: ['shop/*']")),
        [
            "looser 4 rules[0]: added (allow)",
            "stricter 4 rules[0]: removed (allow)",
        ],
    ),
    "an allowing rule for a host that means another": (
        rules(allows("images: ['registry-vpc.*/**']")),
        rules(allows("images: ['registry-vpc.cn-hangzhou.aliyuncs.com/**']")),
        [
            "looser 4 rules[0]: added (allow)",
            "stricter 4 rules[0]: removed (allow)",
        ],
    ),
    "a rule warns instead": (
        rules(blocks("risks: [a]")),
        rules(warns("risks: [a]")),
        [
            "looser 4 rules[0]: added (warn)",
            "looser 4 rules[0]: removed (block)",
        ],
    ),
    "a rule that warned of what is allowed": (
        rules(warns("levels: [low]")),
        BLOCK,
        ["looser 4 rules[0]: removed (warn)"],
    ),
    "selectors block less": (
        BLOCK,
        HIGH,
        ["looser 2 block, warn: 1 combination of kind, level and status"],
    ),
    "selectors block nothing": (
        BLOCK,
        "block: {levels: [], statuses: []}\n",
        ["looser 2 block, warn: 2 combinations of kind, level and status"],
    ),
    "selectors warn less": (
        BLOCK + LOW,
        BLOCK,
        ["looser 3 block, warn: 1 combination of kind, level and status"],
    ),
    "selectors warn instead": (
        BLOCK,
        HIGH + "warn: {levels: [medium], statuses: [unhandled]}\n",
        ["looser 3 block, warn: 1 combination of kind, level and status"],
    ),
    "a selector with more waivers": (
        block("none"),
        block("own"),
        ["looser 3 waivers of block: 1 combination of kind, level and status"],
    ),
    "one of two selectors less strict about waivers": (
        block("none", "own"),
        block("any", "own"),
        ["looser 3 waivers of block: 1 combination of kind, level and status"],
    ),
    "a selector from a day on": (
        BLOCK,
        BLOCK.replace("}", ", from: 2027-01-01}"),
        ["looser 2 block, warn: 2 combinations of kind, level and status"],
    ),
    "a selector from a later day on": (
        BLOCK.replace("}", ", from: 2027-01-01}"),
        BLOCK.replace("}", ", from: 2027-01-02}"),
        ["looser 2 block, warn: 2 combinations of kind, level and status"],
    ),
    "max_age": (scan("max_age: 7d"), scan("max_age: 8d"), ["looser 3 scan.max_age: 7d -> 8d"]),
    "no max_age": (scan("max_age: 7d"), BLOCK, ["looser 3 scan.max_age: 7d -> any age (removed)"]),
    "settle": (scan("settle: 30s"), scan("settle: 15s"), ["looser 3 scan.settle: 30s -> 15s"]),
    "require_digest": (
        BLOCK,
        scan("require_digest: false"),
        ["looser 3 scan.require_digest: false"],
    ),
    "require_checks": (
        scan("require_checks: true"),
        scan("require_checks: false"),
        ["looser 3 scan.require_checks: true -> false"],
    ),
    "accept_previous": (
        BLOCK,
        scan("accept_previous: true"),
        ["looser 3 scan.accept_previous: true"],
    ),
    "platforms": (
        BLOCK,
        scan("platforms: [linux/amd64]"),
        ["looser 3 scan.platforms: linux/amd64"],
    ),
    "fewer platforms": (
        scan("platforms: [linux/amd64, linux/arm64]"),
        scan("platforms: [linux/amd64]"),
        ["looser 3 scan.platforms: linux/amd64, linux/arm64 -> linux/amd64"],
    ),
    "undecided": (
        BLOCK,
        undecided("missing, running"),
        ["looser 3 undecided.warn_on: missing, running until 2027-03-31"],
    ),
    "more of undecided": (
        undecided("missing"),
        undecided("missing, running"),
        ["looser 3 undecided.warn_on: running until 2027-03-31"],
    ),
    "undecided longer": (
        undecided("missing"),
        undecided("missing", "2027-04-01"),
        ["looser 3 undecided.until: 2027-03-31 -> 2027-04-01"],
    ),
    "max_waiver": (
        BLOCK + "max_waiver: 30d\n",
        BLOCK + "max_waiver: 31d\n",
        ["looser 3 max_waiver: 30d -> 31d"],
    ),
    "no max_waiver": (
        BLOCK + "max_waiver: 30d\n",
        BLOCK,
        ["looser 3 max_waiver: 30d -> no limit (removed)"],
    ),
    "waiver_needs": (
        BLOCK + "waiver_needs: [owner, ticket]\n",
        BLOCK + "waiver_needs: [owner]\n",
        ["looser 3 waiver_needs: no longer ticket"],
    ),
}

# In these, what is looser one way isn't stricter the other.
ONE_WAY = {
    "the order of rules",
    "a blocking rule that accepts more waivers than a selector",
    "a blocking rule that accepts more waivers than a later one",
    "a blocking rule of a later day that accepts more waivers",
    "a blocking rule wider, with more waivers than a selector",
    "a blocking rule narrower",
    "an allowing rule wider",
    "an allowing rule for a host that means another",
    "a rule warns instead",
    "a rule that warned of what is allowed",
    "a rule that warns",
}


@pytest.mark.parametrize("case", LOOSER)
def test_what_is_looser(case: str, tmp_path: Path) -> None:
    old, new, expected = LOOSER[case]
    assert sorted(expected) == sorted(ways(tmp_path, old, new))


@pytest.mark.parametrize("case", sorted(LOOSER.keys() - ONE_WAY))
def test_the_opposite_is_stricter(case: str, tmp_path: Path) -> None:
    old, new, expected = LOOSER[case]
    changes = ways(tmp_path, new, old)
    assert len(expected) == len(changes)
    assert {"stricter"} == {change.split()[0] for change in changes}


STRICTER = {
    "a blocking rule": (
        BLOCK,
        rules(blocks("risks: [a]")),
        ["stricter 4 rules[0]: added (block)"],
    ),
    "a blocking rule with waivers no weaker": (
        block("own"),
        block("own") + "rules: [{match: {risks: [a]}, action: block, waivers: none}]\n",
        ["stricter 4 rules[0]: added (block)"],
    ),
    "a blocking rule before a selector that selects nothing": (
        "block: {levels: [], statuses: [], waivers: none}\n",
        (
            "block: {levels: [], statuses: [], waivers: none}\n"
            "rules: [{match: {risks: [a]}, action: block, waivers: any}]\n"
        ),
        ["stricter 3 rules[0]: added (block)"],
    ),
    "a blocking rule after another with fewer waivers": (
        rules(blocks("risks: [a]", ", waivers: none")),
        rules(blocks("risks: [a]", ", waivers: none"), blocks("risks: [b]")),
        ["stricter 5 rules[1]: added (block)"],
    ),
    "a blocking rule of a day that has passed": (
        BLOCK,
        rules(blocks("risks: [a]", ", from: 2026-11-24")),
        ["stricter 4 rules[0]: added (block)"],
    ),
    "an allowing rule removed": (
        rules(allows("risks: [a]")),
        BLOCK,
        ["stricter 4 rules[0]: removed (allow)"],
    ),
    "a rule removed that warned of what is warned of": (
        rules(warns("levels: [low], statuses: [unhandled]")) + LOW,
        BLOCK + LOW,
        ["stricter 4 rules[0]: removed (warn)"],
    ),
    "an allowing rule narrower": (
        rules(allows("images: ['shop/*'], risks: [a, b]")),
        rules(allows("images: ['shop/a'], risks: [a]")),
        ["stricter 4 rules[0]: narrower"],
    ),
    "a warning rule narrower": (
        rules(warns("risks: ['*']")),
        rules(warns("risks: [a]")),
        ["stricter 4 rules[0]: narrower"],
    ),
    "a blocking rule wider": (
        rules(allows("risks: [z]"), blocks("risks: [a]")),
        rules(allows("risks: [z]"), blocks("risks: [b, a]", ", waivers: none")),
        ["stricter 5 rules[1]: wider, waivers: own -> none"],
    ),
    "more selectors": (
        BLOCK,
        BLOCK + LOW,
        ["stricter 3 block, warn: 1 combination of kind, level and status"],
    ),
}


@pytest.mark.parametrize("case", STRICTER)
def test_what_is_stricter(case: str, tmp_path: Path) -> None:
    old, new, expected = STRICTER[case]
    assert expected == ways(tmp_path, old, new)


NEITHER = {
    "names, reasons, owners and comments": (
        rules("name: one, " + allows("risks: [a]")) + WAIVERS + waiver(),
        rules("name: two, " + allows("risks: [a]").replace("reason: r", "reason: s"))
        + "# why\n"
        + WAIVERS
        + waiver(more=", owner: team, ticket: T-1").replace("reason: r", "reason: s"),
    ),
    "the order of waivers": (
        BLOCK + WAIVERS + waiver() + waiver("apk"),
        BLOCK + WAIVERS + waiver("apk") + waiver(),
    ),
    "joining waivers": (
        BLOCK + WAIVERS + "".join(waiver(r, i) for r in "ab" for i in ("shop/a", "shop/b")),
        BLOCK + WAIVERS + waiver("b, a", "shop/b, shop/a"),
    ),
    "splitting waivers": (
        BLOCK + WAIVERS + waiver("b, a", "shop/b, '**/a'"),
        BLOCK + WAIVERS + "".join(waiver(r, i) for r in "ab" for i in ("'**/a'", "shop/b")),
    ),
    "a waiver inside of another": (
        BLOCK + WAIVERS + waiver(images="'shop/**'", expires="2027-02-01"),
        BLOCK
        + WAIVERS
        + waiver(images="'shop/**'", expires="2027-02-01")
        + waiver(images="'shop/web:*'"),
    ),
    "the order of patterns": (
        rules(allows("risks: [a, b], images: [shop/a, shop/b]")),
        rules(allows("images: [shop/b, shop/a], risks: [b, a]")),
    ),
    "a selector as a list": (BLOCK, "block: [" + BLOCK.removeprefix("block: ").strip() + "]\n"),
    "a selector split": (
        BLOCK,
        (
            "block:\n  - {levels: [high], statuses: [unhandled]}\n"
            "  - {levels: [medium], statuses: [unhandled]}\n"
        ),
    ),
    "a default written down": (BLOCK, scan("settle: 15s, require_digest: true")),
    "a new rule of a later day": (BLOCK, rules(blocks("risks: ['**']", ", from: 2099-01-01"))),
    "a new selector of a later day": (
        HIGH,
        (
            "block:\n  - {levels: [high], statuses: [unhandled]}\n"
            "  - {levels: [low], statuses: [unhandled], from: 2027-01-01}\n"
        ),
    ),
    "the same reasons, in another order": (
        undecided("missing, running"),
        undecided("running, missing"),
    ),
}


@pytest.mark.parametrize("case", NEITHER)
def test_what_is_neither(case: str, tmp_path: Path) -> None:
    old, new = NEITHER[case]
    assert not ways(tmp_path, old, new)


def test_joining_waivers_of_tags_is_looser_because_a_digest_may_have_both(tmp_path: Path) -> None:
    old = BLOCK + WAIVERS + waiver(images="'shop/web:1'") + waiver(images="'shop/web:2'")
    new = BLOCK + WAIVERS + waiver(images="'shop/web:1', 'shop/web:2'")
    assert ["looser"] == [change.split()[0] for change in ways(tmp_path, old, new)]
    assert not ways(tmp_path, new, new)


def test_a_change_both_ways_is_said_for_both(tmp_path: Path) -> None:
    assert ["looser 2", "stricter 2"] == sorted(
        " ".join(change.split()[:2])
        for change in ways(tmp_path, HIGH, "block: {levels: [medium], statuses: [unhandled]}\n")
    )
    platforms = [scan(f"platforms: [linux/{name}]") for name in ("amd64", "arm64")]
    assert ["looser", "stricter"] == sorted(c.split()[0] for c in ways(tmp_path, *platforms))


ORG = "block: {levels: [high], statuses: [unhandled], waivers: any}\n"
TEAM = "block: {levels: [], statuses: []}\n"


def test_of_a_file_more_waivers_are_looser_and_the_rest_stricter(tmp_path: Path) -> None:
    more = (
        "block: {levels: [low], statuses: [unhandled]}\n"
        "rules: [{match: {risks: [a]}, action: allow, reason: r}]\n"
        "scan: {max_age: 7d}\n" + WAIVERS + waiver()
    )
    added = [
        "stricter 2 block, warn: 1 combination of kind, level and status",
        "stricter 3 rules[0]: added (allow)",
        "stricter 4 scan.max_age: 7d",
        "looser 6 waiver: no_user for shop/web until 2027-01-31",
    ]
    assert added == ways(tmp_path, ORG, (ORG, more))
    removed = [
        "looser 2 block, warn: 1 combination of kind, level and status",
        "looser 3 rules[0]: removed (allow)",
        "looser 4 scan.max_age: 7d",
        "stricter 6 waiver: no_user for shop/web until 2027-01-31",
    ]
    assert removed == ways(tmp_path, (ORG, more), ORG)


def test_a_file_that_only_asks_for_the_digest_is_missed_when_it_goes(tmp_path: Path) -> None:
    by_tag = (
        ORG + "scan: {require_digest: false}\nundecided: {warn_on: [missing], until: 2027-01-01}\n"
    )
    assert [
        "looser 1 scan.require_digest: true",
        "looser 1 undecided.warn_on: nothing",
    ] == ways(tmp_path, (by_tag, TEAM), by_tag)


def test_an_owner_that_another_file_asks_for_makes_a_waiver_count(tmp_path: Path) -> None:
    org = ORG + "waiver_needs: [owner]\n"
    without = TEAM + WAIVERS + waiver()
    named = TEAM + WAIVERS + waiver(more=", owner: team")
    assert ["looser 4 waiver: no_user for shop/web until 2027-01-31"] == ways(
        tmp_path, (org, without), (org, named)
    )
    assert ["stricter 4 waiver: no_user for shop/web until 2027-01-31"] == ways(
        tmp_path, (org, named), (org, without)
    )
    ticket = TEAM + WAIVERS + waiver(more=", ticket: T-1")
    assert not ways(tmp_path, (org, without), (org, ticket))


def test_a_waiver_that_was_too_long_to_count_is_looser_when_it_is_cut(tmp_path: Path) -> None:
    org = ORG + "max_waiver: 30d\n"
    void = TEAM + WAIVERS + waiver(expires="2027-06-01")
    holds = TEAM + WAIVERS + waiver(expires="2026-12-01")
    assert [
        "looser 4 waiver: no_user for shop/web until 2026-12-01",
        "stricter 4 waiver: no_user for shop/web until 2027-06-01",
    ] == sorted(ways(tmp_path, (org, void), (org, holds)))


def test_files_pair_by_content_then_name_then_order(tmp_path: Path) -> None:
    assert not ways(tmp_path, (ORG, TEAM), (TEAM, ORG))
    folders = [tmp_path / name for name in ("old", "new")]
    for folder in folders:
        folder.mkdir()
    (folders[0] / "a.yaml").write_text("version: 1\n" + HIGH)
    (folders[0] / "b.yaml").write_text("version: 1\n" + ORG)
    (folders[1] / "b.yaml").write_text("version: 1\n" + ORG + LOW)
    (folders[1] / "c.yaml").write_text("version: 1\n" + BLOCK)
    old, new = (
        load_policies(specs, directory=folder, today=TODAY).policies
        for specs, folder in zip((["a.yaml", "b.yaml"], ["b.yaml", "c.yaml"]), folders, strict=True)
    )
    changes = changed_entries(old, new, TODAY)
    assert [("stricter", "b.yaml", 3), ("stricter", "c.yaml", 2)] == [
        (change.change.value, change.path, change.line) for change in changes
    ]


def test_from_the_built_in_policy_to_the_strict_one(tmp_path: Path) -> None:
    (tmp_path / "strict.yaml").write_bytes(ready_made_files()["strict"].read_bytes())
    old = load_policies([], directory=tmp_path, today=TODAY)
    new = load_policies(["strict.yaml"], directory=tmp_path, today=TODAY)
    assert BUILT_IN == old.policies[0].path
    assert [
        "stricter 14 block, warn: 7 combinations of kind, level and status",
        "stricter 19 max_waiver: 30d",
        "stricter 36 scan.max_age: 7d",
        "stricter 38 scan.settle: 30s",
        "stricter 43 scan.require_checks: true",
    ] == [
        f"{change.change} {change.line} {change.entry}"
        for change in changed_entries(old.policies, new.policies, TODAY)
    ]
