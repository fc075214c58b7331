"""The record: what policies judge by, an image a line, and nothing that must not be kept."""

from __future__ import annotations

import json
import tracemalloc
import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from gate import __version__
from gate.findings import Gathered, IdentifiedBy, Level, Reason, Status
from gate.report import render, write_report
from gate.verdict import Action, Audited, Service
from tests.report import verdicts as made

if TYPE_CHECKING:
    from pathlib import Path

    from gate.verdict import ImageVerdict, Verdict

KEYS = ["version", "recorded", "checks", "images"]
SECRET = "correct-horse-battery"


def record(*images: ImageVerdict, **given: Any) -> dict[str, Any]:
    return read(made.run(*images, **given))


def read(verdict: Verdict) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render("cases", verdict))
    return document


def test_it_says_where_it_comes_from() -> None:
    document = record(made.scanned(), sandbox=True)

    assert KEYS == list(document)
    assert 1 == document["version"]
    assert {
        "at": "2026-03-01T12:00:00Z",
        "tool": f"buildrisk-gate {__version__}",
        "endpoint": "https://tds.aliyuncs.com",
        "region": "cn-hangzhou",
        "sandbox": True,
        "scope": {"command": "check", "namespace": None, "repository": None},
        "policies": [{"path": "(built-in)", "sha256": made.HEX}],
    } == document["recorded"]


def test_it_says_what_an_audit_was_about() -> None:
    document = record(audited=Audited(namespace="shop", repository="web"))

    scope = {"command": "audit", "namespace": "shop", "repository": "web"}
    assert scope == document["recorded"]["scope"]
    assert [] == document["images"]


def test_an_image_is_a_line_with_its_keys_in_one_order() -> None:
    decisions = [made.decision(), made.decision(Action.ALLOW, level=Level.LOW)]
    images = [made.scanned(*decisions, kinds=("build_risk",)), made.unscanned()]
    text = render("cases", made.run(*images))

    lines = text.splitlines()[5:-2]
    assert ['"images": ['] == text.splitlines()[4:5]
    assert 2 == len(lines)
    for line in lines:
        image = json.loads(line.rstrip(","))
        assert [
            "reference", "tags", "identified_by", "scan", "evidence", "kinds", "findings",
            "verdict", "reason", "exit_code",
        ] == list(image)  # fmt: skip
    first = json.loads(lines[0].rstrip(","))
    keys = ["risk", "level", "status", "class", "kind", "decision"]
    assert keys == list(first["findings"][0])
    assert {
        "reference": f"{made.NAME}@{made.DIGEST}",
        "tags": [],
        "identified_by": "digest",
        "scan": {"age": "7200s"},
        "evidence": "complete",
        "kinds": ["build_risk"],
        "findings": [
            {
                "risk": "no_user",
                "level": level,
                "status": "unhandled",
                "class": "other",
                "kind": "build_risk",
                "decision": decision,
            }
            for level, decision in (("high", "block"), ("low", "allow"))
        ],
        "verdict": "block",
        "reason": "blocked",
        "exit_code": 10,
    } == first


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(hours=2), "7200s"),
        (timedelta(hours=2, microseconds=1), "7201s"),
        (timedelta(seconds=-5), "0s"),
        (None, "0s"),
    ],
)
def test_an_age_is_whole_seconds_rounded_up(age: timedelta | None, text: str) -> None:
    """So that a scan that was too old is too old again."""
    (image,) = record(made.scanned(scan=made.scan(age=age)))["images"]

    assert {"age": text} == image["scan"]


def test_what_was_read_stands_there_whatever_the_verdict_lists() -> None:
    gathered = Gathered(
        kinds=("build_risk",), findings=(made.decision(status=Status.IGNORED).finding,)
    )
    too_old = made.unscanned(Reason.STALE, beyond=gathered, scan=made.scan())
    (image,) = record(too_old)["images"]

    assert () == too_old.decisions
    assert ("complete", ["build_risk"]) == (image["evidence"], image["kinds"])
    assert ["ignored"] == [finding["status"] for finding in image["findings"]]
    assert "decision" not in image["findings"][0]


@pytest.mark.parametrize("reason", [each for each in Reason if each is not Reason.UNREAD])
def test_what_keeps_evidence_incomplete_is_said_in_the_words_of_the_report(reason: Reason) -> None:
    (image,) = record(made.unscanned(reason))["images"]

    assert (reason.value, []) == (image["evidence"], image["kinds"])


def test_a_platform_of_an_index_is_named() -> None:
    known = made.scanned(image=made.image(platform="linux/arm64"))
    unknown = replace(made.unscanned(), index_platform="linux/amd64", digest=f"sha256:{'1' * 64}")
    first, second = record(known, unknown)["images"]

    assert ["name", "reference"] == list(first)[:2]
    assert ("linux/arm64", "linux/amd64") == (first["name"], second["name"])
    assert made.NAME == second["reference"]  # the index's digest is not its own


