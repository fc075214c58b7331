"""``gate policy explain``, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rigs.command import Result

    Gate = Callable[..., Result]

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
TEAM = """\
version: 1
block: {levels: [], statuses: []}
waivers:
  - risks: [no_user]
    images: ["legacy/*"]
    reason: vendor image, replaced in Q1
    expires: 2027-01-31
    owner: team-legacy
"""
CASES = """\
version: 1
at: 2026-11-24
images:
  - reference: shop/web:1
    findings:
      - {risk: no_user, level: high}
      - {risk: apk, level: low}
  - {reference: shop/clean:1}
  - {reference: shop/old:1, scan: {age: 3d}, findings: [{risk: apk, level: low}]}
  - {reference: shop/tag:1, identified_by: tag}
  - {reference: shop/failed:1, evidence: failed}
  - {reference: shop/dark:1, checks: null}
"""
BOTH = ("-p", "org.yaml", "-p", "team.yaml")
ONE = ("--risk", "no_user", "--level", "high")


@pytest.fixture
def explain(gate: Gate) -> Gate:
    for name, text in {"org.yaml": ORG, "team.yaml": TEAM, "cases.yaml": CASES}.items():
        Path(name).write_text(text, encoding="utf-8")
    return lambda *arguments: gate("policy", "explain", *arguments)


def last(result: Result) -> str:
    return result.out.splitlines()[-1]


def test_it_says_what_the_contract_shows(explain: Gate) -> None:
    result = explain("legacy/erp:9", *ONE, *BOTH, "--at", "2027-02-01")
    assert 0 == result.code
    assert result.out == (
        """\
legacy/erp:9 no_user (high, unhandled) on 2027-02-01
  org.yaml: 2 rules are about other images
  org.yaml:3: block[0]: yes
  team.yaml:4: waiver: ended on 2027-01-31
  org.yaml:6: block[1]: no (statuses)
  org.yaml: BLOCK
  team.yaml: nothing matches
  team.yaml: ALLOW
