"""``gate policy waive`` prints waivers for what blocks today, and names what none may cover."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gate.untrusted import parse_yaml
from tests.cases.recording import image, record

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rigs.command import Result

    Gate = Callable[..., Result]

AT = ("--at", "2026-11-24")
ORG = """\
version: 1
block:
  - levels: [high, medium]
    statuses: [unhandled]
    waivers: any
  - levels: [high]
    statuses: [ignored, false_positive]
    waivers: any
warn:
  - {levels: [low], statuses: [unhandled]}
rules:
  - name: payments never run as root
    match:
      images: ["payments/**"]
      risks: [no_user]
    action: block
    waivers: none
  - name: test images may have low risks
    match: {images: ["test/**"], levels: [low]}
    action: allow
    reason: never leave the test cluster
max_waiver: 180d
"""
BASELINE = """\
# Written by `gate policy waive`. These findings were there when the gate came; new ones block.
# `gate policy prune` takes out what was fixed. Nothing is ever added here without a review.
version: 1
block: {levels: [], statuses: []}
waivers:
  - risks: [no_user]
    images: [shop/api]
    reason: there before the gate came
    expires: 2027-01-01
  - risks: [curl_pipe, env_secret]
    images: [shop/bulk]
    reason: there before the gate came
    expires: 2027-01-03
  - risks: [no_user]
    images: [shop/cart]
    reason: there before the gate came
    expires: 2027-01-05
  - risks: [no_user]
    images: [shop/multi]
    reason: there before the gate came
    expires: 2027-01-07
  # no_user: ignored in the console
  - risks: [no_user]
    images: [shop/myweb]
    reason: there before the gate came
    expires: 2027-01-09
  - risks: [curl_pipe, env_secret, no_user]
    images: [shop/web]
    reason: there before the gate came
    expires: 2027-01-11
  - risks: [sudo]
    images: [shop/web-admin]
    reason: there before the gate came
    expires: 2027-01-13
  - risks: [expose_ssh]
    images: [webshop/web]
    reason: there before the gate came
    expires: 2027-01-15
