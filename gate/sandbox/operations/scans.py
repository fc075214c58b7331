"""Requesting scans, and watching them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.sandbox.parameters import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.sandbox.call import Answer, Call
    from gate.sandbox.sample_images import SampleImage
    from gate.sandbox.scan_records import Record

# Words for a task's Status, by those for ScaStatus where they differ.
_TASK_WORDS = {"TIMEOUT": "TIMOUT"}
_SAME_WORDS = frozenset({"START", "MESSAGE_SEND", "PRE_ANALYZER", "SUCCESS", "FAIL"})

# Parameters that list the values of a criterion.
_LISTS = {
    "RegistryTypes": "registryType",
    "RepoIds": "repoId",
    "InstanceIds": "instanceId",
    "RepoNamespaces": "repoNamespace",
    "RegionIds": "regionId",
    "RepoNames": "repoName",
    "Digests": "digest",
    "Tags": "tag",
}


def sync_and_scan(call: Call) -> Answer:
    """Answer PublicSyncAndCreateImageScanTask: of any image that is in the registry."""
    call.parameters.required("Images")
    wanted: dict[str, SampleImage] = {}
    described = call.parameters.json_list("Images")
    for one in described:
        for image in _described(call, one):
            wanted[image.uuid] = image
    return _ask(call, list(wanted.values()))


def scan_known(call: Call) -> Answer:
    """Answer PublicCreateImageScanTask: only images that Security Center knows."""
    return _ask(call, _listed(call, [record.image for record in call.records]))


def count(call: Call) -> Answer:
    """Answer PublicPreCheckImageScanTask: what a scan would cost, of unknown images too."""
    return {"Data": {"NeedAuthCount": 0, "ScanImageCount": len(_listed(call, _there(call)))}}


def latest_task(call: Call) -> Answer:
    """Answer DescribeImageLatestScanTask."""
    digest = f"sha256:{call.parameters.required('Digest').removeprefix('sha256:')}"
    task = call.tasks.latest(digest)
    if task is not None:
        status, times = task.status(call.elapsed), (task.started, task.ends)
        return {"Task": [_task_row(call, task.id, digest, status, times)]}
    known = call.records if call.readings.tasks == "all" else ()
    records = [
        record for record in known if record.image.digest == digest and record.image.tells_task
    ]
    return {"Task": [_own_task(call, record) for record in records[-1:]]}


def _described(call: Call, description: dict[str, object]) -> list[SampleImage]:
    """Find the images that one object of ``Images`` is about: by digest, else by tag."""
    if not (description.get("repoName") and description.get("repoNamespace")):
        raise Refusal(400, "IllegalParam", "Images needs repoNamespace and repoName.")
    images = [one for one in _there(call) if _is(one, description)]
    if description.get("digest"):
        return images
    newest = max((one.pushed for one in images), default=0.0)
    return [one for one in images if one.pushed == newest]


def _is(image: SampleImage, description: dict[str, object]) -> bool:
    criteria = image.criteria.items()
    return all(not description.get(name) or description[name] == value for name, value in criteria)


def _there(call: Call) -> Iterable[SampleImage]:
    """Return the images that the registry holds, or that Security Center knows anyway."""
    recorded = {record.image.uuid for record in call.records}
    return [
        image
        for image in call.world.records()
        if (image.in_registry and image.pushed <= call.elapsed) or image.uuid in recorded
    ]


def _listed(call: Call, images: Iterable[SampleImage]) -> list[SampleImage]:
    """Return the images that the comma-separated lists of the request let through."""
    lists = {name: call.parameters.words(of) for of, name in _LISTS.items()}
    wanted = {name: values for name, values in lists.items() if values}
    return [
        image
        for image in images
        if all(image.criteria[name] in values for name, values in wanted.items())
    ]


def _ask(call: Call, images: list[SampleImage]) -> Answer:
    reply = call.tasks.ask(call.world, images, call.elapsed)
    task = reply.task
    waiting = task is not None or not reply.can_create
    return {
        "Data": {
            "TaskId": task.id if task else "",
            "Status": "INIT" if waiting else "FAIL",
            "Result": reply.result,
            "Progress": 0,
            "TotalCount": len(images),
            "FinishCount": 0,
            "CanCreate": reply.can_create,
            "CollectTime": call.stamp(call.elapsed),
            "ExecTime": call.stamp(task.started) if task else 0,
        }
    }


def _own_task(call: Call, record: Record) -> dict[str, object]:
    """Describe the scan that a record's own timeline shows."""
    word = record.state.scan
    status = _TASK_WORDS.get(word, word if word in _SAME_WORDS else "PROCESSING")
    times = record.scan_began, record.state.after
    return _task_row(call, f"own-{record.image.uuid}", record.image.digest, status, times)


def _task_row(
    call: Call, task: str, digest: str, status: str, times: tuple[float, float]
) -> dict[str, object]:
    started, ends = times
    done = status in {"SUCCESS", "FAIL", "TIMOUT"}
    row: dict[str, object] = {
        "TaskId": task,
        "TaskType": "IMAGE_SCAN",
        "Status": status,
        "Target": digest.removeprefix("sha256:"),
        "TargetType": "IMAGE",
        "Source": "sandbox",
        "StartTime": call.stamp(started),
        "Finish": int(done),
    }
    if done:
        row["FinishTime"] = call.stamp(ends)
    return row
