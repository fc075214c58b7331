from __future__ import annotations

import hashlib
import json
import tracemalloc
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.cases import KINDS, CheckStates, case_schema, open_cases
from gate.errors import InvalidCases
from gate.findings import Finding, IdentifiedBy, Level, Reason, Status
from gate.verdict import PolicySource
from tests.cases.making import HEAD, TODAY, case, opened, refused

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = "sha256:" + "a1" * 32
RECORDED = {
    "at": "2026-11-24T19:11:19Z",
    "tool": "buildrisk-gate 0.2.0",
    "endpoint": "https://tds.aliyuncs.com",
    "region": "cn-hangzhou",
    "sandbox": False,
    "scope": {"command": "audit", "namespace": None, "repository": "web"},
    "policies": [{"path": "org.yaml", "sha256": "ad9f"}],
    "unread": 2,
}


def record(*images: Any, **head: Any) -> str:
    """Return a record as the gate writes it, an image a line."""
    lines = ",\n".join(map(json.dumps, images))
    keys = "".join(f'"{key}": {json.dumps(value)},\n' for key, value in head.items())
    start = f'"version": 1,\n"recorded": {json.dumps(RECORDED)},\n{keys}'
    return f'{{\n{start}"images": [\n{lines}\n]\n}}\n'


# What people write.


def test_everything_but_the_reference_has_a_default(tmp_path: Path) -> None:
    one = case(tmp_path, "verdict: pass")
    assert ("shop/web:1", "", 4) == (one.reference, one.name, one.line)
    assert (TODAY, IdentifiedBy.DIGEST, timedelta()) == (one.day, one.identified_by, one.age)
    assert (None, KINDS, CheckStates()) == (one.evidence, one.kinds, one.checks)
    assert ((), ("1",)) == (one.findings, one.tags)
    [expected] = one.expected
    assert ("verdict", "pass", 5) == (expected.key, expected.wanted, one.line_of(expected))


def test_everything_can_be_said(tmp_path: Path) -> None:
    fields = """\
name: all keys
tags: [1, "2.0", dev]
at: 2027-01-31
identified_by: tag
scan: {age: 3d}
evidence: stale
kinds: []
checks: {on: [no_user]}
findings:
  - risk: no_user
    level: high
    status: false_positive
    class: other
    kind: build_risk
    decision: waived
    rule: null
verdict: undecided
reason: stale
exit_code: 3"""
    one = case(tmp_path, fields)
    assert ("all keys", date(2027, 1, 31)) == (one.name, one.day)
    assert (("1", "2.0", "dev"), timedelta(days=3)) == (one.tags, one.age)
    assert (IdentifiedBy.TAG, Reason.STALE) == (one.identified_by, one.evidence)
    assert (frozenset(), CheckStates(on=frozenset({"no_user"}))) == (one.kinds, one.checks)
    finding = Finding(
        risk="no_user", risk_class="other", level=Level.HIGH, status=Status.FALSE_POSITIVE
    )
    assert (finding,) == one.findings
    expected = {each.key: (each.wanted, one.line_of(each)) for each in one.expected}
    assert {
        "decision": ("waived", 19),
        "rule": (None, 20),
        "verdict": ("undecided", 21),
        "reason": ("stale", 22),
        "exit_code": (3, 23),
    } == expected


@pytest.mark.parametrize(
    ("reference", "names", "tag", "digest"),
    [
        ("shop/web:1", ("shop/web",), "1", ""),
        ("shop/web", ("shop/web",), "latest", ""),
        (f"shop/web@{DIGEST}", ("shop/web",), "", DIGEST),
        ("shop/a/b:1", ("shop/a/b",), "1", ""),
        ("r.example.com/shop/web:1", ("shop/web", "r.example.com/shop/web"), "1", ""),
        ("/sh.op/web:1", ("sh.op/web",), "1", ""),
    ],
)
def test_the_host_may_be_left_out(
    reference: str, names: tuple[str, ...], tag: str, digest: str, tmp_path: Path
) -> None:
    [one] = opened(tmp_path, f"{HEAD}  - reference: {reference}\n").images()
    assert (names, tag, digest) == (one.names.untagged, one.tag, one.digest)


