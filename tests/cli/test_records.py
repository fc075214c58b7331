"""Records, as the commands write them and the sandbox plays them."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from gate.cli.sandbox import read_world
from gate.report import FORMATS
from tests.rigs.command import HOST

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from gate.sandbox import Sandbox
    from tests.rigs.command import Result

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

AUDIT = ("audit", "--region", "cn-hangzhou")


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def evidence(record: dict[str, Any]) -> dict[str, str]:
    """Return the word of each image, by its name without host and digest."""
    return {
        image["reference"].removeprefix(f"{HOST}/").partition("@")[0]: image["evidence"]
        for image in record["images"]
    }


def test_an_audit_records_every_image_whole(gate: Gate, tmp_path: Path) -> None:
    result = gate(*AUDIT, "--sandbox", "--report", "cases=audit.cases", "--format", "json")
    record = read(tmp_path / "audit.cases")

    assert 10 == result.code
    assert {"pass": 6, "block": 7, "undecided": 3} == Counter(
        image["verdict"] for image in result.report["images"]
    )
    assert [image["reference"] for image in result.report["images"]] == [
        image["reference"] for image in record["images"]
    ]
    assert {"complete": 13, "running": 1, "failed": 1, "unsupported": 1} == Counter(
        image["evidence"] for image in record["images"]
    )
    assert 130 == len(record["images"][3]["findings"])
    assert (True, "audit") == (
        record["recorded"]["sandbox"],
        record["recorded"]["scope"]["command"],
    )
    assert "no_user" in record["checks"]["on"]
    assert "yum_cache" not in record["checks"]["on"]


def test_a_record_is_a_format_of_standard_output_and_changes_nothing(gate: Gate) -> None:
    plain = gate(*AUDIT, "--sandbox", "--format", "json")
    record = json.loads(gate(*AUDIT, "--sandbox", "--format", "cases").out)

    assert "cases" in FORMATS
    assert len(plain.report["images"]) == len(record["images"])
    assert {"complete"} == set(evidence(record).values()) - {"running", "failed", "unsupported"}


def test_an_audit_records_which_part_it_is_of(gate: Gate) -> None:
    result = gate(*AUDIT, "--sandbox", "--repository", "shop/web", "--format", "cases")
    record = json.loads(result.out)

    scope = {"command": "audit", "namespace": "shop", "repository": "web"}
    assert scope == record["recorded"]["scope"]
    assert ["shop/web:1.4"] == list(evidence(record))


def test_a_check_reads_no_more_after_a_block(gate: Gate) -> None:
    named = [f"{HOST}/shop/{name}" for name in ("web:1.4", "api:2.0", "ghost:1.0")]
    result = gate("check", "--sandbox", "--wait", "0", "--format", "cases", *named)
    record = json.loads(result.out)

    assert 10 == result.code
    assert {
        "shop/web:1.4": "incomplete", "shop/api:2.0": "complete", "shop/ghost:1.0": "missing",
    } == evidence(record)  # fmt: skip
    assert 6 == len(record["images"][0]["findings"])
    assert ["1.4"] == record["images"][0]["tags"]


def test_a_check_of_what_blocks_alone_says_which_checks_are_on(gate: Gate) -> None:
    result = gate("check", "--sandbox", "--format", "cases", f"{HOST}/shop/web:1.4")

    assert "no_user" in json.loads(result.out)["checks"]["on"]


def test_a_policy_that_refuses_an_image_leaves_its_evidence_complete(
    gate: Gate, tmp_path: Path
) -> None:
    (tmp_path / "strict.yaml").write_text(
        "version: 1\nblock: {levels: [high], statuses: [unhandled]}\nscan: {max_age: 1d}\n"
    )
    result = gate(
        "check", "--sandbox", "-p", "strict.yaml", "--format", "cases", f"{HOST}/shop/stale:1.0"
    )
    [image] = json.loads(result.out)["images"]

    assert 3 == result.code
    assert "complete" == image["evidence"]
    assert int(image["scan"]["age"].removesuffix("s")) > 40 * 86400 - 60


def test_what_files_leave_unread_is_counted(gate: Gate, tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
        f"  - {{name: a, image: '{HOST}/shop/api:2.0'}}\n"
        f"  - {{name: b, image: '{HOST}/shop/{{{{ .Values.x }}}}'}}\n"
    )
    result = gate("manifests", "--sandbox", "--format", "cases", "pod.yaml")
    record = json.loads(result.out)

    assert 3 == result.code
    assert {"shop/api:2.0": "complete"} == evidence(record)
    assert (1, "manifests") == (
        record["recorded"]["unread"], record["recorded"]["scope"]["command"]
    )  # fmt: skip


def test_no_secret_of_a_build_command_is_recorded(gate: Gate) -> None:
    result = gate(*AUDIT, "--sandbox", "--format", "cases", "-v")

    assert "correct-horse" not in result.out
    assert "DB_PASSWORD" not in result.out


def test_the_sandbox_plays_what_was_recorded(gate: Gate, serve: Serve, tmp_path: Path) -> None:
    first = gate(*AUDIT, "--sandbox", "--report", "cases=audit.cases", "--format", "json").report
    with serve(world=read_world(tmp_path / "audit.cases")) as sandbox:
        second = gate("audit", "--endpoint", sandbox.url, "--format", "json").report

    def told(report: dict[str, Any]) -> list[tuple[str, str, str, int]]:
        return [
            (image["reference"], image["verdict"], image["reason"], image["counts"]["block"])
            for image in report["images"]
        ]

    assert told(first) == told(second)


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        ("evidence: service", "a.yaml:4:39: This can't be played"),
        ("evidense: stale", "a.yaml:4:5: Object contains unknown field"),
    ],
)
def test_the_sandbox_refuses_what_it_can_not_play(
    gate: Gate, tmp_path: Path, fact: str, message: str
) -> None:
    (tmp_path / "a.yaml").write_text(
        f"version: 1\nat: 2026-11-24\nimages:\n  - {{reference: shop/web:1, {fact}}}\n"
    )
    result = gate("sandbox", "--data", "a.yaml")

    assert 2 == result.code
    assert message in result.err
