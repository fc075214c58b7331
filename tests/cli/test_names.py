"""Globs on the names of images, from the command line: no name that nothing confirms lets pass."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.sandbox import SampleFinding, SampleImage, State
from tests.rigs.command import HOST, Result, reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

ROOT = SampleFinding(risk="no_user", command="USER root")
BLOCK = "block: {levels: [high, medium, low], statuses: [unhandled]}\n"
NOTHING = "block: {levels: [], statuses: []}\n"
WAIVER = "waivers: [{risks: [no_user], images: ['%s'], reason: r, expires: 2099-01-01}]\n"
RULE = "rules: [{match: {images: ['%s']}, action: %s, reason: r}]\n"
BY_TAG = "scan: {require_digest: false, settle: 0s}\n"


def image(
    tag: str, *findings: SampleFinding, build: str = "bad", instance: str = "39010001"
) -> SampleImage:
    """Make a record under a tag; those of one build are one image."""
    return SampleImage(
        namespace="web",
        repository="shop",
        tag=tag,
        digest="sha256:" + sha256(build.encode()).hexdigest(),
        instance=instance,
        findings=findings or (ROOT,),
        timeline=(State(after=-7200),),
    )


def write(text: str) -> None:
    Path(".buildrisk-gate.yaml").write_text(f"version: 1\n{text}")


def check(gate: Gate, sandbox: Sandbox, *named: str) -> Result:
    url = ("--endpoint", sandbox.url, "--wait", "0", "--format", "json", "--no-resolve")
    return gate("check", *named, *url)


BAD, LEGACY = image("new"), image("legacy", build="old")
DIGEST = BAD.digest


@pytest.mark.parametrize("loosened", [WAIVER % "web/shop:legacy", RULE % ("**:legacy", "allow")])
@pytest.mark.parametrize("named", [f":legacy@{DIGEST}", f"@{DIGEST}", f":new@{DIGEST}"])
def test_another_image_does_not_get_what_its_tag_would(
    gate: Gate, serve: Serve, loosened: str, named: str
) -> None:
    write(BLOCK + loosened)
    with serve(BAD, LEGACY) as sandbox:
        assert 10 == check(gate, sandbox, f"{HOST}/web/shop{named}").code
        assert 0 == check(gate, sandbox, reference(LEGACY)).code
        by_digest = f"{HOST}/web/shop@{LEGACY.digest}"
        assert 0 == check(gate, sandbox, by_digest).code


@pytest.mark.parametrize("named", [":dev", "", ":prod-1", ":nothing"])
def test_a_block_rule_for_a_tag_is_not_evaded(gate: Gate, serve: Serve, named: str) -> None:
    write(NOTHING + RULE % ("web/shop:prod*", "block"))
    with serve(image("dev"), image("prod-1")) as sandbox:
        assert 10 == check(gate, sandbox, f"{HOST}/web/shop{named}@{DIGEST}").code
        audited = gate("audit", "--endpoint", sandbox.url, "--format", "json")
    assert {"block"} == {one["verdict"] for one in audited.report["images"]}


def test_by_tag_alone_a_block_rule_for_another_tag_holds(gate: Gate, serve: Serve) -> None:
    write(NOTHING + BY_TAG + RULE % ("web/shop:prod*", "block"))
    with serve(image("dev"), image("prod-1"), image("good", build="good")) as sandbox:
        assert 10 == check(gate, sandbox, f"{HOST}/web/shop:dev").code
        assert 0 == check(gate, sandbox, f"{HOST}/web/shop:good").code


@pytest.mark.parametrize("ruled", [HOST, HOST.replace(".", "-vpc.", 1), f"{HOST}:443"])
@pytest.mark.parametrize(
    "named",
    [HOST, HOST.upper(), HOST.replace(".", "-vpc.", 1), f"{HOST}:443", f"{HOST}:0443"],
)
def test_a_block_rule_for_a_host_is_not_evaded(
    gate: Gate, serve: Serve, ruled: str, named: str
) -> None:
    write(NOTHING + RULE % (f"{ruled}/**", "block"))
    with serve(BAD) as sandbox:
        result = check(gate, sandbox, f"{named}/web/shop@{DIGEST}", "--region", "cn-hangzhou")
    assert 10 == result.code


def test_by_tag_alone_an_enterprise_instance_must_be_named(gate: Gate, serve: Serve) -> None:
    write(BLOCK + BY_TAG)
    good = image("1", SampleFinding(risk="apk", status="ignored"), instance="cri-1")
    named = f"shop-registry.cn-hangzhou.cr.aliyuncs.com/web/shop:{good.tag}"
    with serve(good) as sandbox:
        result = check(gate, sandbox, named)
        chosen = check(gate, sandbox, named, "--instance", "cri-1")
        other = check(gate, sandbox, named, "--instance", "cri-2")
    assert (3, "ambiguous") == (result.code, result.image["reason"])
    assert "--instance" in result.image["message"]
    assert (0, 3) == (chosen.code, other.code)


def test_by_tag_alone_another_kind_of_registry_needs_a_digest(gate: Gate, serve: Serve) -> None:
    write(BLOCK + BY_TAG)
    good = image("1", SampleFinding(risk="apk", status="ignored"))
    named = "harbor.example.com/web/shop:1"
    with serve(good) as sandbox:
        result = check(gate, sandbox, named, "--region", "cn-hangzhou")
        by_digest = check(gate, sandbox, f"{named}@{good.digest}", "--region", "cn-hangzhou")
    assert (3, "ambiguous") == (result.code, result.image["reason"])
    assert "--digest" in result.image["message"]
    assert 0 == by_digest.code


TAGS = ("legacy", "prod", "dev")
worlds = st.lists(
    st.tuples(st.sampled_from(TAGS), st.sampled_from("ab")), min_size=1, max_size=4, unique=True
).map(lambda made: [image(tag, build=build) for tag, build in made])
globs = st.sampled_from(
    ["web/shop:legacy", "web/*:prod", "**:dev", "web/**", f"{HOST}/web/shop:*", "web/shop"]
)
policies = st.builds(
    lambda head, rule, action, waiver: head + RULE % (rule, action) + WAIVER % waiver,
    st.sampled_from([BLOCK, NOTHING]),
    globs,
    st.sampled_from(["block", "warn", "allow"]),
    globs,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(worlds, policies)
def test_a_check_and_an_audit_judge_by_the_same_names(
    gate: Gate, serve: Serve, images: list[SampleImage], policy: str
) -> None:
    write(policy)
    with serve(*images) as sandbox:
        checked = check(gate, sandbox, *map(reference, images))
        alone = [check(gate, sandbox, reference(one)) for one in images]
        audited = gate("audit", "--endpoint", sandbox.url, "--format", "json")
    by_record = [decisions(result.report) for result in (checked, audited)]
    assert by_record[0] == by_record[1]
    assert by_record[0] == {
        key: one for each in alone for key, one in decisions(each.report).items()
    }


def decisions(report: object) -> dict[tuple[str, str], list[str]]:
    return {
        (one["image"]["tag"], one["digest"]): [each["decision"] for each in one["findings"]]
        for one in report["images"]  # type: ignore[index]
    }