def test_what_the_head_says_holds_for_images_that_say_nothing(tmp_path: Path) -> None:
    text = """\
version: 1
at: 2026-12-24
checks: null
images:
  - reference: shop/web:1
  - {reference: shop/web:2, at: 2027-01-31, checks: {off: [apk]}}
"""
    first, second = opened(tmp_path, text).images()
    assert (date(2026, 12, 24), None) == (first.day, first.checks)
    assert (date(2027, 1, 31), CheckStates(off=frozenset({"apk"}))) == (second.day, second.checks)


def test_the_same_file_as_json_is_the_same(tmp_path: Path) -> None:
    text = f"{HEAD}  - reference: shop/web:1\n    tags: [1]\n    verdict: pass\n"
    data = {
        "version": 1,
        "at": "2026-11-24",
        "images": [{"reference": "shop/web:1", "tags": [1], "verdict": "pass"}],
    }
    [yaml] = opened(tmp_path, text).images()
    for indent, line in ((None, 1), (2, 10)):
        [one] = opened(tmp_path, json.dumps(data, indent=indent), "a.test.json").images()
        assert (yaml.tags, yaml.expected) == (one.tags, one.expected)
        assert line == one.line_of(one.expected[0])
    tabs = json.dumps(data, indent="\t").replace("\n", "\r\n")
    [one] = opened(tmp_path, tabs, "a.test.json").images()
    assert 10 == one.line_of(one.expected[0])


# What is wrong, where, and what was meant.


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ("verdcit: pass", '5:5: "verdcit" is not a key in images. Did you mean verdict?'),
        ("verdict: pas", '5:14: verdict is "pas", but must be one of: pass, block, undecided.'),
        ("evidence: mising", '5:15: evidence is "mising", but must be one of: complete, missing'),
        ("at: 2027-02-30", "5:9: at is 2027-02-30, a day that no calendar has."),
        ("at: tomorrow", '5:9: at is "tomorrow", but must be a day of the calendar'),
        ("scan: {age: 3 days}", '5:17: age is "3 days", but must be a whole number and a unit'),
        ("exit_code: 1", "5:16: exit_code is 1, but must be one of: 0, 3, 4, 5, 10."),
        ("exit_code: '0'", '5:16: exit_code is "0", but must be one of: 0, 3, 4, 5, 10.'),
        ("checks: {}", "5:13: checks is empty, but must be a mapping with one of: off, on."),
        ("checks: {on: [], off: []}", "5:13: checks is a mapping, but must be"),
        (
            "kinds: [malware]",
            '5:13: An entry of kinds is "malware", but must be one of: build_risk.',
        ),
        ("tags: [9.10]", '5:12: A tag is 9.10, a number. Write it in quotes: "9.10".'),
        ("tags: [09]", '5:12: A tag is 09, a number. Write it in quotes: "09".'),
        ("tags: [a b]", "5:12: 'a/b:a b' holds white space"),
        ("findings: [{level: high}]", "5:16: risk is missing in this finding."),
        ("findings: [{risk: x, level: hihg}]", '5:33: level is "hihg"'),
        ("findings: [{risk: x, level: high, status: null}]", "5:47: status has no value"),
        ("findings: [{risk: x, level: high, decision: allowed}]", "Did you mean allow?"),
        ("name: a\nname: b", "6:5: name stands twice here, first in line 5."),
        ("name: &a b", "5:11: "),
    ],
)
def test_what_is_wrong_is_told_with_its_place(fields: str, problem: str, tmp_path: Path) -> None:
    lines = "".join(f"    {line}\n" for line in fields.splitlines())
    [text] = refused(tmp_path, f"{HEAD}  - reference: shop/web:1\n{lines}")
    assert problem in text


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("web", "'web' has no namespace"),
        ("Shop/web", "has upper-case letters"),
        ("'shop/web:'", "has an empty tag"),
        ("shop/web@sha256:12", "has a digest without exactly 64 digits"),
        ("9", 'Write it in quotes: "9".'),
    ],
)
def test_a_reference_must_be_one(reference: str, problem: str, tmp_path: Path) -> None:
    [text] = refused(tmp_path, f"{HEAD}  - reference: {reference}\n")
    assert text.startswith("4:16: ")
    assert problem in text


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = """\
version: 1
policy: [a.yaml]
images:
  - reference: shop/web:1
  - reference: web
    at: 2026-11-24
  - {reference: shop/web:1, at: 2026-11-24, verdict: green, evidence: gone}
"""
    assert ["2:1", "4:5", "5:16", "7:54", "7:71"] == [
        problem.partition(": ")[0] for problem in refused(tmp_path, text)
    ]


