"""``gate policy test`` says what is not as expected, what decided nothing, and one line."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rigs.command import Result

    Gate = Callable[..., Result]

# The examples of the contract for policy as code, section 7.
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
TEST = """\
version: 1
policies: [org.yaml, team.yaml]
at: 2026-11-24
images:
  - name: payments never run as root, waived or not
    reference: payments/api:1.0
    findings:
      - {risk: no_user, level: high, decision: block, rule: payments never run as root}
    verdict: block
  - name: legacy is waived on the last day
    at: 2027-01-31
    reference: legacy/erp:9
    findings:
      - {risk: no_user, level: high, decision: waived}
    verdict: pass
  - name: and blocks on the day after
    at: 2027-02-01
    reference: legacy/erp:9
    findings:
      - {risk: no_user, level: high, decision: block}
    verdict: block
  - name: low risks of test images are nobody's business
    reference: test/tool:1
    findings:
      - {risk: apk, level: low, decision: allow, rule: test images may have low risks}
    verdict: pass
"""
BAD = TEST.replace("decision: waived", "decision: block")
RECORD = """\
{"version": 1,
 "recorded": {"at": "2026-11-24T19:11:19Z", "tool": "buildrisk-gate 0.1.0"},
 "images": [
IMAGES
]}
"""
HOST = "registry.cn-hangzhou.aliyuncs.com/shop"
WEB, API = f"{HOST}/web:1.4", f"{HOST}/api:2.0"
IDLE = """\
org.yaml:6: block[1] decided nothing here
org.yaml:10: warn[0] decided nothing here
"""
REACHED = "reached: 2 of 2 rules, 1 of 3 selectors, 1 of 1 waivers"
UNMET = (
    'legacy/erp:9 "legacy is waived on the last day": '
    "no_user decision is waived (team.yaml:4), expected block"
)


@pytest.fixture(autouse=True)
def _files() -> None:
    write("org.yaml", ORG)
    write("team.yaml", TEAM)
    write("org.test.yaml", TEST)


def write(name: str, text: str) -> None:
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def one(fields: str, *, head: str = "") -> str:
    """Return a case file with one image, whose last lines are ``fields``."""
    lines = "".join(f"    {line}\n" for line in fields.splitlines())
    return f"version: 1\nat: 2026-11-24\n{head}images:\n  - reference: shop/web:1\n{lines}"


def last_line(result: Result) -> str:
    return result.out.splitlines()[-1]


def test_all_as_expected(gate: Gate) -> None:
    result = gate("policy", "test", "org.test.yaml")
    assert f"{IDLE}OK  4 of 4 images as expected; {REACHED} (exit 0)\n" == result.out
    assert (0, "") == (result.code, result.err)


def test_what_is_not_as_expected_is_told_with_what_decided(gate: Gate) -> None:
    write("bad.test.yaml", BAD)
    result = gate("policy", "test", "bad.test.yaml")
    last = f"FAILED  3 of 4 images as expected; {REACHED} (exit 10)\n"
    assert f"bad.test.yaml:14: {UNMET}\n{IDLE}{last}" == result.out
    assert 10 == result.code


def test_with_coverage_everything_must_decide_something(gate: Gate) -> None:
    result = gate("policy", "test", "org.test.yaml", "--coverage")
    assert f"{IDLE}FAILED  4 of 4 images as expected; {REACHED} (exit 10)\n" == result.out
    more = """\
  - reference: shop/web:1
    findings:
      - {risk: no_user, level: high, status: ignored}
      - {risk: apk, level: low}
    verdict: block
"""
    write("org.test.yaml", TEST + more)
    assert 0 == gate("policy", "test", "org.test.yaml", "--coverage").code


def test_waivers_are_counted_and_never_demanded(gate: Gate) -> None:
    write("a.yaml", "version: 1\nblock: {levels: [], statuses: []}\n" + TEAM.split("\n", 2)[2])
    write("a.test.yaml", one("verdict: pass", head="policies: [a.yaml]\n"))
    result = gate("policy", "test", "a.test.yaml", "--coverage")
    reached = "reached: 0 of 0 rules, 0 of 0 selectors, 0 of 1 waivers"
    assert f"OK  1 of 1 images as expected; {reached} (exit 0)\n" == result.out
    verbose = gate("policy", "test", "a.test.yaml", "-v").out
    assert "a.yaml:4: waiver of no_user for legacy/* decided nothing here\n" in verbose


def test_every_expectation_has_its_word(gate: Gate) -> None:
    fields = """\
findings:
  - {risk: no_user, level: high, rule: payments first}
