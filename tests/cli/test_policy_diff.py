"""`gate policy diff`: images on a record, entries of files, what it fails on, and how it looks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.policy import ready_made_files
from tests.rigs.case_records import finding, image, policies, record

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rigs.command import Result

    Gate = Callable[..., Result]

HIGH = "version: 1\nblock: {levels: [high], statuses: [unhandled]}\n"
BOTH = "version: 1\nblock: {levels: [high, medium], statuses: [unhandled]}\n"
NOTHING = "version: 1\nblock: {levels: [], statuses: []}\n"
EVIL = "a\x1b[31m##[error]x::set-output"


def last(result: Result) -> str:
    return result.out.splitlines()[-1]


def test_the_example_of_the_contract(gate: Gate) -> None:
    for name, file in ready_made_files().items():
        Path(f"{name}.yaml").write_bytes(file.read_bytes())
    gate("audit", "--sandbox", "--region", "cn-hangzhou", "--report", "cases=audit.cases")
    result = gate(
        "policy", "diff", "--on", "audit.cases", "--from", "default.yaml", "-p", "strict.yaml"
    )
    lines = result.out.splitlines()
    assert 0 == result.code
    assert lines[0].startswith("from     default.yaml sha256:")
    assert lines[1].startswith("to       strict.yaml sha256:")
    assert lines[2].startswith("on       audit.cases: 16 images, recorded 20")
    assert lines[2].endswith(" UTC, SANDBOX")
    assert [
        "files:",
        "  stricter  strict.yaml:14  block, warn: 7 combinations of kind, level and status",
        "  stricter  strict.yaml:19  max_waiver: 30d",
        "  stricter  strict.yaml:36  scan.max_age: 7d",
        "  stricter  strict.yaml:38  scan.settle: 30s",
        "  stricter  strict.yaml:43  scan.require_checks: true",
        "images:",
        "  stricter  shop/myweb:1.0   pass -> block      no_user (strict.yaml:14)",
        "  stricter  shop/stale:1.0   pass -> undecided  stale",
        (
            "  stricter  shop/worker:1.0  pass -> block      "
            "add, apk, chmod_777, expose_ssh (strict.yaml:14)"
        ),
        (
            "CHANGED  SANDBOX  3 stricter, 0 looser, 0 untold of 16 images, 2 with other "
            "decisions; files: 5 stricter, 0 looser (exit 0)"
        ),
    ] == lines[3:]
    assert "note: The policies differ in scan.settle" in result.err


def test_a_policy_is_the_same_as_itself(gate: Gate) -> None:
    policies(a=BOTH)
    record(image("shop/web:1", finding()))
    result = gate("policy", "diff", "--on", "audit.cases", "--from", "a.yaml", "-p", "a.yaml")
    assert (
        "SAME  0 stricter, 0 looser, 0 untold of 1 image; files: 0 stricter, 0 looser (exit 0)"
    ) == last(result)
    assert "files:\n" not in result.out
    result = gate(
        "policy", "diff", "--from", "a.yaml", "-p", "a.yaml", "--fail-on", "any", "--format", "json"
    )
    assert 0 == result.code == json.loads(result.out)["exit_code"]


def test_the_built_in_policy_is_one_too(gate: Gate) -> None:
    policies(a=HIGH)
    result = gate("policy", "diff", "--from", "(built-in)", "-p", "a.yaml")
    assert result.out.startswith("from     (built-in) sha256:")
    assert "files: 0 stricter, 1 looser (exit 0)" in last(result)


@pytest.mark.parametrize(
    ("old", "new", "fail_on", "code"),
    [
        (HIGH, BOTH, "looser", 0),
        (HIGH, BOTH, "stricter", 10),
        (HIGH, BOTH, "any", 10),
        (BOTH, HIGH, "looser", 10),
        (BOTH, HIGH, "stricter", 0),
        (BOTH, HIGH, "any", 10),
        (BOTH, BOTH, "any", 0),
    ],
)
@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("files", [True, False])
def test_what_it_fails_on(  # noqa: PLR0913 - a table
    gate: Gate, old: str, new: str, fail_on: str, code: int, *, on: bool, files: bool
) -> None:
    policies(old=old, new=new)
    ends = {True: ("block", 10), False: ("pass", 0)}
    verdict, exit_code = ends["medium" in old]
    risk = finding(level="medium", decision=verdict if verdict == "block" else "allow")
    reason = "blocked" if verdict == "block" else "allowed"
    record(image("shop/web:1", risk, verdict=verdict, reason=reason, exit_code=exit_code))
    if not (on or files):
        return
    result = gate(
        *("policy", "diff", "-p", "new.yaml", "--fail-on", fail_on),
        *(("--on", "audit.cases") if on else ()),
        *(("--from", "old.yaml") if files else ()),
    )
    assert code == result.code, result.out


def test_an_image_that_cannot_be_told_is_untold_and_may_be_looser(gate: Gate) -> None:
    policies(old=BOTH, new=HIGH)
    record(
        image("shop/web:1", finding(level="medium"), evidence="incomplete"),
        image("shop/api:1", finding(level="medium"), kinds=[]),
        image("shop/same:1", finding(), evidence="incomplete"),
        image("shop/none:1", evidence="incomplete"),
    )
    arguments = ("policy", "diff", "--on", "audit.cases", "--from", "old.yaml", "-p", "new.yaml")
    result = gate(*arguments)
    assert [
        "images:",
        "  untold  shop/web:1  block -> undecided  incomplete",
        "  untold  shop/api:1  block -> undecided  incomplete",
        "CHANGED  0 stricter, 0 looser, 2 untold of 4 images; files: 0 stricter, 1 looser (exit 0)",
    ] == result.out.splitlines()[-4:]
    policies(new=BOTH + "scan: {settle: 30s}\n", old=BOTH)
    record(image("shop/none:1", evidence="incomplete"))
    assert 3 == gate(*arguments).code
    assert 10 == gate(*arguments, "--fail-on", "any").code
    record()
    assert 3 == gate(*arguments).code


def test_without_old_policies_the_record_is_the_old_side(gate: Gate) -> None:
    policies(new=HIGH)
    blocked = finding(level="medium", decision="block")
    record(
        image("shop/web:1", blocked, verdict="block", reason="blocked", exit_code=10),
        image("shop/api:1", verdict="pass", reason="clean", exit_code=0),
        image("shop/wip:1", evidence="missing", verdict="undecided", reason="missing", exit_code=0),
    )
    Path("hand.yaml").write_text(
        "version: 1\nat: 2026-11-24\nimages: [{reference: shop/hand:1, verdict: block}]\n",
        encoding="utf-8",
    )
    result = gate("policy", "diff", "--on", "audit.cases", "--on", "hand.yaml", "-p", "new.yaml")
    assert "from     what the record says" == result.out.splitlines()[0]
    assert [
        "images:",
        "  looser    shop/web:1  block -> pass             no_user",
        "  stricter  shop/wip:1  let through -> undecided  missing",
        "CHANGED  1 stricter, 1 looser, 0 untold of 3 images (exit 0)",
    ] == result.out.splitlines()[-4:]
    assert 3 == gate("policy", "diff", "--on", "hand.yaml", "-p", "new.yaml").code


def test_other_decisions_are_counted_and_listed_on_demand(gate: Gate) -> None:
    policies(old=HIGH, new=BOTH)
    record(image("shop/web:1", finding(), finding("apk", "medium")))
    arguments = ("policy", "diff", "--on", "audit.cases", "--from", "old.yaml", "-p", "new.yaml")
    result = gate(*arguments)
    assert "images:" not in result.out
    assert "0 untold of 1 image, 1 with other decisions; files" in last(result)
    assert (
        "  other  shop/web:1  block  allow -> block: apk (new.yaml:2)"
        in gate(*arguments, "-v").out.splitlines()
    )


def test_a_waiver_is_what_lets_an_image_pass(gate: Gate) -> None:
    waiver = "waivers: [{risks: [no_user], images: [shop/*], reason: r, expires: 2027-01-01}]\n"
    policies(old=HIGH, new=HIGH + waiver)
    record(image("shop/web:1", finding()))
    result = gate("policy", "diff", "--on", "audit.cases", "--from", "old.yaml", "-p", "new.yaml")
    assert "  looser  shop/web:1  block -> pass  no_user (new.yaml:3)" in result.out.splitlines()
    later = gate(
        *("policy", "diff", "--on", "audit.cases", "--from", "old.yaml", "-p", "new.yaml"),
        *("--at", "2027-01-02"),
    )
    assert "0 stricter, 0 looser, 0 untold of 1 image" in last(later)


def test_images_whose_names_stand_twice_are_told_apart_by_their_digests(gate: Gate) -> None:
    policies(old=HIGH, new=BOTH)
    record(
        image(f"shop/web:1@sha256:{'a' * 64}", finding(level="medium")),
        image(f"shop/web:1@sha256:{'b' * 64}", finding(level="medium")),
        image(f"shop/api:1@sha256:{'c' * 64}", finding(level="medium")),
    )
    result = gate("policy", "diff", "--on", "audit.cases", "--from", "old.yaml", "-p", "new.yaml")
    assert "shop/web:1@aaaaaaaaaaaa  pass -> block" in result.out
    assert "shop/api:1               pass -> block" in result.out


def test_json_is_one_object_without_a_verdict(gate: Gate) -> None:
    policies(old=HIGH, new=BOTH)
    record(image("shop/web:1", finding(level="medium")), image("shop/api:1"))
    result = gate(
        *("policy", "diff", "--on", "audit.cases", "--from", "old.yaml", "-p", "new.yaml"),
        *("--format", "json", "--fail-on", "stricter"),
    )
    document = json.loads(result.out)
    assert "policy-diff" == document["kind"]
    assert 10 == result.code == document["exit_code"]
    assert "verdict" not in document
    assert [
        {
            "change": "stricter",
            "path": "new.yaml",
            "line": 2,
            "entry": "block, warn: 1 combination of kind, level and status",
        }
    ] == document["files"]
    assert [
        {
            "reference": "registry.cn-hangzhou.aliyuncs.com/shop/web:1",
            "change": "stricter",
            "old": "pass",
            "new": "block",
            "reason": "no_user (new.yaml:2)",
            "findings": [
                {"risk": "no_user", "old": "allow", "new": "block", "path": "new.yaml", "line": 2}
            ],
        }
    ] == document["images"]
    assert {
        "images": {"total": 2, "stricter": 1, "looser": 0, "untold": 0, "other_decisions": 0},
        "files": {"stricter": 1, "looser": 0},
    } == document["counts"]
    assert {"command": "audit", "namespace": None, "repository": None} == document["on"][0][
        "recorded"
    ]["scope"]


def test_markdown_shows_fifty_images(gate: Gate) -> None:
    policies(old=HIGH, new=BOTH)
    record(*(image(f"shop/web-{number}:1", finding(level="medium")) for number in range(53)))
    arguments = ("policy", "diff", "--on", "audit.cases", "--from", "old.yaml", "-p", "new.yaml")
    page = gate(*arguments, "--format", "markdown").out
    assert page.startswith("## CHANGED  53 stricter, 0 looser, 0 untold of 53 images; files: ")
    assert 50 == page.count("| shop/web-")
    assert "And 3 more images." in page
    assert 53 == gate(*arguments).out.count("shop/web-")


def test_what_lets_more_through_stands_first_in_markdown(gate: Gate) -> None:
    policies(old=HIGH, new="version: 1\nblock: {levels: [medium], statuses: [unhandled]}\n")
    record(image("shop/a:1", finding(level="medium")), image("shop/b:1", finding()))
    page = gate(
        *("policy", "diff", "--on", "audit.cases", "--from", "old.yaml", "-p", "new.yaml"),
        *("--format", "markdown"),
    ).out
    assert page.index("| shop/b:1 ") < page.index("| shop/a:1 ")
    assert page.index("**looser** | old.yaml") < page.index("**stricter** | new.yaml")


def test_scope_time_and_endpoint_of_a_record_are_shown(gate: Gate) -> None:
    policies(old=HIGH, new=BOTH)
    scope = {"command": "audit", "namespace": "shop", "repository": "web"}
    record(image("shop/web:1"), scope=scope)
    result = gate("policy", "diff", "--on", "audit.cases", "--from", "old.yaml", "-p", "new.yaml")
    assert (
        "on       audit.cases: 1 image, recorded 2026-11-24 19:11:19 UTC, "
        "tds.cn-hangzhou.aliyuncs.com, namespace shop, repository web"
    ) in result.out.splitlines()


@pytest.mark.parametrize("format_", ["text", "markdown", "json"])
def test_hostile_texts_do_nothing(gate: Gate, format_: str) -> None:
    policies(
        old=HIGH,
        new=BOTH
        + f"rules: [{{name: {json.dumps(EVIL + '|`<b>')}, match: {{risks: [x]}}, action: warn}}]\n",
    )
    record(image(f"shop/web:1{EVIL}|<b>", finding(f"{EVIL}|`<b>", "medium")), endpoint=EVIL)
    result = gate(
        *("policy", "diff", "--on", "audit.cases", "--from", "old.yaml", "-p", "new.yaml"),
        *("--format", format_),
    )
    assert 0 == result.code, result.err
    assert "\x1b" not in result.out + result.err
    assert "##[" not in result.out
    if format_ == "text":
        assert "::set-output" not in result.out
    if format_ == "markdown":
        assert "<b>" not in result.out
        assert {5, 4} == {
            line.replace("\\|", "").count("|")
            for line in result.out.splitlines()
            if line[:1] == "|"
        } | {4}


def test_there_must_be_something_to_compare(gate: Gate) -> None:
    result = gate("policy", "diff")
    assert 2 == result.code
    assert "--from" in result.err
    assert 2 == gate("policy", "diff", "--on", "missing.cases").code
    assert 2 == gate("policy", "diff", "--from", "missing.yaml").code


def test_notes_name_what_only_gathering_tells_and_checks_that_need_not_be_on(gate: Gate) -> None:
    rule = "rules: [{match: {risks: [apk]}, action: allow, reason: r}]\n"
    policies(
        old=BOTH + rule, new=BOTH + "scan: {accept_previous: true, platforms: [linux/arm64]}\n"
    )
    record(image("shop/web:1"))
    result = gate("policy", "diff", "--on", "audit.cases", "--from", "old.yaml", "-p", "new.yaml")
    assert [
        (
            "note: No rule for the same images names apk any more, so that this check needn't be "
            "on for a pass."
        ),
        (
            "note: The policies differ in scan.accept_previous, which is about gathering evidence: "
            "a record can't tell what that changes."
        ),
        (
            "note: The policies differ in scan.platforms, which is about gathering evidence: "
            "a record can't tell what that changes."
        ),
    ] == result.err.splitlines()


def test_nothing_is_taken_from_the_environment(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    policies(old=HIGH, new=BOTH)
    monkeypatch.setenv("BUILDRISK_GATE_POLICY", "old.yaml")
    monkeypatch.setenv("BUILDRISK_GATE_FAIL_ONN", "any")
    assert 0 == gate("policy", "diff", "--from", "old.yaml", "-p", "new.yaml").code