def test_a_day_is_required(tmp_path: Path) -> None:
    [text] = refused(tmp_path, "version: 1\nimages:\n  - reference: shop/web:1\n")
    assert text.startswith("3:5: at is missing, here and at the top of the file.")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: The file is empty."),
        ("- 1\n", "1:1: The file is a list, but must be a mapping"),
        ("secret: hunter2\n", "1:1: The file is not a case file: it has none of the keys"),
        ("{secret: hunter2", "This is neither YAML nor JSON from here on"),
        ("version: 2\nimages: []\n", "1:10: version is 2, but this gate reads version 1."),
        ("version: 1\nat: 2026-11-24\nimages: []\n", "3:9: images is empty"),
        ("version: 1\nat: 2026-11-24\nimages: {}\n", "3:9: images is empty, but must be a list."),
        ('{"version": 1, "generated_at": "", "exit_code": 0}', "with --report cases=FILE"),
        ("version: 1\nimages: []\n---\n", "3:1: A second document begins here."),
        ('{"version": 1, "version": 1}', "1:16: version stands twice here, first in line 1."),
        ("at: 2026-11-24\nimages: [{reference: a/b}]\n", "1:1: version is missing at the top."),
        ("version: 1\nat: 2026-11-24\n", "1:1: images is missing at the top."),
    ],
)
def test_what_is_not_a_case_file(text: str, problem: str, tmp_path: Path) -> None:
    problems = refused(tmp_path, text)
    assert problem in problems[0]
    assert not any("hunter2" in each for each in problems)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for name in ("missing.yaml", "."):
        with pytest.raises(InvalidCases, match=f"^{name}:1:1: The file can't be read: "):
            open_cases(name, directory=tmp_path)


def test_a_pin_holds_the_content(tmp_path: Path) -> None:
    text = f"{HEAD}  - reference: shop/web:1\n"
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert digest == opened(tmp_path, text).sha256
    assert open_cases(f"a.test.yaml#sha256={digest.upper()}", directory=tmp_path)
    for pin in ("0" * 64, "", "xyz"):
        with pytest.raises(InvalidCases):
            open_cases(f"a.test.yaml#sha256={pin}", directory=tmp_path)


# The policies of a case file.


def policies_of(folder: Path, *names: str, file: str = "tests/a.test.yaml") -> tuple[str, ...]:
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    head = f"policies: {json.dumps(names)}\n"
    path.write_text(f"{head}{HEAD}  - reference: shop/web:1\n", encoding="utf-8")
    return open_cases(file, directory=folder).policies


def test_policies_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    named = ("org.yaml", "../team.yaml", "(built-in)", f"x/y.yaml#sha256={'0' * 64}")
    assert (
        "tests/org.yaml",
        "team.yaml",
        "(built-in)",
        f"tests/x/y.yaml#sha256={'0' * 64}",
    ) == policies_of(tmp_path, *named)