verdict: pass
reason: allowed
exit_code: 0"""
    write("a.test.yaml", one(fields, head="policies: [org.yaml]\n"))
    assert [
        "a.test.yaml:7: shop/web:1: no_user rule is null (org.yaml:3), expected payments first",
        "a.test.yaml:8: shop/web:1: verdict is block, expected pass",
        "a.test.yaml:9: shop/web:1: reason is blocked, expected allowed",
        "a.test.yaml:10: shop/web:1: exit_code is 10, expected 0",
    ] == gate("policy", "test", "a.test.yaml").out.splitlines()[:4]


def test_null_is_no_rule(gate: Gate) -> None:
    fields = "findings:\n  - {risk: no_user, level: high, rule: null}"
    write("a.test.yaml", one(fields, head="policies: [org.yaml]\n"))
    assert 0 == gate("policy", "test", "a.test.yaml").code
    write("a.test.yaml", TEST.replace("rule: payments never run as root}", "rule: null}"))
    out = gate("policy", "test", "a.test.yaml").out
    assert "no_user rule is payments never run as root (org.yaml:12), expected null\n" in out


def test_an_image_that_expects_nothing_tests_nothing(gate: Gate) -> None:
    write("a.test.yaml", one("findings: [{risk: no_user, level: high}]"))
    result = gate("policy", "test", "org.test.yaml", "a.test.yaml")
    assert (2, "") == (result.code, result.out)
    assert "a.test.yaml:4:5: This image expects nothing." in result.err


def test_a_policy_on_the_command_line_wins(gate: Gate) -> None:
    result = gate("policy", "test", "org.test.yaml", "-p", "team.yaml")
    assert 10 == result.code
    assert "no_user decision is allow, expected block" in result.out


def test_without_policies_the_default_policy_judges(gate: Gate) -> None:
    write("a.test.yaml", one("findings: [{risk: x, level: high}]\nverdict: block"))
    assert "(built-in):" in gate("policy", "test", "a.test.yaml").out
    write(".buildrisk-gate.yaml", "version: 1\nblock: {levels: [], statuses: []}\n")
    result = gate("policy", "test", "a.test.yaml")
    assert 10 == result.code
    write("a.test.yaml", "policies: ['(built-in)']\n" + Path("a.test.yaml").read_text())
    assert 0 == gate("policy", "test", "a.test.yaml").code


def test_the_day_can_be_set(gate: Gate) -> None:
    result = gate("policy", "test", "org.test.yaml", "--at", "2027-02-01")
    assert "no_user decision is block (org.yaml:3), expected waived" in result.out
    assert 2 == gate("policy", "test", "org.test.yaml", "--at", "tomorrow").code


def test_a_folder_stands_for_the_case_files_below_it(gate: Gate) -> None:
    for name in ("a/x.test.yml", "a/b/y.test.yaml", "a/b/z.test.json", "a/other.yaml"):
        write(name, one("verdict: pass"))
    write("a/b/z.test.json", '{"version": 1, "at": "2026-11-24", "images": [{"reference": "a/b"}]}')
    result = gate("policy", "test", "a")
    assert "a/b/z.test.json:1:47: This image expects nothing." in result.err
    Path("a/b/z.test.json").unlink()
    assert "2 of 2 images" in last_line(gate("policy", "test", "a"))
    assert "2 of 2 images" in last_line(gate("policy", "test", "a", "a/x.test.yml"))
    Path("empty").mkdir()
    assert 2 == gate("policy", "test", "empty").code


def test_without_a_file_the_one_beside_the_policy_is_found(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 2 == gate("policy", "test").code
    subprocess.run(["git", "init", "-q"], check=True)
    write("down/below/x", "")
    write(".buildrisk-gate.test.yml", one("verdict: pass"))
    assert "1 of 1 images" in last_line(gate("policy", "test"))
    monkeypatch.chdir("down/below")
    assert "1 of 1 images" in last_line(gate("policy", "test"))
    write("../.buildrisk-gate.test.yaml", one("verdict: block"))
    assert "../.buildrisk-gate.test.yaml:5:" in gate("policy", "test").out
    write("../.buildrisk-gate.test.yml", one("verdict: block"))
    both = gate("policy", "test")
    assert 2 == both.code
    assert "Which of them is meant can't be told" in both.err


def test_a_case_file_that_is_found_lies_inside_the_checkout(gate: Gate, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "inner"], check=True)
    (tmp_path / "outside.yaml").write_text(one("verdict: pass"))
    Path("inner/.buildrisk-gate.test.yaml").symlink_to(tmp_path / "outside.yaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir("inner")
        assert 2 == gate("policy", "test").code
        assert 0 == gate("policy", "test", ".buildrisk-gate.test.yaml").code


def test_a_record_is_a_regression_test(gate: Gate) -> None:
    known = '"identified_by": "digest", "evidence": "complete", "kinds": ["build_risk"]'
    finding = '{"risk": "no_user", "level": "high", "decision": "block"}'
    image = f'{{"reference": "shop/web:1", {known}, "findings": [{finding}], "verdict": "block"}}'
    write("a.cases", RECORD.replace("IMAGES", image))
    assert 0 == gate("policy", "test", "a.cases").code
    assert 10 == gate("policy", "test", "a.cases", "-p", "team.yaml").code


@pytest.mark.parametrize("command", [("audit",), ("check", WEB, API)], ids=["audit", "check"])
def test_what_the_gate_records_comes_to_the_same(gate: Gate, command: tuple[str, ...]) -> None:
    sandbox = ("--sandbox", "--region", "cn-hangzhou", "--report", "cases=run.cases")
    assert 10 == gate(*command, *sandbox).code
    result = gate("policy", "test", "run.cases")
    assert 0 == result.code, result.out + result.err
    assert 10 == gate("policy", "test", "run.cases", "-p", "team.yaml").code


def test_a_record_without_images_is_not_success(gate: Gate) -> None:
    write("a.cases", RECORD.replace("IMAGES\n", ""))
    result = gate("policy", "test", "org.test.yaml", "a.cases")
    assert 3 == result.code
    assert last_line(result).startswith("FAILED  4 of 4 images as expected;")


def test_json(gate: Gate) -> None:
    write("bad.test.yaml", BAD)
    result = gate("policy", "test", "bad.test.yaml", "--format", "json")
    report = json.loads(result.out)
    assert ("policy-test", 10, result.code) == (report["kind"], report["exit_code"], 10)
    assert "verdict" not in report
    assert (4, 3) == (report["images"], report["as_expected"])
    assert ["org.yaml", "team.yaml"] == [each["path"] for each in report["policies"]]
    [unmet] = report["unmet"]
    assert ("bad.test.yaml", 14, "legacy/erp:9", "no_user decision", "waived", "block") == tuple(
        unmet[key] for key in ("path", "line", "reference", "what", "actual", "expected")
    )
    assert {"path": "team.yaml", "line": 4} == unmet["policy"]
    assert ["block[1]", "warn[0]"] == [each["entry"] for each in report["idle"]]


def test_junit(gate: Gate) -> None:
    write("bad.test.yaml", BAD)
    result = gate("policy", "test", "bad.test.yaml", "org.test.yaml", "--format", "junit")
    root = ET.fromstring(result.out)  # noqa: S314 - our own
    assert ("8", "1") == (root.get("tests"), root.get("failures"))
    assert ["bad.test.yaml", "org.test.yaml"] == [suite.get("name") for suite in root]
    [failure] = root.iter("failure")
    assert f"bad.test.yaml:14: {UNMET}" == failure.text
    covered = gate("policy", "test", "org.test.yaml", "--format", "junit", "--coverage")
    assert "2" == ET.fromstring(covered.out).get("failures")  # noqa: S314 - our own


def test_github(gate: Gate) -> None:
    write("bad.test.yaml", BAD)
    lines = gate("policy", "test", "bad.test.yaml", "--format", "github").out.splitlines()
    assert f"::error file=bad.test.yaml,line=14,title=gate policy test::{UNMET}" == lines[0]
    idle = "file=org.yaml,line=6,title=gate policy test::block[1] decided nothing here"
    assert f"::notice {idle}" == lines[1]
    strict = gate("policy", "test", "org.test.yaml", "--format", "github", "--coverage")
    assert f"::error {idle}" == strict.out.splitlines()[0]
    built_in = gate("policy", "test", "org.test.yaml", "-p", "(built-in)", "--format", "github")
    assert "::notice title=gate policy test::warn[1] decided nothing here\n" in built_in.out
    many = "".join(f"  - {{reference: shop/web:{n}, verdict: block}}\n" for n in range(12))
    write("a.test.yaml", "version: 1\nat: 2026-11-24\npolicies: [org.yaml]\nimages:\n" + many)
    annotated = gate("policy", "test", "a.test.yaml", "--format", "github").out.splitlines()
    assert 10 == sum(line.startswith("::error ") for line in annotated)
    assert "and 3 more" in annotated[9]


@pytest.mark.parametrize("format_", ["text", "json", "junit", "github"])
def test_untrusted_text_does_no_harm(gate: Gate, format_: str) -> None:
    odd = r'"\e[31m\n::error::x ##[command]y \u202e]]>\""'
    fields = (
        f"name: {odd}\nfindings:\n  - {{risk: {odd}, level: high, decision: allow, rule: {odd}}}"
    )
    write("a.test.yaml", one(fields, head="policies: [org.yaml]\n"))
    result = gate("policy", "test", "a.test.yaml", "--format", format_)
    assert 10 == result.code
    assert not {"\x1b", "\u202e"} & set(result.out)
    assert "##[command]" not in result.out
    assert not any(line.startswith("::error::x") for line in result.out.splitlines())


def test_nothing_comes_from_the_environment(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUILDRISK_GATE_POLICY", "nowhere.yaml")
    monkeypatch.setenv("BUILDRISK_GATE_POLCIY", "misspelt")
    assert 0 == gate("policy", "test", "org.test.yaml").code


def test_a_pin_holds_the_content(gate: Gate) -> None:
    assert 2 == gate("policy", "test", f"org.test.yaml#sha256={'0' * 64}").code


def test_the_schema_can_be_printed(gate: Gate) -> None:
    schema = json.loads(gate("schema", "cases").out)
    assert "Case file of buildrisk-gate, version 1" == schema["title"]
