from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from gate.sandbox import SampleFinding, SampleImage, Sandbox, State, World, sample_world

if TYPE_CHECKING:
    from tests.sandbox.conftest import Asker, HandClock

pytestmark = pytest.mark.anyio


def _image(repository: str = "ghost", **more: Any) -> SampleImage:
    return SampleImage(namespace="shop", repository=repository, tag="1", **{"timeline": (), **more})


async def _scan(ask: Asker, sandbox: Sandbox, *images: SampleImage, **more: object) -> Any:
    described = [
        {
            "registryType": image.registry_type,
            "repoId": image.repo_id,
            "instanceId": image.instance,
            "regionId": image.region,
            "repoNamespace": image.namespace,
            "repoName": image.repository,
            "digest": image.bare_digest,
            "tag": image.tag,
            **more,
        }
        for image in images
    ]
    answer = await ask(sandbox, "PublicSyncAndCreateImageScanTask", Images=json.dumps(described))
    assert answer.status == 200
    return answer.json["Data"]


async def _record(ask: Asker, sandbox: Sandbox, image: SampleImage) -> Any:
    criteria = json.dumps([{"name": "digest", "value": image.bare_digest}])
    answer = await ask(sandbox, "DescribeImageInstances", Criteria=criteria)
    rows = answer.json["ImageInstanceList"]
    return rows[0] if rows else None


async def _task(ask: Asker, sandbox: Sandbox, image: SampleImage) -> Any:
    answer = await ask(sandbox, "DescribeImageLatestScanTask", Digest=image.bare_digest)
    tasks = answer.json["Task"]
    return tasks[0] if tasks else None


async def test_a_scan_on_request_makes_an_unknown_image_known(ask: Asker, clock: HandClock) -> None:
    image = _image(findings=(SampleFinding(),))
    async with Sandbox(World.of(image), now=clock) as sandbox:
        assert await _record(ask, sandbox, image) is None
        assert await _task(ask, sandbox, image) is None
        clock.forward(10)
        data = await _scan(ask, sandbox, image)
        assert (data["CanCreate"], data["Result"], data["TotalCount"]) == (True, "SUCCESS", 1)
        assert await _record(ask, sandbox, image) is None
        states = []
        for _ in range(3):
            clock.forward(1)
            record, task = (
                await _record(ask, sandbox, image),
                await _task(ask, sandbox, image),
            )
            assert data["TaskId"] == task["TaskId"]
            states.append((record["ScaStatus"], record["ScaProgress"], task["Status"]))
        assert states == [
            ("PRE_ANALYZER", 30, "MESSAGE_SEND"),
            ("CVE_ANALYZER", 70, "PRE_ANALYZER"),
            ("SUCCESS", 100, "SUCCESS"),
        ]
        assert round(clock().timestamp() * 1000) == record["LastScanTime"] == task["FinishTime"]
        assert record["RiskStatus"] == "YES"


async def test_an_image_that_is_being_scanned_is_not_scanned_twice(
    ask: Asker, clock: HandClock
) -> None:
    requested, own = _image(), _image("own", timeline=(State(after=-5, scan="START"),))
    async with Sandbox(World.of(requested, own), now=clock) as sandbox:
        first = await _scan(ask, sandbox, requested)
        again = await _scan(ask, sandbox, requested)
        assert again["Result"] == "forbid_create_repeat_task"
        assert first["TaskId"] == again["TaskId"]
        assert (await _scan(ask, sandbox, own))["Result"] == "forbid_create_repeat_task"
        assert (await _task(ask, sandbox, own))["Status"] == "START"


async def test_ten_tasks_run_at_a_time(ask: Asker, clock: HandClock) -> None:
    images = [_image(f"r{number}") for number in range(12)]
    async with Sandbox(World.of(*images), now=clock) as sandbox:
        could = [(await _scan(ask, sandbox, image))["CanCreate"] for image in images]
        assert could == [True] * 10 + [False] * 2
        clock.forward(sandbox.world.scan_seconds)
        assert (await _scan(ask, sandbox, images[10]))["CanCreate"]


