"""`gate policy forecast`: what ends or begins soon, what depends on it, and how it looks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.rigs.case_records import finding, image, policies, record

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rigs.command import Result

    Gate = Callable[..., Result]

BLOCK = "version: 1\nblock: {levels: [high], statuses: [unhandled], waivers: any}\n"
TEAM = "version: 1\nblock: {levels: [], statuses: []}\n"
EVIL = "a\x1b[31m##[error]x::set-output|<b>"
AT = ("policy", "forecast", "--at", "2026-11-24")


def waiver(images: str = "shop/web", expires: str = "2026-12-01", risks: str = "no_user") -> str:
    return f"  - {{risks: [{risks}], images: [{images}], reason: r, expires: {expires}}}\n"


def waivers(*each: str) -> str:
    return "waivers:\n" + "".join(each)


def test_the_example_of_the_contract(gate: Gate) -> None:
    block = "block:\n  - {levels: [high, medium], statuses: [unhandled], waivers: any}\n"
    clicked = "  - {levels: [high], statuses: [ignored, false_positive], waivers: any}\n"
    policies(org=f"version: 1\n{block}{clicked}max_waiver: 180d\n")
    gate("audit", "--sandbox", "--region", "cn-hangzhou", "--report", "cases=audit.cases")
    printed = gate(
        *("policy", "waive", "--on", "audit.cases", "-p", "org.yaml"),
        *("--expires", "2027-01-01..2027-01-15", "--reason", "there before the gate came"),
        *("--at", "2026-11-24"),
    )
    policies(baseline=printed.out)
    result = gate(
        *AT, "--on", "audit.cases", "-p", "org.yaml", "-p", "baseline.yaml", "--within", "40d"
    )
    assert 10 == result.code
    assert [
        "2027-01-01  in 38 days  baseline.yaml:6  no_user for shop/api",
        "            from 2027-01-02 blocks shop/api:2.0",
        "2027-01-03  in 40 days  baseline.yaml:10  curl_pipe, env_secret for shop/bulk",
        "            from 2027-01-04 blocks shop/bulk:1.0",
        "DUE  2 waivers end by 2027-01-03, 2 images then block (exit 10)",
    ] == result.out.splitlines()
    assert "audit.cases: 16 images, recorded 20" in result.err
    assert "SANDBOX" in result.err


@pytest.mark.parametrize(
    ("expires", "within", "due"),
    [
        ("2026-11-23", "30d", False),
        ("2026-11-24", "0", True),
        ("2026-11-25", "0", False),
        ("2026-11-25", "47h", True),
        ("2026-12-24", "30d", True),
        ("2026-12-25", "30d", False),
        ("9999-12-31", "3650d", False),
    ],
)
def test_the_last_day_has_to_be_within_so_many_days(
    gate: Gate, expires: str, within: str, *, due: bool
) -> None:
    policies(a=BLOCK + waivers(waiver(expires=expires)))
    result = gate(*AT, "-p", "a.yaml", "--within", within)
    assert (10 if due else 0) == result.code
    assert ("DUE  1 waiver ends by" if due else "QUIET  0 waivers end by") in result.out


def test_the_end_of_the_calendar_is_no_defect(gate: Gate) -> None:
    policies(a=BLOCK + waivers(waiver(expires="9999-12-31")))
    result = gate("policy", "forecast", "--at", "9999-12-31", "-p", "a.yaml")
    assert 0 == result.code
    assert "QUIET" in result.out


def test_what_nothing_depends_on_is_listed_and_does_not_count(gate: Gate) -> None:
    policies(a=BLOCK + waivers(waiver(), waiver("shop/gone")))
    record(image("shop/api:1", finding()), image("shop/web:1", finding("apk")))
    result = gate(*AT, "-p", "a.yaml", "--on", "audit.cases")
    assert 0 == result.code
    assert [
        "2026-12-01  in 7 days  a.yaml:4  no_user for shop/web",
        "            nothing depends on it",
        "2026-12-01  in 7 days  a.yaml:5  no_user for shop/gone",
        "            nothing depends on it",
        "QUIET  0 waivers end by 2026-12-24 (exit 0)",
    ] == result.out.splitlines()


def test_a_prolonged_waiver_is_no_end_and_two_that_end_together_are(gate: Gate) -> None:
    policies(a=BLOCK + waivers(waiver(), waiver("shop/*", "2026-12-20")))
    record(image("shop/web:1", finding()))
    result = gate(*AT, "-p", "a.yaml", "--on", "audit.cases")
    assert [
        "2026-12-01  in 7 days  a.yaml:4  no_user for shop/web",
        "            nothing depends on it",
        "2026-12-20  in 26 days  a.yaml:5  no_user for shop/*",
        "            from 2026-12-21 blocks shop/web:1",
        "DUE  1 waiver ends by 2026-12-24, 1 image then blocks (exit 10)",
    ] == result.out.splitlines()
    policies(a=BLOCK + waivers(waiver(), waiver("shop/*")))
    result = gate(*AT, "-p", "a.yaml", "--on", "audit.cases")
    assert 2 == result.out.count("from 2026-12-02 blocks shop/web:1")
    assert "DUE  2 waivers end by 2026-12-24, 1 image then blocks (exit 10)" in result.out


def test_a_waiver_that_does_not_count_where_it_would_have_to_is_needed_by_nothing(
    gate: Gate,
) -> None:
    own = BLOCK.replace("any", "own") + waivers(waiver())
    policies(org=own, team=TEAM + waivers(waiver()))
    record(image("shop/web:1", finding()))
    result = gate(*AT, "-p", "org.yaml", "-p", "team.yaml", "--on", "audit.cases")
    assert [
        "2026-12-01  in 7 days  org.yaml:4  no_user for shop/web",
        "            from 2026-12-02 blocks shop/web:1",
        "2026-12-01  in 7 days  team.yaml:4  no_user for shop/web",
        "            nothing depends on it",
        "DUE  1 waiver ends by 2026-12-24, 1 image then blocks (exit 10)",
    ] == result.out.splitlines()


def test_an_image_that_blocks_already_depends_on_it_as_well(gate: Gate) -> None:
    policies(a=BLOCK + waivers(waiver()))
    record(image("shop/web:1", finding(), finding("sudo")))
    result = gate(*AT, "-p", "a.yaml", "--on", "audit.cases")
    assert "from 2026-12-02 blocks shop/web:1" in result.out
    assert 10 == result.code


def test_warnings_come_back_too(gate: Gate) -> None:
    warn = "warn: {levels: [low], statuses: [unhandled]}\n"
    policies(a=BLOCK + warn + waivers(waiver()))
    record(image("shop/web:1", finding(level="low")))
    result = gate(*AT, "-p", "a.yaml", "--on", "audit.cases")
    assert "            from 2026-12-02 warns of shop/web:1" in result.out.splitlines()
    assert "DUE  1 waiver ends by 2026-12-24 (exit 10)" == result.out.splitlines()[-1]


def test_entries_begin(gate: Gate) -> None:
    policies(
        a="version: 1\n"
        "block:\n"
        "  - {levels: [high], statuses: [unhandled]}\n"
        "  - {levels: [low], statuses: [unhandled], from: 2026-12-01}\n"
        "rules:\n"
        "  - {name: later, match: {risks: [apk]}, action: block, from: 2026-12-02}\n"
        "  - {match: {risks: [sudo]}, action: block, from: 2026-11-24}\n"
    )
    record(image("shop/web:1", finding("x", "low")), image("shop/api:1", finding("apk", "medium")))
    result = gate(*AT, "-p", "a.yaml", "--on", "audit.cases")
    assert [
        "2026-12-01  in 7 days  a.yaml:4  block[1] begins to block",
        "            from 2026-12-01 blocks shop/web:1",
        '2026-12-02  in 8 days  a.yaml:6  rules[0] "later" begins to block',
        "            from 2026-12-02 blocks shop/api:1",
        "DUE  0 waivers end by 2026-12-24, 2 entries begin, 2 images then block (exit 10)",
    ] == result.out.splitlines()


def test_undecided_images_are_let_through_no_longer(gate: Gate) -> None:
    policies(a=BLOCK + "undecided: {warn_on: [missing, running], until: 2026-11-25}\n")
    record(
        image("shop/a:1", evidence="missing"),
        image("shop/b:1", evidence="running"),
        image("shop/c:1", evidence="failed"),
        image("shop/d:1"),
    )
    result = gate(*AT, "-p", "a.yaml", "--on", "audit.cases")
    assert [
        "2026-11-25  in 1 day  a.yaml:3  undecided.until ends: missing, running",
        "            from 2026-11-26 no longer lets through shop/a:1 (missing), shop/b:1 (running)",
        "DUE  0 waivers end by 2026-12-24, undecided.until ends, 2 no longer let through (exit 10)",
    ] == result.out.splitlines()
    policies(b=BLOCK)
    assert 0 == gate(*AT, "-p", "a.yaml", "-p", "b.yaml", "--on", "audit.cases").code


def test_what_was_not_read_cannot_be_told_and_counts(gate: Gate) -> None:
    policies(a=BLOCK + waivers(waiver("shop/*")))
    record(image("shop/web:1", evidence="failed"), image("other/web:1"))
    result = gate(*AT, "-p", "a.yaml", "--on", "audit.cases")
    assert [
        "2026-12-01  in 7 days  a.yaml:4  no_user for shop/*",
        "            can't be told: shop/web:1 (failed)",
        "DUE  1 waiver ends by 2026-12-24 (exit 10)",
    ] == result.out.splitlines()


def test_nothing_that_can_be_told_is_not_quiet(gate: Gate) -> None:
    policies(a=BLOCK)
    record()
    assert 3 == gate(*AT, "-p", "a.yaml", "--on", "audit.cases").code
    record(image("shop/web:1", evidence="incomplete"))
    result = gate(*AT, "-p", "a.yaml", "--on", "audit.cases")
    assert 3 == result.code
    assert "QUIET  0 waivers end by 2026-12-24 (exit 3)" in result.out


def test_many_images_are_cut_unless_all_are_asked_for(gate: Gate) -> None:
    policies(a=BLOCK + waivers(waiver("shop/*")))
    record(*(image(f"shop/web-{number:02}:1", finding()) for number in range(12)))
    result = gate(*AT, "-p", "a.yaml", "--on", "audit.cases")
    assert "shop/web-09:1 and 2 more" in result.out
    assert "12 images then block" in result.out
    assert "shop/web-11:1" in gate(*AT, "-p", "a.yaml", "--on", "audit.cases", "-v").out


def test_json_is_one_object(gate: Gate) -> None:
    policies(
        a=BLOCK
        + "waivers:\n  - {risks: [no_user], images: [shop/web], reason: r, expires: 2026-12-01, "
        "owner: team, ticket: T-1}\n"
    )
    record(image("shop/web:1", finding()))
    document = json.loads(gate(*AT, "-p", "a.yaml", "--on", "audit.cases", "--format", "json").out)
    assert "policy-forecast" == document["kind"]
    assert 10 == document["exit_code"]
    assert "verdict" not in document
    assert [
        {
            "entry": "waiver",
            "path": "a.yaml",
            "line": 4,
            "day": "2026-12-01",
            "days": 7,
            "words": "no_user for shop/web",
            "owner": "team",
            "ticket": "T-1",
            "from": "2026-12-02",
            "images": [
                {
                    "reference": "registry.cn-hangzhou.aliyuncs.com/shop/web:1",
                    "new": "block",
                    "reason": None,
                }
            ],
            "untold": [],
        }
    ] == document["entries"]


def test_markdown_is_the_body_of_an_issue(gate: Gate) -> None:
    policies(
        a=BLOCK
        + "waivers:\n  - {risks: [no_user], images: [shop/web], reason: r, expires: 2026-12-01, "
        "owner: team, ticket: T-1}\n"
    )
    record(image("shop/web:1", finding()))
    lines = gate(
        *AT, "-p", "a.yaml", "--on", "audit.cases", "--format", "markdown"
    ).out.splitlines()
    assert "## DUE  1 waiver ends by 2026-12-24, 1 image then blocks (exit 10)" == lines[0]
    assert [
        "| Ends | Waiver | Owner | Ticket | Blocks |",
        "|---|---|---|---|---|",
        "| 2026-12-01 | no\\_user for shop/web (a.yaml:4) | team | T-1 | shop/web:1 |",
    ] == lines[-3:]


@pytest.mark.parametrize("format_", ["text", "markdown", "json"])
def test_hostile_texts_do_nothing(gate: Gate, format_: str) -> None:
    entry = {
        "risks": ["no_user", EVIL.replace(" ", "")],
        "images": ["shop/*"],
        "reason": EVIL,
        "expires": "2026-12-01",
        "owner": EVIL,
    }
    policies(a=BLOCK + f"waivers: [{json.dumps(entry)}]\n")
    record(image(f"shop/web:1{EVIL}", finding()), endpoint=EVIL)
    result = gate(*AT, "-p", "a.yaml", "--on", "audit.cases", "--format", format_)
    assert 10 == result.code, result.err
    assert "\x1b" not in result.out + result.err
    assert "##[" not in result.out + result.err
    if format_ == "text":
        assert "::set" not in result.out + result.err
    if format_ == "markdown":
        assert "<b>" not in result.out
        assert {6} == {line.count("|") for line in result.out.splitlines() if line[:1] == "|"}


def test_it_looks_at_the_clock(gate: Gate) -> None:
    policies(a=BLOCK + waivers(waiver(expires="2020-01-01")))
    assert 0 == gate("policy", "forecast", "-p", "a.yaml", "--within", "3650d").code


def test_without_policies_it_is_the_one_that_is_found(gate: Gate) -> None:
    Path(".buildrisk-gate.yaml").write_text(BLOCK + waivers(waiver()), encoding="utf-8")
    result = gate(*AT)
    assert "2026-12-01  in 7 days  .buildrisk-gate.yaml:4" in result.out
    assert 10 == result.code


def test_a_shorter_name_is_enough_where_it_stands_once(gate: Gate) -> None:
    policies(a=BLOCK + waivers(waiver("shop/*")))
    digests = [f"@sha256:{letter * 64}" for letter in "abc"]
    record(
        image(f"shop/web:1{digests[0]}", finding()),
        image(f"shop/web:1{digests[1]}", finding()),
        image(f"shop/api:1{digests[2]}", finding()),
    )
    result = gate(*AT, "-p", "a.yaml", "--on", "audit.cases")
    assert "blocks shop/web:1@aaaaaaaaaaaa, shop/web:1@bbbbbbbbbbbb, shop/api:1\n" in result.out
