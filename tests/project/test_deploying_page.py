"""docs/deploying.md: the summary is the gate's own, and the policies want what a pass says."""

from __future__ import annotations

import json
import re
from ast import literal_eval
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from msgspec.structs import replace
from ruamel.yaml import YAML

import dev
from gate.errors import ExitCode
from gate.report import render
from gate.verdict import Action, PolicySource
from tests.project.markdown import Page, words
from tests.report import verdicts as made
from tests.rigs.command import HOST

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.verdict import ImageVerdict
    from tests.rigs.command import Result

    Gate = Callable[..., Result]

PAGE = Page.read("docs/deploying.md")
SUMMARY = PAGE.section("Write the summary").snippet("json")
POLICY = PolicySource("policy.yaml", json.loads(SUMMARY)["policy"]["digest"]["sha256"])
OTHER = PolicySource("policy.yaml", made.HEX)
SCHEMA = dev.ROOT / "tests" / "report" / "schemas" / "vsa.json"

PASSED = replace(made.scanned(image=made.image()), digest=made.DIGEST)
BLOCKED = replace(made.scanned(made.decision(Action.BLOCK)), digest=made.DIGEST)
UNDECIDED = replace(made.unscanned(), digest=made.DIGEST)
TOLERATED = replace(made.unscanned(tolerated=True), digest=made.DIGEST)
# Runs whose summary no cluster may take for a pass.
KEPT_OUT: dict[str, dict[str, Any]] = {
    "blocked": {"images": (BLOCKED,)},
    "undecided": {"images": (UNDECIDED,)},
    "tolerated": {"images": (TOLERATED,)},
    "one of two": {"images": (PASSED, BLOCKED)},
    "sandbox": {"images": (PASSED,), "sandbox": True},
    "another policy": {"images": (PASSED,), "policies": (OTHER,)},
    "two policies": {"images": (PASSED,), "policies": (POLICY, OTHER)},
}


def policy(kind: str) -> Any:
    return YAML(typ="safe").load(PAGE.snippet("yaml", f"kind: {kind}"))["spec"]


def statement(*images: ImageVerdict, **given: Any) -> Any:
    return json.loads(render("vsa", made.run(*images, **({"policies": (POLICY,)} | given))))


def kyverno_fits(statement: Any) -> bool:
    """Evaluate what Kyverno's second expression asks: equalities, all of which must hold."""
    signed, said = (one["expression"] for one in policy("ImageValidatingPolicy")["validations"])
    assert "verifyAttestationSignatures(image, attestations.verdict, [attestors.release])" in signed
    conditions = said.partition(".all(predicate, ")[2].removesuffix(")").split(" && ")
    for condition in conditions:
        path, literal = condition.split(" == ")
        names = path.removeprefix("predicate.").split(".")
        if literal_eval(literal) != reduce(
            lambda node, name: node[name], names, statement["predicate"]
        ):
            return False
    return len(conditions) > 3


def sigstore_fits(statement: Any) -> bool:
    """Unify the JSON of the policy-controller's CUE with the statement, which may hold more."""
    (authority,) = policy("ClusterImagePolicy")["authorities"]
    (attestation,) = authority["attestations"]
    assert "cue" == attestation["policy"]["type"]
    return _holds(statement, json.loads(attestation["policy"]["data"]))


def _holds(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return all(name in whole and _holds(whole[name], part[name]) for name in part)
    return bool(whole == part)


FITS = pytest.mark.parametrize("fits", [kyverno_fits, sigstore_fits])


def test_the_summary_is_the_one_that_the_gate_writes() -> None:
    written = json.loads(render("vsa-predicate", made.run(PASSED, policies=(POLICY,))))
    shown = json.loads(SUMMARY)

    assert written | {"timeVerified": ""} == shown | {"timeVerified": ""}
    assert re.fullmatch(r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}Z", shown["timeVerified"])


def test_every_key_that_is_explained_is_in_the_summary() -> None:
    rows = PAGE.section("Write the summary").rows
    for name in (name for row in rows for name in words(row[0])):
        assert reduce(lambda node, part: node[part], name.split("."), json.loads(SUMMARY)), name


@FITS
def test_a_pass_fits(fits: Callable[[Any], bool]) -> None:
    assert fits(statement(PASSED))


@FITS
@pytest.mark.parametrize("run", KEPT_OUT.values(), ids=KEPT_OUT)
def test_nothing_else_fits(fits: Callable[[Any], bool], run: dict[str, Any]) -> None:
    given = dict(run)

    assert not fits(statement(*given.pop("images"), **given))


@FITS
def test_what_the_command_writes_about_sample_data_is_valid_and_fits_nowhere(
    fits: Callable[[Any], bool], gate: Gate
) -> None:
    report = "statement.json"

    assert 0 == gate("check", "--sandbox", f"{HOST}/shop/api:2.0", "--report", f"vsa={report}").code
    written = json.loads(Path(report).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(written)
    assert "PASSED" == written["predicate"]["verificationResult"]
    assert not fits(written)


def test_the_command_of_the_page_takes_its_options(gate: Gate) -> None:
    command = PAGE.section("Write the summary").snippet("sh").replace("\\\n", " ").split()

    assert "gate" == command[0]
    # Everything is in order but the file, which is not there.
    done = gate(*command[1:])
    assert ExitCode.USAGE == done.code
    assert "policy.yaml" in done.err


def test_all_that_sign_and_all_that_ask_name_one_type() -> None:
    types = re.findall(r"https://slsa\.dev/\w+/v\d", PAGE.text)

    assert {"https://slsa.dev/verification_summary/v1"} == set(types)
    assert statement(PASSED)["predicateType"] in types


def test_both_policies_refuse_by_themselves_and_trust_the_same_workflow() -> None:
    kyverno, sigstore = policy("ImageValidatingPolicy"), policy("ClusterImagePolicy")
    (attestor,), (authority,) = kyverno["attestors"], sigstore["authorities"]

    assert (["Deny"], "Fail", "enforce") == (
        kyverno["validationActions"],
        kyverno["failurePolicy"],
        sigstore["mode"],
    )
    assert {"mutateDigest": False, "verifyDigest": True, "required": True} == kyverno[
        "validationConfigurations"
    ]
    assert attestor["cosign"]["keyless"]["identities"] == authority["keyless"]["identities"]
    assert [one["glob"].rstrip("*") for one in kyverno["matchImageReferences"]] == [
        one["glob"].rstrip("*") for one in sigstore["images"]
    ]