@pytest.mark.parametrize("name", ["/etc/passwd", "../../outside.yaml", "link.yaml", "C:\\x.yaml"])
def test_policies_lie_inside_the_checkout(name: str, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "tests").mkdir(parents=True)
    (checkout / ".git").mkdir()
    (tmp_path / "outside.yaml").write_text("password: hunter2\n", encoding="utf-8")
    (checkout / "tests" / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    with pytest.raises(InvalidCases) as caught:
        policies_of(checkout, name)
    assert caught.value.message.startswith("tests/a.test.yaml:1:12: ")
    assert "hunter2" not in caught.value.message


def test_without_a_checkout_policies_lie_below_the_working_directory(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    assert ("org.yaml",) == policies_of(work, "../org.yaml")
    with pytest.raises(InvalidCases, match="outside of the checkout"):
        policies_of(work, "../../org.yaml")


# What the gate writes.


def test_a_record_says_where_it_comes_from(tmp_path: Path) -> None:
    file = opened(tmp_path, record({"reference": "shop/web:1"}))
    recorded = file.recorded
    assert recorded is not None
    assert datetime(2026, 11, 24, 19, 11, 19, tzinfo=UTC) == recorded.at
    assert ("buildrisk-gate 0.2.0", "cn-hangzhou") == (recorded.tool, recorded.region)
    assert ("audit", None, "web") == (
        recorded.scope.command,
        recorded.scope.namespace,
        recorded.scope.repository,
    )
    assert (PolicySource("org.yaml", "ad9f"),) == recorded.policies
    assert (False, 2, TODAY) == (recorded.sandbox, recorded.unread, file.at)


def test_what_a_record_lacks_proves_less(tmp_path: Path) -> None:
    [one] = opened(tmp_path, record({"reference": "shop/web:1"})).images()
    assert (IdentifiedBy.TAG, Reason.INCOMPLETE) == (one.identified_by, one.evidence)
    assert (frozenset(), None, ()) == (one.kinds, one.checks, one.tags)
    assert one.age > timedelta(days=3650)
    assert TODAY == one.day


def test_a_record_can_be_read_again_and_in_any_layout(tmp_path: Path) -> None:
    images = [{"reference": f"shop/web:{number}", "verdict": "pass"} for number in range(3)]
    text = record(*images, checks={"off": []})
    streamed = opened(tmp_path, text)
    for _ in range(2):
        cases = [(one.reference, one.line, one.checks) for one in streamed.images()]
        assert [(f"shop/web:{n}", 6 + n, CheckStates()) for n in range(3)] == cases
    for indent in (None, 1):
        whole = opened(tmp_path, json.dumps(json.loads(text), indent=indent), "b.cases")
        assert [f"shop/web:{n}" for n in range(3)] == [one.reference for one in whole.images()]
        assert streamed.recorded == whole.recorded


def test_a_record_that_changes_meanwhile_is_no_evidence(tmp_path: Path) -> None:
    text = record({"reference": "shop/web:1", "verdict": "pass"})
    file = opened(tmp_path, text)
    (tmp_path / "a.test.yaml").write_text(text.replace("pass", "block"), encoding="utf-8")
    with pytest.raises(InvalidCases, match="The file was changed while it was read"):
        list(file.images())


def test_a_record_may_hold_names_that_no_registry_has(tmp_path: Path) -> None:
    odd = f"Shop/We b:1@{DIGEST}"
    [one] = opened(tmp_path, record({"reference": odd, "tags": ["1", "a b"]})).images()
    assert (("Shop/We b",), "1", DIGEST) == (one.names.untagged, one.tag, one.digest)
    [problem] = refused(tmp_path, record({"reference": "web"}))
    assert problem.startswith("5:15: 'web' has no namespace.")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("\n]\n}\n", "\n"), "6:1: The record ends before the end of its images"),
        (("},\n{", "}\n{"), "6:1: A comma is missing before this image"),
        (("\n]\n}\n", ",\n]\n}\n"), "7:1: A comma is missing before this image, or the one before"),
        (("\n]\n}\n", '\n],\n"at": 1}\n'), "7:1: Nothing may follow the images of a record."),
        (('web:2"}', 'web:2"'), "6:"),
        (
            ('web:2"}', 'web:2", "reference": "a/b"}'),
            "6:29: reference stands twice",
        ),
        (('web:2"}', 'web:2", "findigns": []}'), '6:29: "findigns" is not a key'),
        (('{"reference": "shop/web:2"}', "2"), "6:1: This is not an image"),
        (("web:2", "web:\\ud800"), "6:"),
    ],
)
def test_a_record_that_was_cut_off_or_changed_by_hand(
    change: tuple[str, str], problem: str, tmp_path: Path
) -> None:
    text = record({"reference": "shop/web:1"}, {"reference": "shop/web:2"})
    assert change[0] in text
    [told] = refused(tmp_path, text.replace(*change))
    assert told.startswith(problem)