"""


@pytest.fixture(autouse=True)
def _policy(_in_a_folder_of_its_own: None) -> None:
    Path("org.yaml").write_text(ORG)


def waived(
    gate: Gate, *images: dict[str, Any], options: tuple[str, ...] = (), code: int = 0
) -> Result:
    """Waive what blocks of these images, until a day, for a reason."""
    record(Path("a.cases"), images)
    expires = () if "--expires" in options else ("--expires", "2027-01-31")
    policies = () if "-p" in options else ("-p", "org.yaml")
    reason = ("--reason", "r")
    result = gate("policy", "waive", "--on", "a.cases", *policies, *AT, *expires, *reason, *options)
    assert code == result.code, result.err
    return result


def waivers(result: Result) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = parse_yaml(result.out).data["waivers"]
    return entries


def test_the_file_of_the_sandbox(gate: Gate) -> None:
    audit = ("audit", "--sandbox", "--region", "cn-hangzhou", "--no-ci", "-q")
    assert 10 == gate(*audit, "--report", "cases=audit.cases").code
    plan = ("--expires", "2027-01-01..2027-01-15", "--reason", "there before the gate came")
    result = gate("policy", "waive", "--on", "audit.cases", "-p", "org.yaml", *AT, *plan)

    assert (0, BASELINE) == (result.code, result.out)
    assert [
        "not waived: shop/batch:3.1: running",
        "not waived: shop/legacy:0.9: failed",
        "not waived: shop/unsupported:1.0: unsupported",
    ] == result.err.splitlines()


def test_what_was_there_passes_and_what_is_new_blocks(gate: Gate) -> None:
    audit = ("audit", "--sandbox", "--region", "cn-hangzhou", "--no-ci", "--format", "json")
    assert 10 == gate(*audit, "--report", "cases=audit.cases").code
    until = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    command = ("policy", "waive", "--on", "audit.cases", "--expires", until, "--reason", "r")
    baseline = gate(*command, "-p", "org.yaml").out
    Path("baseline.yaml").write_text(baseline)
    report = gate(*audit, "-p", "org.yaml", "-p", "baseline.yaml").report
    assert {"pass", "undecided"} == {image["verdict"] for image in report["images"]}
    assert "waivers: []" in gate(*command, "-p", "org.yaml", "-p", "baseline.yaml").out

    Path("baseline.yaml").write_text(baseline.replace("[expose_ssh]", "[sudo]"))
    report = gate(*audit, "-p", "org.yaml", "-p", "baseline.yaml").report
    assert ["webshop/web"] == [
        f"{image['image']['namespace']}/{image['image']['repository']}"
        for image in report["images"]
        if image["verdict"] == "block"
    ]


def test_nothing_to_waive_is_an_empty_list(gate: Gate) -> None:
    result = waived(gate, image("shop/api:1"))

    assert result.out.endswith("\nblock: {levels: [], statuses: []}\nwaivers: []\n")
    assert "" == result.err


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("2027-01-01..2027-01-03", ["2027-01-02", "2027-01-01", "2027-01-03"]),
        ("2027-01-01..2027-01-02", ["2027-01-01", "2027-01-01", "2027-01-02"]),
        ("2026-11-24..2026-11-24", ["2026-11-24", "2026-11-24", "2026-11-24"]),
        ("2027-01-01", ["2027-01-01", "2027-01-01", "2027-01-01"]),
    ],
)
def test_the_worst_ends_first(gate: Gate, days: str, expected: list[str]) -> None:
    result = waived(
        gate,
        image("shop/c:1", "sudo", level="medium"),
        image("shop/b:1", "no_user"),
        image("shop/d:1", "curl_pipe", level="medium"),
        options=("--expires", days),
    )
    by_name = {waiver["images"][0]: waiver["expires"] for waiver in waivers(result)}

    assert ["shop/b", "shop/c", "shop/d"] == list(by_name)
    assert expected == [by_name["shop/c"], by_name["shop/b"], by_name["shop/d"]]


def test_a_single_waiver_of_a_plan_ends_on_its_first_day(gate: Gate) -> None:
    options = ("--expires", "2027-01-01..2027-01-31")
    [only] = waivers(waived(gate, image("shop/a:1", "no_user"), options=options))
    assert "2027-01-01" == only["expires"]


def test_one_waiver_for_each_repository(gate: Gate) -> None:
    result = waived(
        gate,
        image("shop/api:2", "sudo", "no_user", level="medium"),
        image("shop/api:1", "no_user", "curl_pipe", number=1),
        image("shop/api:1", host="", number=2),
    )
    assert [(["curl_pipe", "no_user", "sudo"], ["shop/api"])] == [
        (waiver["risks"], waiver["images"]) for waiver in waivers(result)
    ]


def test_more_than_a_thousand_risks_take_further_waivers(gate: Gate) -> None:
    risks = [f"r{number:04}" for number in range(2001)]
    entries = waivers(waived(gate, image("shop/api:1", *risks)))

    assert [1000, 1000, 1] == [len(waiver["risks"]) for waiver in entries]
    assert risks == [risk for waiver in entries for risk in waiver["risks"]]


def test_what_was_clicked_away_is_said_above(gate: Gate) -> None:
    result = waived(
        gate,
        image("shop/a:1", "no_user", status="ignored"),
        image("shop/a:2", "sudo", "curl_pipe", status="false_positive"),
        image("shop/a:3", "sudo"),
    )
    assert (
        "waivers:\n"
        "  # curl_pipe: false_positive in the console\n"
        "  # no_user: ignored in the console\n"
        "  # sudo: partly false_positive in the console\n"
        "  - risks: [curl_pipe, no_user, sudo]\n"
    ) in result.out


def test_only_what_is_wanted_is_waived(gate: Gate) -> None:
    images = [
        image("shop/a:1", "no_user", "sudo"),
        image("shop/b:1", "no_user", status="ignored"),
        image("pay/c:1", "no_user", evidence="failed"),
    ]

    def kept(*options: str) -> list[tuple[list[str], list[str]]]:
        result = waived(gate, *images, options=options)
        return [(waiver["images"], waiver["risks"]) for waiver in waivers(result)]

    assert [(["shop/a"], ["no_user", "sudo"])] == kept("--image", "shop/a*")
    assert [(["shop/a"], ["no_user", "sudo"])] == kept("--image", "shop/a:1")
    assert [(["shop/a"], ["sudo"])] == kept("--risk", "su*")
    assert [(["shop/b"], ["no_user"])] == kept("--status", "ignored", "--status", "false_positive")
    assert "failed" not in waived(gate, *images, options=("--image", "shop/*")).err


def test_what_the_policies_let_pass_is_not_waived(gate: Gate) -> None:
    clicked = image("shop/a:1", "sudo", level="medium", status="ignored")
    result = waived(gate, clicked, options=("--status", "ignored"))

    assert [] == waivers(result)
    assert "1 finding of these statuses don't block" in result.err


@pytest.mark.parametrize(
    ("blocked", "why"),
    [
        (image("shop/a:1", "no_user", level="unknown"), "no_user: its level is unknown"),
        (image("shop/a:1", "no_user", status="unknown"), "no_user: its status is unknown"),
        (image("shop/a:1", "no_*"), "no_*: its key would stand for more than itself in a waiver"),
        (image("shop/a:1", "no user"), "no user: its key would stand for more than itself"),
        (image("shop/a:1", "n" * 513), ": its key would stand for more than itself in a waiver"),
        (image("payments/a:1", "no_user"), "no_user: org.yaml:12 says waivers: none"),
        (image("sh*p/a:1", "no_user"), "no_user: the name of its repository would stand for more"),
        (image("a.b/c/d:1", "no_user", host=""), "no_user: the name of its repository would"),
    ],
    ids=str,
)
def test_what_no_waiver_may_cover_is_named(gate: Gate, blocked: dict[str, Any], why: str) -> None:
    result = waived(gate, blocked)

    assert [] == waivers(result)
    assert result.err.startswith("not waived: ")
    assert why in result.err


def test_an_image_that_blocks_and_may_have_more_is_named(gate: Gate) -> None:
    result = waived(gate, image("shop/a:1", "no_user", evidence="running"))

    assert [["no_user"]] == [waiver["risks"] for waiver in waivers(result)]
    assert "not waived: shop/a:1: running\n" == result.err


def test_where_one_policy_refuses_waivers_none_is_written(gate: Gate) -> None:
    strict = "version: 1\nblock: {levels: [high], statuses: [unhandled], waivers: none}\n"
    Path("strict.yaml").write_text(strict)
    result = waived(
        gate, image("shop/a:1", "no_user"), options=("-p", "org.yaml", "-p", "strict.yaml")
    )
    assert [] == waivers(result)
    assert "not waived: shop/a:1 no_user: strict.yaml:2 says waivers: none\n" == result.err


def test_an_entry_that_counts_its_own_waivers_is_named(gate: Gate) -> None:
    Path("own.yaml").write_text("version: 1\nblock: {levels: [high], statuses: [unhandled]}\n")
    images = (image("shop/a:1", "no_user"), image("shop/b:1", "no_user"))
    result = waived(gate, *images, options=("-p", "own.yaml"))

    assert 2 == len(waivers(result))
    assert (
        "own.yaml:2 counts its own waivers only: put these into that file, or let it say "
        "waivers: any\n"
    ) == result.err


def test_what_a_waiver_holds_for_is_not_written_again(gate: Gate) -> None:
    head = "version: 1\nblock: {levels: [], statuses: []}\nwaivers:\n"
    one = "- {{risks: [{}], images: [shop/a], reason: r, expires: {}}}\n"
    Path("team.yaml").write_text(
        head + one.format("no_user", "2027-03-01") + one.format("sudo", "2026-11-23")
    )
    result = waived(
        gate,
        image("shop/a:1", "no_user", "sudo"),
        options=("-p", "org.yaml", "-p", "team.yaml"),
    )
    assert [["sudo"]] == [waiver["risks"] for waiver in waivers(result)]


def test_what_is_asked_for_and_not_given_is_a_stub(gate: Gate) -> None:
    Path("needs.yaml").write_text(ORG + "waiver_needs: [owner, ticket]\n")
    record(Path("a.cases"), [image("shop/a:1", "no_user")])
    command = ("policy", "waive", "--on", "a.cases", "-p", "needs.yaml", *AT)
    result = gate(*command, "--expires", "2027-01-31", "--ticket", "OPS-1432")

    assert result.out.endswith(
        '    reason: ""\n    expires: 2027-01-31\n    owner: ""\n    ticket: OPS-1432\n'
    )
    assert 'fill in each ""' in result.err
    Path("stub.yaml").write_text(result.out)
    assert 2 == gate("policy", "validate", "stub.yaml").code
    Path("stub.yaml").write_text(result.out.replace('""', "filled in"))
    assert 0 == gate("policy", "validate", "stub.yaml").code


def test_texts_that_need_quotes_have_them(gate: Gate) -> None:
    options = ("--reason", 'a: "b" # c\n', "--owner", "vendor, image", "--ticket", "No")
    result = waived(gate, image("shop/1web:1", "no_user"), options=options)

    assert '    reason: "a: \\"b\\" # c"\n' in result.out
    assert "    owner: vendor, image\n" in result.out
    assert '    ticket: "No"\n' in result.out


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ("2026-11-23", "before the day that is judged"),
        ("2026-11-20..2027-01-01", "before the day that is judged"),
        ("2099-01-01", "max_waiver of org.yaml is 180d: its latest day is 2"),
        ("2027-01-01..2099-01-01", "max_waiver of org.yaml"),
        ("2027-01-02..2027-01-01", "2027-01-01 is before 2027-01-02"),
        ("2027-02-30", "no calendar"),
        ("tomorrow", "is not a day"),
        ("2027-01-01..", "is not a day"),
    ],
)
def test_days_that_no_waiver_may_have(gate: Gate, days: str, words: str) -> None:
    result = waived(gate, image("shop/a:1", "no_user"), options=("--expires", days), code=2)

    assert "" == result.out
    assert words in result.err


def test_what_the_gate_would_not_read_back_is_not_printed(gate: Gate) -> None:
    images = [image(f"shop/a{number}:1", "no_user", number=number) for number in range(2001)]
    result = waived(gate, *images, code=2)
    assert "" == result.out
    assert "more than 2000 entries" in result.err
    assert "--image" in result.err

    result = waived(gate, image("shop/a:1", "no_user"), options=("--owner", "x" * 1001), code=2)
    assert "" == result.out


def test_no_image_that_can_be_told_is_no_success(gate: Gate) -> None:
    failed = image("shop/a:1", evidence="failed")
    result = waived(gate, failed, code=3)
    assert "" == result.out
    assert "not waived: shop/a:1: failed" in result.err

    assert "" == waived(gate, image("shop/a:1"), options=("--image", "pay/*"), code=3).out
    assert "" == waived(gate, code=3).out


def test_json_holds_the_file_too(gate: Gate) -> None:
    images = (image("shop/a:1", "no_user"), image("shop/b:1", evidence="failed"))
    text = waived(gate, *images).out
    document = json.loads(waived(gate, *images, options=("--format", "json")).out)

    assert ("policy-waive", 0, text) == tuple(
        document[key] for key in ("kind", "exit_code", "file")
    )
    assert [["shop/a"]] == [item["images"] for item in document["items"]]
    assert [{"reference": "shop/b:1", "risk": None, "reason": "failed"}] == document["not_waived"]


def test_patterns_must_be_some(gate: Gate) -> None:
    for pattern in ("", "a b"):
        assert (
            "is not a pattern"
            in waived(gate, image("shop/a:1"), options=("--image", pattern), code=2).err
        )
