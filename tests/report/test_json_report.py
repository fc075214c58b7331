"""The JSON report keeps its contract, whatever it is made of."""

from __future__ import annotations

import json
import re
import tracemalloc
from datetime import timedelta
from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gate import __version__
from gate.findings import Location, ScanState
from gate.report import render, render_parts, report_schema
from gate.report.wording import json_document
from gate.untrusted import for_json
from gate.verdict import Action, PolicyPlace, Verdict
from tests.report import verdicts as made

VALIDATOR = jsonschema.Draft202012Validator(
    report_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)

MANY = 2_000  # images, which take 5 MB as JSON
LITTLE = 256 << 10  # bytes, which hold a few of them


def written(verdict: Verdict) -> Any:
    return json.loads(render("json", verdict))


@given(made.verdicts())
@settings(max_examples=60, deadline=None)
def test_every_report_is_valid(verdict: Verdict) -> None:
    report = written(verdict)

    assert [] == list(VALIDATOR.iter_errors(report))
    assert len(verdict.images) == len(report["images"])


@given(made.verdicts())
@settings(max_examples=60, deadline=None)
def test_a_report_may_be_printed(verdict: Verdict) -> None:
    text = render("json", verdict)

    assert text.encode("utf-8")
    assert not re.search(r"[^\n -~\u00a0-\U0010ffff]|[\u200b\u202e\u2028\ud800\ufeff]", text)
    assert not re.search(r"##\w*\[", text)
    assert not any(line.lstrip().startswith("::") for line in text.split("\n"))


def test_texts_survive_the_escaping() -> None:
    text = "\x1b[31m\u202e\U000e0041\x7f##[set-env]镜像\n::x::\\u005b"
    report = written(made.run(made.scanned(made.decision(command=text))))

    assert text == report["images"][0]["findings"][0]["command"]


def test_half_a_surrogate_pair_is_replaced() -> None:
    report = written(made.run(notes=["a\ud800b"]))

    assert ["a\ufffdb"] == report["notes"]


def test_the_keys_and_their_order_are_the_contract() -> None:
    decided = made.decision(
        Action.WAIVED,
        rule="root",
        policy=PolicyPlace("org.yaml", 7),
        waiver=made.waiver(owner="team", ticket="T-1", path="team.yaml", line=4),
        location=Location("Dockerfile", 3),
        layer=made.DIGEST,
        description="Runs as root",
    )
    report = written(made.run(made.scanned(decided), notes=["a note"]))

    [image] = report["images"]
    assert list(report_schema()["properties"]) == list(report)
    assert list(report_schema()["properties"]["images"]["items"]["properties"]) == list(image)
    assert {
        "version": 1,
        "tool": {"name": "buildrisk-gate", "version": __version__},
        "generated_at": "2026-03-01T12:00:00Z",
        "service": {
            "endpoint": "https://tds.aliyuncs.com",
            "region": "cn-hangzhou",
            "sandbox": False,
        },
        "verdict": "pass",
        "exit_code": 0,
        "policies": [{"path": "(built-in)", "sha256": made.DIGEST.removeprefix("sha256:")}],
        "notes": ["a note"],
        "images": [
            {
                "reference": made.NAME,
                "digest": None,
                "verdict": "pass",
                "exit_code": 0,
                "reason": "allowed",
                "message": "1 finding, none blocked by policy.",
                "image": {
                    "uuid": "uuid-1",
                    "region": "cn-hangzhou",
                    "instance": "",
                    "namespace": "shop",
                    "repository": "web",
                    "tag": "1.4",
                    "digest": made.DIGEST,
                    "platform": None,
                },
                "identified_by": "digest",
                "scan": {
                    "state": "finished",
                    "finished_at": "2026-03-01T10:00:00Z",
                    "age_seconds": 7200,
                    "checks_on": 14,
                    "checks_off": [],
                },
                "counts": {"block": 0, "warn": 0, "waived": 1, "allow": 0},
                "findings": [
                    {
                        "risk": "no_user",
                        "name": "The image runs as root",
                        "class": "other",
                        "level": "high",
                        "status": "unhandled",
                        "decision": "waived",
                        "because": "The policy's block says so.",
                        "rule": "root",
                        "policy": {"path": "org.yaml", "line": 7},
                        "waiver": {
                            "reason": "vendor image",
                            "expires": "2027-01-31",
                            "expired": False,
                            "owner": "team",
                            "ticket": "T-1",
                            "path": "team.yaml",
                            "line": 4,
                        },
                        "command": "CMD web",
                        "layer": made.DIGEST,
                        "description": "Runs as root",
                        "advice": "Add a USER.",
                        "location": {"path": "Dockerfile", "line": 3},
                    }
                ],
            }
        ],
    } == report


def test_what_is_not_known_is_null() -> None:
    [image] = written(made.run(made.unscanned()))["images"]

    assert (None, None) == (image["image"], image["identified_by"])
    assert {
        "state": "missing",
        "finished_at": None,
        "age_seconds": None,
        "checks_on": None,
        "checks_off": [],
    } == image["scan"]


def test_the_digest_is_what_the_image_is_known_by() -> None:
    digest = f"sha256:{'f' * 64}"
    [image] = written(made.run(replace(made.scanned(), digest=digest)))["images"]

    assert digest == image["digest"]


def test_the_notes_are_those_of_the_run_and_of_all_images_each_once() -> None:
    images = [made.scanned(notes=("of the image",)), made.scanned(notes=("of the image",))]
    report = written(made.run(*images, notes=["of the run"]))

    assert ["of the run", "of the image"] == report["notes"]


def test_an_age_is_never_negative() -> None:
    ahead = made.scan(state=ScanState.FINISHED, age=timedelta(seconds=-3))
    [image] = written(made.run(made.scanned(scan=ahead)))["images"]

    assert 0 == image["scan"]["age_seconds"]


def test_the_schema_describes_every_key_and_allows_no_other() -> None:
    def objects(schema: Any, path: str = "$") -> Any:
        assert schema.get("description"), path
        if "properties" in schema:
            yield path, schema
            for key, value in schema["properties"].items():
                yield from objects(value, f"{path}.{key}")
        if "items" in schema:
            yield from objects(schema["items"], f"{path}[]")

    found = dict(objects(report_schema()))
    assert 12 == len(found)
    for path, schema in found.items():
        assert schema["additionalProperties"] is False, path
        assert list(schema["properties"]) == schema["required"], path


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(report_schema())


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | made.texts | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(made.texts, inner, max_size=3),
)


@given(values)
def test_a_document_is_what_pythons_own_encoder_writes(value: object) -> None:
    assert json_document(value) == for_json(json.dumps(value, ensure_ascii=False, indent=2)) + "\n"


@given(made.verdicts())
@settings(max_examples=30, deadline=None)
def test_its_parts_are_the_document_that_one_would_write_at_once(verdict: Verdict) -> None:
    text = render("json", verdict)

    assert text == json_document(json.loads(text))


def test_an_image_is_written_when_its_turn_comes_and_then_forgotten() -> None:
    finding = made.decision(Action.WARN, description="Whoever breaks out is root on the host.")
    images = (made.scanned(finding, finding, finding),) * MANY
    verdict = made.run(*images)
    length = len(render("json", made.run(*images[:1])))
    tracemalloc.start()
    try:
        written_out = sum(map(len, render_parts("json", verdict)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert written_out > 0.8 * length * MANY
    assert peak < LITTLE
