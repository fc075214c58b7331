"""GitHub code scanning takes the SARIF report, and shows it as it is meant."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings

from gate import ADDRESS, __version__
from gate.findings import Level, Location, Reason
from gate.report import render, sarif
from gate.report.wording import ABOUT_SAMPLE_DATA
from gate.verdict import Action, ImageVerdict, Outcome, Verdict
from tests.report import verdicts as made
from tests.report.validation.github_rules import assert_github_takes

REGION = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}


def written(verdict: Verdict) -> Any:
    return json.loads(render("sarif", verdict))


def only_run(*decisions: Any, **given: Any) -> Any:
    [run] = written(made.run(made.scanned(*decisions, **given)))["runs"]
    return run


def only_result(*decisions: Any, **given: Any) -> Any:
    [result] = only_run(*decisions, **given)["results"]
    return result


def place(result: Any) -> Any:
    return result["locations"][0]["physicalLocation"]


def notes(run: Any) -> list[tuple[str, str]]:
    [invocation] = run["invocations"]
    return [
        (note["level"], note["message"]["text"])
        for note in invocation["toolExecutionNotifications"]
    ]


@given(made.verdicts())
@settings(max_examples=80, deadline=None)
def test_github_takes_every_report(verdict: Verdict) -> None:
    log = written(verdict)

    assert_github_takes(log)
    for image, run in zip(verdict.images, log["runs"], strict=bool(verdict.images)):
        undecided = image.outcome is Outcome.UNDECIDED
        assert undecided == run["automationDetails"]["id"].endswith("/undecided/")
        shown = sum(each.action is not Action.ALLOW for each in image.decisions)
        assert len(run["results"]) == (0 if undecided else shown)


@given(made.verdicts())
@settings(max_examples=40, deadline=None)
def test_a_report_may_be_printed(verdict: Verdict) -> None:
    text = render("sarif", verdict)

    assert text.encode("utf-8")
    assert not re.search(r"[^\n -~\u00a0-\U0010ffff]|[\u200b\u202e\u2028\ud800\ufeff]", text)
    assert not re.search(r"##\w*\[", text)
    assert not any(line.lstrip().startswith("::") for line in text.split("\n"))


def test_a_run_says_who_judged_what_by_which_policy() -> None:
    run = only_run(made.decision())

    assert ("buildrisk-gate", __version__) == (
        run["tool"]["driver"]["name"],
        run["tool"]["driver"]["version"],
    )
    assert "buildrisk-gate/shop/web/" == run["automationDetails"]["id"]
    assert {
        "service": {
            "endpoint": "https://tds.aliyuncs.com",
            "region": "cn-hangzhou",
            "sandbox": False,
        },
        "policies": [{"path": "(built-in)", "sha256": made.HEX}],
        "reference": made.NAME,
        "verdict": "block",
        "reason": "blocked",
        "digest": made.DIGEST,
        "platform": "",
    } == run["properties"]
    assert [
        {
            "executionSuccessful": True,
            "exitCode": 10,
            "endTimeUtc": "2026-03-01T12:00:00Z",
            "toolExecutionNotifications": [],
        }
    ] == run["invocations"]


def test_a_rule_has_its_three_texts_and_a_severity() -> None:
    run = only_run(made.decision(description="It runs as root."))

    assert [
        {
            "id": "no_user",
            "name": "no_user",
            "shortDescription": {"text": "The image runs as root"},
            "fullDescription": {"text": "It runs as root."},
            "help": {"text": "Add a USER."},
            "helpUri": f"{ADDRESS}/blob/main/docs/risks.md#no_user",
            "properties": {"security-severity": "8.0", "tags": ["security", "other"]},
        }
    ] == run["tool"]["driver"]["rules"]


def test_the_tool_and_a_risk_without_a_text_of_ours_lead_to_the_documents() -> None:
    driver = only_run(made.decision(risk='x">\n'))["tool"]["driver"]

    assert ADDRESS == driver["informationUri"]
    assert f"{ADDRESS}/blob/main/docs/risks.md" == driver["rules"][0]["helpUri"]


def test_a_rule_of_which_nothing_is_known_has_texts_too() -> None:
    bare = made.decision(risk="", name="", advice="", risk_class="", description="")
    [rule] = only_run(bare)["tool"]["driver"]["rules"]

    assert ["unnamed_risk", "unnamed_risk", "No advice is known for unnamed_risk."] == [
        rule[key]["text"] for key in ("shortDescription", "fullDescription", "help")
    ]
    assert ["security"] == rule["properties"]["tags"]


def test_advice_of_white_space_is_not_advice() -> None:
    [rule] = only_run(made.decision(advice="\t"))["tool"]["driver"]["rules"]

    assert "No advice is known for no_user." == rule["help"]["text"]


@pytest.mark.parametrize(
    ("levels", "severity"),
    [
        ([Level.HIGH], "8.0"),
        ([Level.MEDIUM], "5.0"),
        ([Level.LOW], "2.0"),
        ([Level.UNKNOWN], "7.0"),
        ([Level.LOW, Level.HIGH, Level.MEDIUM], "8.0"),
    ],
)
def test_the_severity_is_that_of_the_worst_finding(levels: list[Level], severity: str) -> None:
    run = only_run(*(made.decision(level=level) for level in levels))

    [rule] = run["tool"]["driver"]["rules"]
    assert severity == rule["properties"]["security-severity"]


def test_long_texts_are_cut_to_what_github_takes() -> None:
    long = made.decision(
        risk="r" * 999,
        name="n" * 9999,
        advice="\x1b" * 999,
        description="d" * 1024,
        command="c" * 999,
    )
    run = only_run(long)

    assert_github_takes({"version": "2.1.0", "runs": [run]})
    [rule] = run["tool"]["driver"]["rules"]
    assert ("r" * 252 + "...", "d" * 1024) == (rule["id"], rule["fullDescription"]["text"])
    assert run["results"][0]["message"]["text"].endswith("c" * 497 + "...")


def test_without_a_file_a_finding_is_in_the_repository_and_has_our_fingerprint() -> None:
    result = only_result(made.decision())

    assert {"artifactLocation": {"uri": "shop/web"}, "region": REGION} == place(result)
    fingerprints = result["partialFingerprints"]
    assert fingerprints["buildRisk/v1"] == fingerprints["primaryLocationLineHash"]
    assert re.fullmatch(r"[0-9a-f]{16}:1", fingerprints["primaryLocationLineHash"])


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("Dockerfile", "Dockerfile"),
        ("./build files/a:b/Dockerfile", "build%20files/a%3Ab/Dockerfile"),
        (r"build\web\Dockerfile", "build/web/Dockerfile"),
        ("镜像", "%E9%95%9C%E5%83%8F"),
    ],
)
def test_with_a_file_a_finding_is_there_and_github_computes_the_fingerprint(
    path: str, uri: str
) -> None:
    result = only_result(made.decision(location=Location(path, 7)))

    assert {
        "artifactLocation": {"uri": uri},
        "region": {"startLine": 7, "startColumn": 1, "endLine": 7, "endColumn": 1},
    } == place(result)
    assert ["buildRisk/v1"] == list(result["partialFingerprints"])


@pytest.mark.parametrize(
    "path", ["", "/etc/Dockerfile", "../Dockerfile", r"C:\Dockerfile", "a/../b"]
)
def test_a_file_that_is_not_of_the_checkout_is_not_pointed_at(path: str) -> None:
    result = only_result(made.decision(location=Location(path, 7)))

    assert {"artifactLocation": {"uri": "shop/web"}, "region": REGION} == place(result)
    assert "primaryLocationLineHash" in result["partialFingerprints"]


def test_a_fingerprint_is_the_same_for_the_next_build() -> None:
    def fingerprint(command: str, **given: Any) -> Any:
        return only_result(made.decision(command=command), **given)["partialFingerprints"]

    first = fingerprint("RUN |1 VERSION=1.4 /bin/sh -c make # buildkit")
    later = {
        "image": made.image(tag="1.5", digest="sha256:" + "f" * 64),
        "reference": "registry.cn-hangzhou.aliyuncs.com/shop/web:1.5",
    }
    assert first == fingerprint("RUN |1 VERSION=1.5 /bin/sh -c make  # buildkit", **later)
    assert first != fingerprint("RUN |1 VERSION=1.4 /bin/sh -c make all # buildkit")


def test_equal_findings_are_told_apart() -> None:
    run = only_run(made.decision(), made.decision(), made.decision(risk="sudo"))
    hashes = [result["partialFingerprints"]["buildRisk/v1"] for result in run["results"]]

    assert ["1", "2", "1"] == [value.partition(":")[2] for value in hashes]
    assert [0, 0, 1] == [result["ruleIndex"] for result in run["results"]]


def test_levels_follow_the_decision_and_the_allowed_are_only_counted() -> None:
    actions = (Action.ALLOW, Action.WARN, Action.BLOCK, Action.ALLOW)
    run = only_run(*map(made.decision, actions), notes=("a note",))

    assert ["error", "warning"] == [result["level"] for result in run["results"]]
    assert [("note", "a note"), ("note", "2 findings allowed by policy, not shown.")] == notes(run)


def test_a_waived_finding_is_suppressed() -> None:
    waiver = made.waiver(owner="team", ticket="T-1")
    result = only_result(made.decision(Action.WAIVED, waiver=waiver))

    assert "note" == result["level"]
    assert [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "until 2027-01-31: vendor image (team, T-1)",
        }
    ] == result["suppressions"]


def test_an_expired_waiver_suppresses_nothing() -> None:
    assert "suppressions" not in only_result(made.decision(waiver=made.waiver(expired=True)))


def test_a_message_holds_no_link_and_hides_nothing() -> None:
    result = only_result(
        made.decision(name="[a](http://h.example)", because="b\n\u202ec]", command="(x")
    )

    assert "[a] (http://h.example). b \\u202ec] Build command: (x" == result["message"]["text"]


@pytest.mark.parametrize(("tolerated", "level"), [(False, "error"), (True, "warning")])
def test_an_undecided_image_is_a_failed_run(tolerated: bool, level: str) -> None:  # noqa: FBT001
    image = made.unscanned(Reason.MISSING, tolerated=tolerated)
    [run] = written(made.run(image))["runs"]

    [invocation] = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "missing" == invocation["toolExecutionNotifications"][0]["descriptor"]["id"]
    through = ", LET THROUGH by policy" if tolerated else ""
    said = f"{made.NAME} is undecided (missing){through}: {image.message}"
    assert [(level, said)] == notes(run)
    assert "buildrisk-gate/shop/web/undecided/" == run["automationDetails"]["id"]
    assert [] == run["results"]


def test_findings_of_an_undecided_image_are_counted_and_no_alerts() -> None:
    image = made.unscanned(Reason.STALE, made.decision(Action.WARN), made.decision(Action.ALLOW))
    [run] = written(made.run(image))["runs"]

    assert [] == run["results"]
    said = "1 finding of this undecided image not shown. The JSON report has all of them."
    assert ("note", said) == notes(run)[-1]


def test_an_undecided_image_closes_no_alert_of_its_repository_or_of_another() -> None:
    def categories(first: ImageVerdict) -> list[str]:
        others = (made.scanned(), made.scanned(image=made.image(repository="web/undecided")))
        log = written(made.run(first, *others))
        assert_github_takes(log)
        return [run["automationDetails"]["id"] for run in log["runs"]]

    first, *others = categories(made.scanned())
    assert ["buildrisk-gate/shop/web/undecided/", *others[:1]] == categories(made.unscanned())[:2]
    assert "buildrisk-gate/shop/web/" == first


def test_a_run_without_images_says_so() -> None:
    log = written(made.run(notes=["a note"]))

    assert_github_takes(log)
    assert [("error", "No image was judged."), ("note", "a note")] == notes(log["runs"][0])


def test_the_sandbox_is_named_in_every_run() -> None:
    log = written(made.run(made.scanned(), made.unscanned(), sandbox=True))

    said = ("warning", f"SANDBOX: {ABOUT_SAMPLE_DATA}")
    assert all(said in notes(run) for run in log["runs"])


def test_runs_of_one_repository_have_categories_of_their_own() -> None:
    amd64 = made.scanned(image=made.image(platform="linux/amd64"))
    log = written(
        made.run(
            amd64,
            made.scanned(image=made.image(platform="linux/arm64")),
            amd64,
            made.scanned(),
            made.unscanned(reference="what is this"),
        )
    )

    assert [
        "buildrisk-gate/shop/web/linux/amd64/",
        "buildrisk-gate/shop/web/linux/arm64/",
        "buildrisk-gate/shop/web/linux/amd64/2/",
        "buildrisk-gate/shop/web/",
        "buildrisk-gate/what%20is%20this/undecided/",
    ] == [run["automationDetails"]["id"] for run in log["runs"]]


def test_of_more_than_twenty_images_the_worst_are_kept_and_a_note_says_so() -> None:
    passed = [made.scanned() for _ in range(22)]
    log = written(made.run(*passed, made.unscanned(), made.scanned(made.decision())))

    assert_github_takes(log)
    said = "4 images left out: GitHub takes no more than 20 runs. The JSON report has all of them."
    assert all(("warning", said) in notes(run) for run in log["runs"])
    assert ["pass"] * 18 + ["undecided", "block"] == [
        run["properties"]["verdict"] for run in log["runs"]
    ]


def test_of_too_many_findings_the_worst_are_kept_and_a_note_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sarif, "MOST_RESULTS", 3)
    log = written(
        made.run(
            made.scanned(made.decision(Action.WAIVED), *[made.decision(Action.WARN)] * 2),
            made.scanned(*[made.decision(Action.WARN)] * 2, *[made.decision()] * 2),
        )
    )

    levels = [[result["level"] for result in run["results"]] for run in log["runs"]]
    assert [["warning"], ["error", "error"]] == levels
    assert ["2 findings", "2 findings"] == [notes(run)[-1][1][:10] for run in log["runs"]]


def test_of_a_file_that_is_too_large_the_worst_findings_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sarif, "MOST_RESULTS", 64)
    monkeypatch.setattr(sarif, "MOST_BYTES", 12_000)
    commands = [hashlib.shake_128(bytes([number])).hexdigest(200) for number in range(64)]
    actions = [Action.WARN, Action.BLOCK] * 32
    findings = [
        made.decision(action, command=command)
        for action, command in zip(actions, commands, strict=True)
    ]
    text = render("sarif", made.run(made.scanned(*findings)))

    [run] = json.loads(text)["runs"]
    assert 12_000 >= len(gzip.compress(text.encode(), 6))
    assert {"error"} == {result["level"] for result in run["results"]}
    assert notes(run)[-1][1].startswith(
        f"{64 - len(run['results'])} findings left out: GitHub takes no more than "
    )
