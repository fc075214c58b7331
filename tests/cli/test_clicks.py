"""What somebody clicked away in the console is said, in every command that judges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.sandbox import SampleFinding, SampleImage, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox
    from tests.rigs.command import Result

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

HOST = "registry.cn-hangzhou.aliyuncs.com"
ROOT = SampleFinding(risk="no_user", command="USER root")
IGNORED = SampleFinding(risk="no_user", command="USER root", status="ignored")
FALSE = SampleFinding(risk="sudo", command="RUN sudo make", status="false_positive")
LOW = SampleFinding(risk="apk", command="RUN apk add curl", status="ignored")
ONE = (
    "1 finding passes only because somebody clicked it away in the console, without a waiver: "
    "no_user of shop/web:1 (ignored)."
)
TWO = (
    "2 findings pass only because somebody clicked them away in the console, without a waiver: "
    "no_user of shop/web:1 (ignored), sudo of shop/web:1 (false_positive)."
)


def image(*findings: SampleFinding, repository: str = "web") -> SampleImage:
    return SampleImage(
        namespace="shop",
        repository=repository,
        tag="1",
        timeline=(State(after=-7200),),
        findings=findings,
        build="the same digest",
    )


def clicks(result: Result) -> list[str]:
    return [note for note in result.report["notes"] if "clicked" in note]


@pytest.mark.parametrize("command", ["check", "manifests", "audit"])
def test_what_passes_only_by_a_click_is_noted(gate: Gate, serve: Serve, command: str) -> None:
    with serve(image(IGNORED, FALSE, LOW)) as sandbox:
        digest = sandbox.world.images[0].digest
        Path("pod.yaml").write_text(f"image: {HOST}/shop/web:1@{digest}\n", encoding="utf-8")
        target = {
            "check": [f"{HOST}/shop/web:1@{digest}"],
            "manifests": ["pod.yaml"],
            "audit": [],
        }[command]
        result = gate(command, "--endpoint", sandbox.url, "--format", "json", *target)
    assert [TWO] == clicks(result)
    assert 0 == result.code


@pytest.mark.parametrize(
    ("noted", "policy"),
    [
        ([ONE], "block: {levels: [high], statuses: [unhandled]}"),
        ([], "block: {levels: [high], statuses: [unhandled, ignored]}"),
        ([], "block: {levels: [], statuses: []}"),
        (
            [],
            (
                "block: {levels: [high], statuses: [unhandled]}\n"
                "waivers: [{risks: [no_user], images: [shop/*], reason: r, expires: 2999-01-01}]"
            ),
        ),
        (
            [],
            (
                "block: {levels: [high], statuses: [unhandled]}\n"
                "rules: [{match: {risks: [no_user]}, action: allow, reason: r}]"
            ),
        ),
    ],
)
def test_what_would_not_block_unhandled_or_blocks_anyway_is_not(
    gate: Gate, serve: Serve, noted: list[str], policy: str
) -> None:
    Path("p.yaml").write_text(f"version: 1\n{policy}\n", encoding="utf-8")
    with serve(image(IGNORED)) as sandbox:
        result = gate("audit", "--endpoint", sandbox.url, "--format", "json", "-p", "p.yaml")
    assert noted == clicks(result)


def test_at_most_five_are_named(gate: Gate, serve: Serve) -> None:
    with serve(*(image(IGNORED, repository=f"app-{at}") for at in range(7))) as sandbox:
        [note] = clicks(gate("audit", "--endpoint", sandbox.url, "--format", "json"))
    assert note.startswith("7 findings pass only because")
    assert note.endswith("no_user of shop/app-4:1 (ignored) and 2 more.")


def compared(gate: Gate, serve: Serve, before: SampleImage, after: SampleImage) -> list[str]:
    with serve(before) as sandbox:
        first = gate("audit", "--endpoint", sandbox.url, "--format", "json")
        Path("before.json").write_text(json.dumps(first.report), encoding="utf-8")
        sandbox.world.put(after)
        command = ("audit", "--endpoint", sandbox.url, "--format", "json")
        again = gate(*command, "--compare", "before.json")
    since = f"Since the report of {first.report['generated_at']}, "
    return [note.removeprefix(since) for note in clicks(again) if note.startswith(since)]


def test_what_was_clicked_away_since_an_earlier_report_is_said(gate: Gate, serve: Serve) -> None:
    notes = compared(gate, serve, image(ROOT, FALSE), image(IGNORED, FALSE))
    assert ["clicked away in the console: 1 finding (shop/web:1 no_user, ignored)."] == notes


def test_what_is_no_longer_clicked_away_is_said(gate: Gate, serve: Serve) -> None:
    notes = compared(gate, serve, image(IGNORED, FALSE), image(ROOT, FALSE))
    assert ["no longer clicked away: 1 finding (shop/web:1 no_user, unhandled)."] == notes


def test_another_digest_is_not_compared(gate: Gate, serve: Serve) -> None:
    other = SampleImage(
        namespace="shop",
        repository="web",
        tag="1",
        timeline=(State(after=-7200),),
        findings=(IGNORED,),
        build="another",
    )
    assert [] == compared(gate, serve, image(ROOT), other)


def test_a_report_of_an_older_gate_has_no_clicks(gate: Gate, serve: Serve) -> None:
    """What it doesn't say is not known, so nothing is said."""
    with serve(image(IGNORED)) as sandbox:
        first = gate("audit", "--endpoint", sandbox.url, "--format", "json").report
        del first["images"][0]["image"]["digest"]
        Path("before.json").write_text(json.dumps(first), encoding="utf-8")
        command = ("audit", "--endpoint", sandbox.url, "--format", "json")
        again = gate(*command, "--compare", "before.json")
    assert [ONE] == clicks(again)
