from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gate.sandbox import HOUR, SampleIndex, sample_world
from gate.sandbox.scan_records import Record, record_of

if TYPE_CHECKING:
    from gate.sandbox import World


def _record(world: World, name: str, elapsed: float = 0) -> Record:
    record = record_of(world.find(name), elapsed)
    assert record is not None
    return record


def _open(record: Record) -> list[str]:
    levels = {check.key: check.level for check in sample_world().checks}
    return [levels[one.risk] for one in record.findings if one.status == "unhandled"]


def test_each_call_makes_an_equal_world_of_its_own() -> None:
    first, second = sample_world(), sample_world()
    assert first == second
    first.remove(first.find("shop/web:1.4"))
    assert first != second


@pytest.mark.parametrize(
    ("name", "worst"),
    [
        ("shop/web:1.4", "high"),
        ("shop/api:2.0", None),
        ("shop/worker:1.0", "low"),
        ("shop/bulk:1.0", "high"),
        ("shop/stale:1.0", None),
        ("shop/cart:latest", None),
        ("shop/web-admin:1.0", "medium"),
        ("shop/myweb:1.0", None),
        ("webshop/web:1.4", "medium"),
    ],
)
def test_finished_images_have_the_findings_of_their_story(name: str, worst: str | None) -> None:
    record = _record(sample_world(), name)
    assert record.state.scan == "SUCCESS"
    order = ["high", "medium", "low"]
    assert worst == min(_open(record), key=order.index, default=None)


def test_finished_scans_are_settled_and_follow_the_push() -> None:
    for image in sample_world().records():
        record = record_of(image, 0)
        if record is not None and record.last_scan is not None:
            assert image.pushed < record.last_scan <= -2 * HOUR


def test_the_web_image_holds_a_secret_and_handled_findings() -> None:
    record = _record(sample_world(), "shop/web:1.4")
    assert any("PASSWORD" in finding.command for finding in record.findings)
    assert {finding.status for finding in record.findings} == {
        "unhandled",
        "ignored",
        "false_positive",
    }


def test_the_batch_scan_ends_after_five_seconds() -> None:
    world = sample_world()
    states = [_record(world, "shop/batch:3.1", at).state.scan for at in (0, 4.9, 5)]
    assert states == ["DOWNLOAD", "CVE_ANALYZER", "SUCCESS"]


def test_the_unfinished_have_their_reasons() -> None:
    world = sample_world()
    assert _record(world, "shop/legacy:0.9").state.scan == "FAIL"
    assert _record(world, "shop/unsupported:1.0").state.result == "TASK_NOT_SUPPORT_REGION"
    assert record_of(world.find("shop/ghost:1.0"), 1e9) is None


def test_checks_that_are_off_found_nothing() -> None:
    world = sample_world()
    off = {check.key for check in world.checks if not check.selected}
    risks = {finding.risk for image in world.records() for finding in image.findings}
    assert len(off) == 2
    assert risks <= {check.key for check in world.checks} - off


def test_an_index_has_a_clean_and_a_blocked_platform() -> None:
    (index,) = sample_world().indexes
    assert isinstance(index, SampleIndex)
    assert {image.platform: len(image.findings) for image in index.images} == {
        "linux/amd64": 0,
        "linux/arm64": 1,
    }


def test_every_check_is_named_in_both_languages() -> None:
    for check in sample_world().checks:
        assert all((check.name.en, check.name.zh, check.advice.en, check.advice.zh))


def test_data_alone_needs_neither_server_nor_parser() -> None:
    program = (
        "import sys, gate.sandbox as s; s.sample_world().records(); "
        "print([name for name in ('aiohttp', 'ruamel') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