@pytest.mark.parametrize("at", ["2026-11-24", "2026-13-24T19:11:19Z", "2026-11-24T19:11:19+08:00"])
def test_a_record_has_a_time(at: str, tmp_path: Path) -> None:
    text = record({"reference": "shop/web:1"}).replace(str(RECORDED["at"]), at)
    [problem] = refused(tmp_path, text)
    assert problem.startswith("3:")


def test_a_record_of_a_newer_gate_is_refused(tmp_path: Path) -> None:
    text = record({"reference": "shop/web:1"}).replace('"version": 1', '"version": 2')
    assert "but this gate reads version 1" in refused(tmp_path, text)[0]


def test_a_large_record_takes_little_memory(tmp_path: Path) -> None:
    findings = [{"risk": f"risk_{number}", "level": "high"} for number in range(4)]
    images = ({"reference": f"shop/web:{n}", "findings": findings} for n in range(20_000))
    file = opened(tmp_path, record(*images))
    tracemalloc.start()
    assert 20_000 == sum(1 for _ in file.images())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 3_000_000


# The two readers and the schema agree.

_VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        0,
        1,
        10,
        1.5,
        "",
        "0",
        "3d",
        "1s",
        "x" * 5000,
        "high",
        "unknown",
        "pass",
        "clean",
        "block",
        "missing",
        "complete",
        "digest",
        "build_risk",
        "2026-11-24",
        "shop/web:1",
        [],
        {},
        ["build_risk"],
        ["1"],
        [9],
        {"on": []},
        {"off": ["a"]},
        {"age": "3d"},
        {"age": 3},
        [{"risk": "a", "level": "low"}],
        [{"risk": "a", "level": "low", "rule": None}],
        [{"risk": 1}],
    ]
)
_KEYS = st.sampled_from([*case_schema()["$defs"]["image"]["properties"], "other"])


@settings(deadline=None)
@given(st.dictionaries(_KEYS, _VALUES, max_size=6))
def test_a_record_and_a_file_by_hand_take_the_same_images(
    tmp_path_factory: pytest.TempPathFactory, fields: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("same")
    image = {"reference": "shop/web:1"} | fields
    by_hand = json.dumps({"version": 1, "at": "2026-11-24", "images": [image]})
    taken = [problems(folder, record(image)), problems(folder, by_hand)]
    assert bool(taken[0]) is bool(taken[1])
    assert ": Expected" not in "".join(taken)  # the decoder's own words


def problems(folder: Path, text: str) -> str:
    """Return what is wrong with a file, an empty text for nothing."""
    try:
        list(opened(folder, text).images())
    except InvalidCases as invalid:
        return invalid.message
    return ""


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from('{}[]",:1a\\ \n\ufeffé'), max_size=60))
def test_nothing_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("odd")
    for begin in ("", '{"version": 1, ', record({"reference": "a/b"})[:-6]):
        assert problems(folder, begin + text)