@pytest.mark.parametrize(
    ("image", "reference", "identified_by"),
    [
        (made.scanned(), f"{made.NAME}@{made.DIGEST}", "digest"),
        (made.scanned(identified_by=IdentifiedBy.TAG), made.NAME, "tag"),
        (made.unscanned(), made.NAME, "tag"),
        (replace(made.unscanned(), digest=made.DIGEST), f"{made.NAME}@{made.DIGEST}", "digest"),
        (made.scanned(reference=f"h.cn/a/b@{made.DIGEST}"), f"h.cn/a/b@{made.DIGEST}", "digest"),
        (
            made.scanned(
                reference="my.shop/web:1",
                image=made.image(namespace="my.shop"),
                identified_by=IdentifiedBy.TAG,
            ),
            "/my.shop/web:1",
            "tag",
        ),
        (made.scanned(reference="shop/web:1", identified_by=IdentifiedBy.TAG), "shop/web:1", "tag"),
    ],
)
def test_an_image_is_named_by_what_was_judged(
    image: ImageVerdict, reference: str, identified_by: str
) -> None:
    (written,) = read(made.run(image, audited=Audited()))["images"]

    assert (reference, identified_by) == (written["reference"], written["identified_by"])


def test_what_could_not_be_read_whole_is_left_out_and_counted() -> None:
    unread = made.unscanned(Reason.UNREAD, reference="k8s/web.yaml:7")
    late = made.unscanned(Reason.INCOMPLETE, reference="k8s/late.yaml")
    document = record(unread, made.scanned(), late, command="manifests")

    assert 1 == len(document["images"])
    assert 2 == document["recorded"]["unread"]
    assert "manifests" == document["recorded"]["scope"]["command"]
    assert "unread" not in record(made.scanned())["recorded"]


@pytest.mark.parametrize("name", ["", "h.cn//web:1", "/web:1", "web@sha256:1", "a:b/c"])
def test_a_record_that_nobody_could_ask_for_is_left_out_and_counted(name: str) -> None:
    nameless = made.scanned(reference=name, image=made.image(namespace=""))
    document = record(nameless, made.scanned(), audited=Audited())

    assert 1 == len(document["images"])
    assert 1 == document["recorded"]["unread"]


def test_the_checks_of_one_endpoint_stand_once() -> None:
    some = made.scanned(scan=made.scan(checks=("apk", "no_user")))
    document = record(some, made.unscanned())

    assert {"on": ["apk", "no_user"]} == document["checks"]
    assert not any("checks" in image for image in document["images"])
    assert record(made.unscanned())["checks"] is None


def test_the_checks_of_two_endpoints_stand_at_their_images() -> None:
    two = Service("https://tds.a, https://tds.b", "a, b", sandbox=False)
    known, unknown = made.scanned(scan=made.scan(checks=("apk",))), made.unscanned()
    document = record(known, unknown, service=two)

    assert "checks" not in document
    assert [{"on": ["apk"]}, None] == [image["checks"] for image in document["images"]]


def test_a_record_never_stands_whole_in_memory(tmp_path: Path) -> None:
    images = (made.scanned(*[made.decision()] * 4, kinds=("build_risk",)),) * 10_000
    verdict = made.run(*images, audited=Audited())
    tracemalloc.start()
    write_report("cases", tmp_path / "audit.cases", verdict)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (tmp_path / "audit.cases").stat().st_size > 5_000_000
    assert peak < 2_000_000


@given(made.verdicts())
def test_it_holds_nothing_that_only_people_need(verdict: Verdict) -> None:
    """Whatever a build command, an advice or the name of a risk says is not in it."""
    secret = made.decision(
        name=SECRET, command=f"ENV PASSWORD={SECRET}", layer=SECRET, advice=SECRET,
        description=SECRET, class_name=SECRET, because=SECRET, level_word=SECRET,
    )  # fmt: skip
    images = (made.scanned(secret), made.unscanned(Reason.RUNNING, secret), *verdict.images)

    assert SECRET not in render("cases", replace(verdict, images=images))


@given(made.verdicts())
def test_hostile_names_stay_data(verdict: Verdict) -> None:
    images = tuple(
        replace(image, reference=f"a/b:{number}") for number, image in enumerate(verdict.images)
    )
    text = render("cases", replace(verdict, images=images, audited=Audited()))
    document = json.loads(text)

    assert len(verdict.images) == len(document["images"])
    assert 6 + len(verdict.images) + ("checks" in document) >= len(text.splitlines())
    assert not {unicodedata.category(each) for each in text if each != "\n"} & {"Cc", "Cf", "Cs"}
    for image, written in zip(verdict.images, document["images"], strict=True):
        names = [finding.risk for finding in image.gathered.findings]
        assert [half(name) for name in names] == [each["risk"] for each in written["findings"]]


def half(text: str) -> str:
    """Return the text as it is read back: half a surrogate pair isn't text."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