async def test_the_slots_may_be_taken_by_others(ask: Asker, clock: HandClock) -> None:
    image = _image()
    world = World.of(image)
    world.busy_slots, world.busy_until = 10, 60
    async with Sandbox(world, now=clock) as sandbox:
        data = await _scan(ask, sandbox, image)
        assert (data["CanCreate"], data["TaskId"]) == (False, "")
        clock.forward(60)
        assert (await _scan(ask, sandbox, image))["CanCreate"]


async def test_an_unsupported_region_is_said_in_the_answer_and_in_the_record(
    ask: Asker, clock: HandClock
) -> None:
    image = _image(supported=False)
    async with Sandbox(World.of(image), now=clock) as sandbox:
        data = await _scan(ask, sandbox, image)
        assert (data["Result"], data["Status"]) == ("TASK_NOT_SUPPORT_REGION", "FAIL")
        assert (await _record(ask, sandbox, image))["ScaResult"] == "TASK_NOT_SUPPORT_REGION"


async def test_a_requested_scan_may_fail_before_it_succeeds(ask: Asker, clock: HandClock) -> None:
    image = _image(failing_scans=1)
    async with Sandbox(World.of(image), now=clock) as sandbox:
        for expected in ("FAIL", "SUCCESS"):
            await _scan(ask, sandbox, image)
            clock.forward(3)
            assert expected == (await _record(ask, sandbox, image))["ScaStatus"]
            assert expected == (await _task(ask, sandbox, image))["Status"]


async def test_an_image_that_is_nowhere_cannot_be_scanned(ask: Asker, clock: HandClock) -> None:
    later, absent = _image(pushed=5), _image("absent", in_registry=False)
    async with Sandbox(World.of(later, absent), now=clock) as sandbox:
        for image in (later, absent):
            assert (await _scan(ask, sandbox, image))["Result"] == "TASK_NOT_EXISTS"
        clock.forward(5)
        prefixed = await _scan(ask, sandbox, later, digest=later.digest)
        assert prefixed["Result"] == "TASK_NOT_EXISTS"
        assert (await _scan(ask, sandbox, later))["Result"] == "SUCCESS"


async def test_without_a_digest_the_newest_image_of_the_tag_is_scanned(
    ask: Asker, clock: HandClock
) -> None:
    async with Sandbox(sample_world(), now=clock) as sandbox:
        newest = sandbox.world.find("shop/cart:latest")
        data = await _scan(ask, sandbox, newest, digest="")
        assert data["TotalCount"] == 1
        assert data["TaskId"] == (await _task(ask, sandbox, newest))["TaskId"]


async def test_a_scan_of_known_images_is_counted_and_started(ask: Asker, clock: HandClock) -> None:
    async with Sandbox(sample_world(), now=clock) as sandbox:
        parameters = {"RepoNamespaces": "shop", "RepoNames": "stale,ghost", "Tags": "1.0"}
        cost = await ask(sandbox, "PublicPreCheckImageScanTask", **parameters)
        assert cost.json["Data"] == {"NeedAuthCount": 0, "ScanImageCount": 2}
        started = await ask(sandbox, "PublicCreateImageScanTask", **parameters)
        assert started.json["Data"]["Result"] == "SUCCESS"
        assert started.json["Data"]["TotalCount"] == 1
        clock.forward(3)
        record = await _record(ask, sandbox, sandbox.world.find("shop/stale:1.0"))
        assert round(clock().timestamp() * 1000) == record["LastScanTime"]


@pytest.mark.parametrize(
    ("scan", "expected"),
    [("TIMEOUT", "TIMOUT"), ("FAIL", "FAIL"), ("DOWNLOAD", "PROCESSING")],
)
async def test_a_task_has_words_of_its_own(ask: Asker, scan: str, expected: str) -> None:
    image = _image(timeline=(State(after=-9, scan=scan),))
    async with Sandbox(World.of(image)) as sandbox:
        task = await _task(ask, sandbox, image)
    assert expected == task["Status"]
    assert ("FinishTime" in task) is (expected != "PROCESSING")