BLOCK  The policy org.yaml blocks findings that are high and unhandled. It was waived until \
2027-01-31 by team.yaml, which has passed: vendor image, replaced in Q1.
"""
    )


def test_verbose_shows_what_is_about_other_images(explain: Gate) -> None:
    out = explain("legacy/erp:9", *ONE, *BOTH, "-v").out
    assert '  org.yaml:12: rules[0] "payments never run as root": no (images)\n' in out
    assert "about other images" not in out
    assert "  team.yaml:2: block[0]: no (levels, statuses)\n" in out


def test_the_name_given_counts_as_proven(explain: Gate) -> None:
    Path("p.yaml").write_text(
        "version: 1\nblock: {levels: [high], statuses: [unhandled]}\n"
        "rules: [{match: {images: ['shop/web:1']}, action: allow, reason: r}]\n",
        encoding="utf-8",
    )
    assert last(explain("shop/web:1", *ONE, "-p", "p.yaml")).startswith("ALLOW  ")
    hosted = "registry.cn-hangzhou.aliyuncs.com/shop/web:1"
    assert last(explain(hosted, *ONE, "-p", "p.yaml")).startswith("ALLOW  ")
    assert last(explain("shop/web", *ONE, "-p", "p.yaml")).startswith("BLOCK  ")
    digest = f"shop/web@sha256:{'0' * 64}"
    assert last(explain(digest, *ONE, "-p", "p.yaml")).startswith("BLOCK  ")


def test_a_finding_has_a_status_and_a_class(explain: Gate) -> None:
    result = explain("a/b:1", *ONE, "--status", "ignored", "--class", "other", "-p", "org.yaml")
    assert "a/b:1 no_user (high, ignored)" in result.out
    assert "org.yaml:3: block[0]: no (statuses)" in result.out
    assert last(result) == "BLOCK  The policy blocks findings that are high and ignored."


@pytest.mark.parametrize(
    ("says", "arguments"),
    [
        ("give --risk and --level", ("a/b:1",)),
        ("give --risk and --level", ("a/b:1", "--risk", "x")),
        ("give --risk and --level", ("a/b:1", "--level", "high")),
        ("'b' has no namespace", ("b", *ONE)),
        ("so --status has nothing to say", ("a/b", "--on", "cases.yaml", "--status", "ignored")),
        ("so --class has nothing to say", ("a/b", "--on", "cases.yaml", "--class", "x")),
        ("is not one of", ("a/b:1", "--risk", "x", "--level", "huge")),
        ("is not 'build_risk'", ("a/b:1", *ONE, "--kind", "virus")),
        ("no calendar has", ("a/b:1", *ONE, "--at", "2027-02-30")),
        ("absent.yaml: No such file or directory", ("a/b:1", *ONE, "-p", "absent.yaml")),
        ("absent.yaml:1:1: ", ("a/b:1", "--on", "absent.yaml")),
    ],
)
def test_wrong_usage_is_told(explain: Gate, says: str, arguments: tuple[str, ...]) -> None:
    result = explain(*arguments)
    assert 2 == result.code
    assert says in result.err
    assert "" == result.out


def test_the_findings_of_a_file_are_explained_the_strictest_last(explain: Gate) -> None:
    for name in ("shop/web:1", "shop/web"):
        result = explain(name, "--on", "cases.yaml", "-p", "org.yaml")
        lines = result.out.splitlines()
        heads = [line for line in lines if line.startswith("shop/web:1 ")]
        assert heads == [
            "shop/web:1 apk (low, unhandled) on 2026-11-24",
            "shop/web:1 no_user (high, unhandled) on 2026-11-24",
        ]
        assert lines[-1] == "BLOCK  The policy blocks findings that are high and unhandled."


def test_one_finding_of_a_file_can_be_chosen(explain: Gate) -> None:
    result = explain("shop/web:1", "--on", "cases.yaml", "--risk", "apk", "-p", "org.yaml")
    assert last(result) == "WARN  The policy warns of findings that are low and unhandled."
    assert "no_user" not in result.out


def test_the_day_is_the_file_s_unless_another_is_given(explain: Gate) -> None:
    Path("cases.yaml").write_text(CASES.replace("shop/web", "legacy/web"), encoding="utf-8")
    arguments = ("legacy/web:1", "--on", "cases.yaml", *BOTH, "--risk", "no_user")
    assert last(explain(*arguments)).startswith("WAIVED  ")
    assert last(explain(*arguments, "--at", "2027-02-01")).startswith("BLOCK  ")


@pytest.mark.parametrize(
    ("end", "image", "scan"),
    [
        ("NOTHING  no findings", "shop/clean:1", ""),
        (
            (
                "UNDECIDED  stale: Its scan is 3d old, and scan.max_age is 2d. "
                "(p.yaml:4: scan.max_age)"
            ),
            "shop/old:1",
            "scan:\n  max_age: 2d\n",
        ),
        (
            (
                "UNDECIDED  unidentified: It is identified by its tag, and a policy says "
                "scan.require_digest. (p.yaml: scan.require_digest by default)"
            ),
            "shop/tag:1",
            "",
        ),
        ("UNDECIDED  failed: The case says that its evidence is failed.", "shop/failed:1", ""),
        (
            (
                "UNDECIDED  access: Which checks are on is not known, and a policy says "
                "scan.require_checks. (p.yaml:3: scan.require_checks)"
            ),
            "shop/dark:1",
            "scan: {require_checks: true}\n",
        ),
        (
            (
                "UNDECIDED  stale: Its scan is 3d old, and scan.max_age is 2d. (p.yaml:3: "
                "scan.max_age; let through by p.yaml:4: undecided.warn_on)"
            ),
            "shop/old:1",
            "scan: {max_age: 2d}\nundecided: {warn_on: [stale], until: 2027-01-01}\n",
        ),
    ],
)
def test_an_image_without_a_decision_ends_in_why(
    explain: Gate, end: str, image: str, scan: str
) -> None:
    policy = f"version: 1\nblock: {{levels: [high], statuses: [unhandled]}}\n{scan}"
    Path("p.yaml").write_text(policy, encoding="utf-8")
    result = explain(image, "--on", "cases.yaml", "-p", "p.yaml")
    assert (0, end) == (result.code, last(result))


def test_an_undecided_image_explains_what_is_known(explain: Gate) -> None:
    Path("p.yaml").write_text(f"{ORG}scan: {{max_age: 2d}}\n", encoding="utf-8")
    out = explain("shop/old:1", "--on", "cases.yaml", "-p", "p.yaml").out
    assert "WARN  The policy warns of findings that are low and unhandled.\nUNDECIDED  " in out


@pytest.mark.parametrize(
    ("says", "arguments"),
    [
        ("cases.yaml has no image shop/absent:1.", ("shop/absent:1",)),
        ("cases.yaml has no finding absent of shop/web:1.", ("shop/web:1", "--risk", "absent")),
    ],
)
def test_what_the_file_does_not_have_is_not_explained(
    explain: Gate, says: str, arguments: tuple[str, ...]
) -> None:
    result = explain(*arguments, "--on", "cases.yaml")
    assert (3, "") == (result.code, result.out)
    assert says in result.err
    as_json = explain(*arguments, "--on", "cases.yaml", "--format", "json")
    assert {"kind": "policy-explain", "exit_code": 3, "images": []} == json.loads(as_json.out)


def test_json_says_the_same(explain: Gate) -> None:
    arguments = ("legacy/erp:9", *ONE, *BOTH, "--at", "2027-02-01", "--format", "json")
    report = json.loads(explain(*arguments).out)
    [image] = report.pop("images")
    assert {"kind": "policy-explain", "exit_code": 0} == report
    [finding] = image.pop("findings")
    assert {"reference": "legacy/erp:9", "at": "2027-02-01", "reason": None, "message": ""} == image
    steps = [list(step.values()) for step in finding.pop("steps")]
    assert ["org.yaml", None, "", "2 rules are about other images"] == steps[0]
    assert ["team.yaml", 4, "waiver", "ended on 2027-01-31"] == steps[2]
    assert "because" in finding
    del finding["because"]
    assert finding == {
        "kind": "build_risk",
        "risk": "no_user",
        "class": "",
        "level": "high",
        "status": "unhandled",
        "decision": "block",
        "rule": None,
        "policy": {"path": "org.yaml", "line": 3},
        "waiver": {
            "reason": "vendor image, replaced in Q1",
            "expires": "2027-01-31",
            "expired": True,
            "owner": "team-legacy",
            "ticket": "",
            "path": "team.yaml",
            "line": 4,
        },
    }


def test_no_variable_is_read(explain: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POLICY", "RISK", "AT", "POLICIES"):
        monkeypatch.setenv(f"BUILDRISK_GATE_{name}", "team.yaml")
    assert last(explain("a/b:1", *ONE)) == (
        "BLOCK  The policy blocks findings that are high and unhandled."
    )


def test_untrusted_names_do_no_harm(explain: Gate) -> None:
    Path("p.yaml").write_text(
        'version: 1\nblock: {levels: [], statuses: []}\nrules: [{name: "\\e[2J::error::x", '
        "match: {levels: [high]}, action: block}]\n",
        encoding="utf-8",
    )
    out = explain("a/b:1", "--risk", "x\x1b[31m", "--level", "high", "-p", "p.yaml").out
    assert "\x1b" not in out
    assert "::error" not in out


def test_images_of_one_name_are_told_apart_by_digest(explain: Gate) -> None:
    one, other = "a" * 64, "b" * 64
    Path("cases.yaml").write_text(
        "version: 1\nat: 2026-11-24\nimages:\n"
        f"  - {{reference: 'shop/web:1@sha256:{one}'}}\n"
        f"  - {{reference: 'shop/web:1@sha256:{other}'}}\n",
        encoding="utf-8",
    )
    out = explain("shop/web:1", "--on", "cases.yaml").out
    assert "shop/web:1@sha256:aaaaaaaaaaaa on 2026-11-24" in out
    assert "shop/web:1@sha256:bbbbbbbbbbbb on 2026-11-24" in out


def test_a_check_tells_the_same_places_and_reasons(explain: Gate, gate: Gate) -> None:
    Path("team.yaml").write_text(TEAM.replace("legacy/*", "shop/*"), encoding="utf-8")
    image = "registry.cn-hangzhou.aliyuncs.com/shop/web:1.4"
    shown = " ".join(gate("check", "--sandbox", "-v", *BOTH, image).out.split())
    report = gate("check", "--sandbox", "--format", "json", *BOTH, image).report
    findings = report["images"][0]["findings"]
    assert {"block", "warn", "waived"} <= {finding["decision"] for finding in findings}
    for finding in findings:
        word = ("--risk", finding["risk"], "--level", finding["level"])
        out = explain("shop/web:1.4", *word, "--status", finding["status"], *BOTH).out
        assert f"{finding['decision'].upper()}  {finding['because']}" == out.splitlines()[-1]
        assert finding["because"] in shown
        if finding["policy"]:
            place = f"{finding['policy']['path']}:{finding['policy']['line']}: "
            [entry] = [line for line in out.splitlines() if line.strip().startswith(place)]
            assert f"policy {entry.strip().removesuffix(': yes')}" in shown
        if finding["waiver"]:
            place = f"{finding['waiver']['path']}:{finding['waiver']['line']}"
            assert f"  {place}: waiver: holds until 2027-01-31\n" in out
            assert f"(team-legacy, {place})" in shown


def test_no_line_begins_with_a_pass(explain: Gate) -> None:
    """The names of a record are what a service told, and a record can be forged."""
    record = {
        "version": 1,
        "recorded": {"at": "2026-11-24T19:11:19Z", "scope": {"command": "audit"}},
        "images": [{"reference": "PASS  shop/web:1", "findings": []}],
    }
    Path("r.json").write_text(json.dumps(record), encoding="utf-8")
    result = explain("PASS  shop/web:1", "--on", "r.json")
    assert 0 == result.code, result.err
    assert not any(line.startswith("PASS") for line in result.out.splitlines())
