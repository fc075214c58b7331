"""A statement about images says PASSED only where there is evidence for it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gate import __version__
from gate.errors import ExitCode, ReportUnwritable
from gate.findings import IdentifiedBy
from gate.report import render, write_report
from gate.verdict import Action, ImageVerdict, Outcome, PolicySource, Verdict
from tests.report import verdicts as made

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "vsa.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
HOST = "registry.cn-hangzhou.aliyuncs.com"
INDEX = f"sha256:{'b' * 64}"
OTHER = f"sha256:{'c' * 64}"
NAMES = [made.NAME, f"{HOST}/shop/web@{OTHER}", f"{HOST}/shop/api/v2:2", "[::1]:5000/a/b:1"]


@st.composite
def about_real_names(draw: st.DrawFn) -> Verdict:
    verdict = draw(made.verdicts())
    images = tuple(
        replace(image, reference=draw(st.sampled_from(NAMES) | made.texts))
        for image in verdict.images
    )
    return replace(verdict, images=images)


def statement(verdict: Verdict) -> Any:
    return json.loads(render("vsa", verdict))


def predicate(*images: ImageVerdict, **given: Any) -> Any:
    return statement(made.run(*images, **given))["predicate"]


def pushed(digest: str = made.DIGEST, reference: str = made.NAME) -> ImageVerdict:
    return replace(
        made.scanned(reference=reference, image=made.image(digest=digest)), digest=digest
    )


@given(about_real_names())
@settings(max_examples=100, deadline=None)
def test_every_statement_is_valid_and_passes_only_what_passed(verdict: Verdict) -> None:
    try:
        text = render("vsa", verdict)
    except ReportUnwritable:
        with pytest.raises(ReportUnwritable):
            render("vsa-predicate", verdict)
        return

    written = json.loads(text)
    assert [] == list(VALIDATOR.iter_errors(written))
    assert not re.search(r"[^\n -~\u00a0-\U0010ffff]|[\u200b\u202e\u2028\ud800\ufeff]", text)
    assert not re.search(r"##\w*\[", text)
    assert json.loads(render("vsa-predicate", verdict)) == written["predicate"]
    passed = {image.outcome for image in verdict.images} == {Outcome.PASS}
    assert passed == (written["predicate"]["verificationResult"] == "PASSED")


def test_a_pass_is_a_statement_by_digest() -> None:
    assert {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": f"{HOST}/shop/web", "digest": {"sha256": made.HEX}}],
        "predicateType": "https://slsa.dev/verification_summary/v1",
        "predicate": {
            "verifier": {
                "id": "pkg:generic/buildrisk-gate",
                "version": {"buildrisk-gate": __version__},
            },
            "timeVerified": "2026-03-01T12:00:00Z",
            "resourceUri": f"oci://{HOST}/shop/web",
            "policy": {
                "uri": "buildrisk-gate:default-policy",
                "digest": {"sha256": made.HEX},
            },
            "verificationResult": "PASSED",
            "verifiedLevels": ["BUILDRISK_GATE_PASSED"],
        },
    } == statement(made.run(pushed()))


def result(*images: ImageVerdict, **given: Any) -> tuple[str, list[str]]:
    said = predicate(*images, **given)
    return said["verificationResult"], said["verifiedLevels"]


def test_findings_that_are_allowed_or_waived_pass() -> None:
    findings = [made.decision(action) for action in (Action.WARN, Action.WAIVED, Action.ALLOW)]
    image = made.scanned(*findings, identified_by=IdentifiedBy.TAG)

    assert ("PASSED", ["BUILDRISK_GATE_PASSED"]) == result(image)


@pytest.mark.parametrize(
    "other",
    [
        made.scanned(made.decision(Action.BLOCK)),
        made.unscanned(),
        made.unscanned(tolerated=True),
    ],
)
def test_one_image_that_did_not_pass_fails_the_run(other: ImageVerdict) -> None:
    assert ("FAILED", ["FAILED"]) == result(pushed(), other)


def test_a_run_that_was_let_through_is_no_pass_although_it_exits_with_0() -> None:
    image = replace(made.unscanned(tolerated=True), digest=made.DIGEST)

    assert ExitCode.PASSED == made.run(image).exit_code
    assert ("FAILED", ["FAILED"]) == result(image)


def test_an_interrupted_run_is_no_pass() -> None:
    run = replace(made.run(pushed()), exit_code=ExitCode.INTERRUPTED)

    assert "FAILED" == statement(run)["predicate"]["verificationResult"]


def subjects(*images: ImageVerdict) -> list[str]:
    return [
        f"sha256:{subject['digest']['sha256']}"
        for subject in statement(made.run(*images))["subject"]
    ]


def test_the_subjects_are_the_digests_that_were_judged_each_once() -> None:
    """Security Center knew the platforms only: nothing is known of the index by itself."""
    platforms = [
        replace(made.scanned(image=made.image(digest=digest, platform="linux/amd64")), digest=INDEX)
        for digest in (made.DIGEST, OTHER, OTHER)
    ]
    unknown = replace(made.unscanned(), digest=INDEX)

    assert [made.DIGEST, OTHER] == subjects(*platforms)
    assert [made.DIGEST, OTHER] == subjects(*platforms, unknown)
    assert [INDEX, made.DIGEST, OTHER] == subjects(pushed(INDEX), *platforms)
    assert [INDEX] == subjects(unknown)


@given(about_real_names())
@settings(max_examples=100, deadline=None)
def test_a_pass_is_only_about_what_was_judged(verdict: Verdict) -> None:
    images = [image for image in verdict.images if image.outcome is Outcome.PASS]
    try:
        named = subjects(*images)
    except ReportUnwritable:
        return
    assert set(named) <= {image.image.digest for image in images if image.image}


def test_several_repositories_are_a_resource_of_their_own() -> None:
    images = [pushed(), pushed(OTHER, f"{HOST}/shop/api:2.0"), pushed(INDEX, "[::1]:5000/a/b")]

    assert (
        f"oci://[::1]:5000/a/b,{HOST}/shop/api,{HOST}/shop/web" == predicate(*images)["resourceUri"]
    )
    assert f"oci://{HOST}/shop/web" == predicate(images[0], pushed(OTHER))["resourceUri"]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("policies/a b#c.yaml", "file:policies/a%20b%23c.yaml"),
        ("/etc/gate.yaml", "file:/etc/gate.yaml"),
        (r"C:\gate\policy.yaml", "file:/C:/gate/policy.yaml"),
        ("镜\ud800\n.yaml", "file:%E9%95%9C%3F%0A.yaml"),
    ],
)
def test_the_policy_is_named_by_its_file(path: str, uri: str) -> None:
    policy = PolicySource(path, made.HEX)

    assert {"uri": uri, "digest": {"sha256": made.HEX}} == predicate(pushed(), policies=(policy,))[
        "policy"
    ]


def test_several_policies_have_one_digest_in_any_order() -> None:
    policies = [PolicySource("a", "f" * 64), PolicySource("b", "0" * 64)]
    together = hashlib.sha256(f"{'0' * 64}\n{'f' * 64}\n".encode()).hexdigest()

    for order in (policies, policies[::-1]):
        assert {"uri": "buildrisk-gate:policies", "digest": {"sha256": together}} == predicate(
            pushed(), policies=tuple(order)
        )["policy"]


def test_a_statement_about_the_sandbox_is_never_taken_for_a_real_one() -> None:
    said = predicate(pushed(), sandbox=True)

    assert "pkg:generic/buildrisk-gate/sandbox" == said["verifier"]["id"]
    assert f"sandbox+oci://{HOST}/shop/web" == said["resourceUri"]
    assert ["SANDBOX"] == said["verifiedLevels"]
    blocked = made.scanned(made.decision(), identified_by=IdentifiedBy.TAG)
    assert ("FAILED", ["SANDBOX", "FAILED"]) == result(blocked, sandbox=True)


@pytest.mark.parametrize("name", ["vsa", "vsa-predicate"])
def test_without_a_digest_there_is_no_statement(name: str, tmp_path: Path) -> None:
    path = tmp_path / "vsa.json"
    with pytest.raises(ReportUnwritable) as caught:
        write_report(name, path, made.run(made.unscanned()))

    assert "no image's digest is known" in caught.value.message
    assert "--digest" in caught.value.remedy
    assert not path.exists()


def test_thousands_of_findings_make_it_no_longer() -> None:
    many = replace(made.scanned(*[made.decision()] * 5000), digest=made.DIGEST)

    assert len(render("vsa", made.run(many))) < 1500
