"""The minute after the push, against the sandbox, from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.sandbox import Fault, Faults, SampleFinding, SampleImage, SampleIndex, State, World
from tests.rigs.command import HOST, Result, reference

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

HIGH = SampleFinding(risk="no_user", level="high")
ASK = "PublicSyncAndCreateImageScanTask"
UNKNOWN_FIRST = (
    State(after=1.0, scan="INIT"),
    State(after=2.0, scan="CVE_ANALYZER", progress=60),
    State(after=4.0),
)


def image(
    *timeline: State, tag: str = "1", findings: Sequence[SampleFinding] = (), **more: object
) -> SampleImage:
    return SampleImage(
        namespace="shop",
        repository="web",
        tag=tag,
        timeline=timeline,
        findings=tuple(findings),
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture(autouse=True)
def _settles_at_once(_workdir: None) -> None:
    settle(0)


def settle(seconds: int, more: str = "") -> None:
    Path(".buildrisk-gate.yaml").write_text(
        "version: 1\nblock: {levels: [high], statuses: [unhandled]}\n"
        f"scan: {{settle: {seconds}s, max_age: 7d, {more}}}\n"
    )


def judge(gate: Gate, sandbox: Sandbox, *arguments: str) -> Result:
    return gate("check", "--endpoint", sandbox.url, "--format", "json", *arguments)


def polls(sandbox: Sandbox) -> int:
    return sum(request.operation == "DescribeImageInstances" for request in sandbox.requests)


def asked(sandbox: Sandbox) -> int:
    return sum(request.operation == ASK for request in sandbox.requests)


def test_unknown_known_running_finished(gate: Gate, serve: Serve) -> None:
    pushed = image(*UNKNOWN_FIRST)
    with serve(pushed) as sandbox:
        result = judge(gate, sandbox, reference(pushed), "--wait", "20s")
    assert (0, "clean") == (result.code, result.image["reason"])
    assert "not known to Security Center yet" in result.err
    assert "gives up in" in result.err


def test_a_scan_that_fails_ends_the_wait(gate: Gate, serve: Serve) -> None:
    pushed = image(State(after=-5, scan="CVE_ANALYZER"), State(after=1, scan="FAIL"))
    with serve(pushed) as sandbox:
        result = judge(gate, sandbox, reference(pushed), "--wait", "5m")
    assert (3, "failed") == (result.code, result.image["reason"])


def test_a_scan_that_never_comes_is_given_up(gate: Gate, serve: Serve) -> None:
    pushed = image()
    with serve(pushed) as sandbox:
        result = judge(gate, sandbox, reference(pushed), "--wait", "3s")
    assert (3, "missing") == (result.code, result.image["reason"])
    assert "--scan missing" in result.image["message"]
    assert "quota" in result.image["message"]


def test_late_findings_are_found(gate: Gate, serve: Serve) -> None:
    """The scan ends; its high finding arrives 1.5 seconds later."""
    settle(2)
    pushed = image(
        State(after=-60, scan="INIT"), State(after=0.0), findings=(HIGH,), findings_after=1.5
    )
    with serve(pushed) as sandbox:
        result = judge(gate, sandbox, reference(pushed), "--wait", "0")
    assert (10, "blocked") == (result.code, result.image["reason"])


def test_a_young_clean_scan_is_read_twice(gate: Gate, serve: Serve) -> None:
    settle(2)
    pushed = image(State(after=-60, scan="INIT"), State(after=0.0))
    with serve(pushed) as sandbox:
        result = judge(gate, sandbox, reference(pushed), "--wait", "0")
    assert 0 == result.code
    by_key = [r.at for r in sandbox.requests if r.operation == "DescribeImageBuildRiskByKey"]
    assert (by_key[-1] - by_key[0]).total_seconds() >= 2


def test_scan_missing_asks_exactly_once(gate: Gate, serve: Serve) -> None:
    pushed = image()
    world = World.of(pushed)
    world.scan_seconds = 1.0
    with serve(world=world) as sandbox:
        result = judge(gate, sandbox, reference(pushed), "--scan", "missing", "--wait", "30s")
    assert (0, 1) == (result.code, asked(sandbox))


def test_scan_missing_asks_nothing_of_a_finished_scan(gate: Gate, serve: Serve) -> None:
    pushed = image(State())
    with serve(pushed) as sandbox:
        result = judge(gate, sandbox, reference(pushed), "--scan", "missing")
    assert (0, 0) == (result.code, asked(sandbox))


@pytest.mark.parametrize(
    "timeline", [(State(scan="FAIL"),), (State(after=-40 * 86400.0),)], ids=["failed", "stale"]
)
def test_scan_missing_includes_failed_and_old(
    gate: Gate, serve: Serve, timeline: tuple[State, ...]
) -> None:
    pushed = image(*timeline)
    world = World.of(pushed)
    world.scan_seconds = 1.0
    with serve(world=world) as sandbox:
        result = judge(gate, sandbox, reference(pushed), "--scan", "missing", "--wait", "30s")
    assert (0, 1) == (result.code, asked(sandbox))


def test_a_scan_that_fails_is_asked_for_at_most_once_more(gate: Gate, serve: Serve) -> None:
    pushed = image(failing_scans=5)
    world = World.of(pushed)
    world.scan_seconds = 0.5
    with serve(world=world) as sandbox:
        result = judge(gate, sandbox, reference(pushed), "--scan", "missing", "--wait", "30s")
    assert (3, "failed", 2) == (result.code, result.image["reason"], asked(sandbox))


def test_scan_always_accepts_only_a_newer_scan(gate: Gate, serve: Serve) -> None:
    pushed = image(State())
    world = World.of(pushed)
    world.scan_seconds = 1.0
    with serve(world=world) as sandbox:
        result = judge(gate, sandbox, reference(pushed), "--scan", "always", "--wait", "30s")
    assert (0, 1) == (result.code, asked(sandbox))
    assert result.image["scan"]["age_seconds"] < 30


def test_a_scan_that_runs_already_is_waited_for(gate: Gate, serve: Serve) -> None:
    pushed = image(State(), State(after=-5, scan="CVE_ANALYZER"), State(after=2.5))
    with serve(pushed) as sandbox:
        result = judge(gate, sandbox, reference(pushed), "--scan", "always", "--wait", "30s")
    assert (0, 1) == (result.code, asked(sandbox))


def test_nothing_is_asked_for_where_a_scan_does_not_help(gate: Gate, serve: Serve) -> None:
    with serve(image(State())) as sandbox:
        named = (f"{HOST}/shop/web:1", "--no-resolve", "--scan", "always")
        result = judge(gate, sandbox, *named)
    assert (3, "unidentified", 0) == (result.code, result.image["reason"], asked(sandbox))


def test_asking_for_a_scan_needs_its_permission(gate: Gate, serve: Serve) -> None:
    pushed = image()
    with serve(pushed, faults=Faults(Fault("denied", operations={ASK}))) as sandbox:
        result = judge(gate, sandbox, reference(pushed), "--scan", "missing", "--wait", "5m")
    assert (4, "access") == (result.code, result.image["reason"])
    assert ASK in result.image["message"]


def test_a_repository_that_is_not_known_cannot_be_scanned(gate: Gate, serve: Serve) -> None:
    pushed = image(repository_known=False)
    with serve(pushed) as sandbox:
        result = judge(gate, sandbox, reference(pushed), "--scan", "missing", "--wait", "3s")
    assert (3, "missing", 0) == (result.code, result.image["reason"], asked(sandbox))
    assert "does not know the repository" in result.image["message"]


def test_what_a_ci_job_scanned_is_no_repository_to_ask_a_scan_of(gate: Gate, serve: Serve) -> None:
    pushed = image(repository_known=False)
    ci = image(tag="ci", registry_type="CI/CD", in_registry=False)
    with serve(pushed, ci) as sandbox:
        named = f"harbor.example/shop/web:1@{pushed.digest}"
        result = judge(gate, sandbox, named, "--scan", "missing", "--wait", "0")
    assert (3, "missing", 0) == (result.code, result.image["reason"], asked(sandbox))


def test_two_repositories_of_one_name_need_an_instance(gate: Gate, serve: Serve) -> None:
    pushed = image()
    twin = image(tag="twin", instance="39010002")
    with serve(pushed, twin) as sandbox:
        arguments = (reference(pushed), "--scan", "missing", "--wait")
        unclear = judge(gate, sandbox, *arguments, "2s")
        clear = judge(gate, sandbox, *arguments, "30s", "--instance", "39010001")
    assert (3, "missing") == (unclear.code, unclear.image["reason"])
    assert "--instance" in unclear.image["message"]
    assert 0 == clear.code


def test_ten_busy_tasks_are_waited_out(gate: Gate, serve: Serve) -> None:
    pushed = image()
    world = World.of(pushed)
    world.scan_seconds, world.busy_slots, world.busy_until = 0.5, 10, 3.0
    with serve(world=world) as sandbox:
        result = judge(gate, sandbox, reference(pushed), "--scan", "missing", "--wait", "30s")
    assert 0 == result.code
    assert asked(sandbox) > 1


def test_an_unsupported_region_ends_the_wait(gate: Gate, serve: Serve) -> None:
    pushed = image(supported=False)
    with serve(pushed) as sandbox:
        result = judge(gate, sandbox, reference(pushed), "--scan", "missing", "--wait", "5m")
    assert (3, "unsupported") == (result.code, result.image["reason"])


def test_a_dry_run_asks_for_nothing_and_names_the_quota(gate: Gate, serve: Serve) -> None:
    pushed = image()
    with serve(pushed) as sandbox:
        result = judge(gate, sandbox, reference(pushed), "--scan", "missing", "--dry-run")
    assert (3, 0) == (result.code, asked(sandbox))
    assert "would use: 1 (new authorisations: 0)" in " ".join(result.report["notes"])


def test_twenty_images_take_no_more_polls_than_one(gate: Gate, serve: Serve) -> None:
    images = [image(*UNKNOWN_FIRST, tag=str(number)) for number in range(20)]
    with serve(*images) as sandbox:
        many = judge(gate, sandbox, *map(reference, images), "--wait", "20s")
        together = polls(sandbox)
    with serve(*images) as sandbox:
        one = judge(gate, sandbox, reference(images[0]), "--wait", "20s")
        alone = polls(sandbox)
    assert (0, 0) == (many.code, one.code)
    assert together <= alone


def test_a_block_ends_the_wait(gate: Gate, serve: Serve) -> None:
    pushed = image(State(after=-60), State(after=-5, scan="CVE_ANALYZER"), findings=(HIGH,))
    with serve(pushed) as sandbox:
        result = judge(gate, sandbox, reference(pushed), "--wait", "5m")
    assert (10, "running") == (result.code, result.image["scan"]["state"])


def test_throttling_while_waiting_is_endured(gate: Gate, serve: Serve) -> None:
    pushed = image(State(after=-5, scan="CVE_ANALYZER"), State(after=2))
    faults = Faults(Fault("throttling", skip=3, first=2, retry_after=100))
    with serve(pushed, faults=faults) as sandbox:
        result = judge(gate, sandbox, reference(pushed), "--wait", "3s")
    assert 0 == result.code


def test_each_platform_of_an_index_is_judged(gate: Gate, serve: Serve) -> None:
    amd = image(State(), build="amd", platform="linux/amd64")
    arm = image(build="arm", platform="linux/arm64")
    index = SampleIndex(namespace="shop", repository="web", tag="1", images=(amd, arm))
    with serve(world=World.of(index)) as sandbox:
        host = sandbox.url.removeprefix("http://")
        arguments = (f"{host}/shop/web:1", "--registry-host", host, "--wait", "0")
        both = judge(gate, sandbox, *arguments)
        settle(0, "platforms: [linux/amd64]")
        first = judge(gate, sandbox, *arguments)
    assert (3, ["clean", "missing"]) == (both.code, [i["reason"] for i in both.report["images"]])
    assert ["linux/amd64"] == [i["image"]["platform"] for i in first.report["images"]]
    assert 0 == first.code


def test_the_metadata_file_of_a_build_tells_the_digest(gate: Gate, serve: Serve) -> None:
    pushed = image(State())
    Path("metadata.json").write_text(f'{{"containerimage.digest": "{pushed.digest}"}}')
    with serve(pushed) as sandbox:
        named = f"{HOST}/shop/web:1"
        result = judge(gate, sandbox, named, "--metadata-file", "metadata.json")
        given = judge(gate, sandbox, named, "--digest", pushed.digest)
    assert (0, "digest") == (result.code, result.image["identified_by"])
    assert (0, "digest") == (given.code, given.image["identified_by"])


def test_the_older_digest_under_the_tag_is_not_the_image(gate: Gate, serve: Serve) -> None:
    old = image(State())
    new = image(build="newer", pushed=-10.0)
    with serve(old, new) as sandbox:
        result = judge(gate, sandbox, reference(new), "--wait", "0")
    assert (3, "missing") == (result.code, result.image["reason"])
    assert old.digest in result.image["message"]
