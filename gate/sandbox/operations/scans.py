"""Asking for scans, and watching them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.sandbox.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.sandbox.call import Answer, Call
    from gate.sandbox.sample_images import SampleImage
    from gate.sandbox.scan_records import Record
    from gate.sandbox.tasks import ScanReply, Task

# Words for a task's Status, by those for ScaStatus where they differ.
_TASK_WORDS = {"TIMEOUT": "TIMOUT"}
_SAME_WORDS = frozenset({"START", "MESSAGE_SEND", "PRE_ANALYZER", "SUCCESS", "FAIL"})


def sync_and_scan(call: Call) -> Answer:
    """Answer PublicSyncAndCreateImageScanTask: any image that is in the registry will do."""
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
        return {"Task": [_asked_task(call, task, digest)]}
    records = [record for record in call.records if record.image.digest == digest]
    return {"Task": [_own_task(call, record) for record in records[-1:]]}


def _described(call: Call, description: dict[str, object]) -> list[SampleImage]:
    """Find the images that one object of ``Images`` is about: by digest, else by tag."""
    if not (description.get("repoName") and description.get("repoNamespace")):
        raise Refusal(400, "IllegalParam", "Images needs repoNamespace and repoName.")
    found = [one for one in _there(call) if _is(one, description)]
    if description.get("digest"):
        return found
    newest = max((one.pushed for one in found), default=0.0)
    return [one for one in found if one.pushed == newest]


def _is(image: SampleImage, description: dict[str, object]) -> bool:
    values = {
        "registryType": image.registry_type,
        "repoId": image.repo_id,
        "instanceId": image.instance,
        "repoNamespace": image.namespace,
        "regionId": image.region,
        "repoName": image.repository,
        "digest": image.bare_digest,
        "tag": image.tag,
    }
    return all(not description.get(name) or description[name] == of for name, of in values.items())


def _there(call: Call) -> Iterable[SampleImage]:
    """Return the images that the registry holds, or that Security Center knows anyway."""
    known = {record.image.uuid for record in call.records}
    return [
        image
        for image in call.world.records()
        if (image.in_registry and image.pushed <= call.elapsed) or image.uuid in known
    ]


def _listed(call: Call, images: Iterable[SampleImage]) -> list[SampleImage]:
    """Return the images that the comma-separated lists of the request let through."""
    lists = {
        name: call.parameters.words(name)
        for name in (
            "RegistryTypes",
            "RepoIds",
            "InstanceIds",
            "RepoNamespaces",
            "RegionIds",
            "RepoNames",
            "Digests",
            "Tags",
        )
    }
    return [
        image
        for image in images
        if all(not lists[name] or value in lists[name] for name, value in _columns(image).items())
    ]


def _columns(image: SampleImage) -> dict[str, str]:
    return {
        "RegistryTypes": image.registry_type,
        "RepoIds": image.repo_id,
        "InstanceIds": image.instance,
        "RepoNamespaces": image.namespace,
        "RegionIds": image.region,
        "RepoNames": image.repository,
        "Digests": image.bare_digest,
        "Tags": image.tag,
    }


def _ask(call: Call, images: list[SampleImage]) -> Answer:
    outcome = call.tasks.ask(call.world, images, call.elapsed)
    return {"Data": _outcome(call, outcome, len(images))}


def _outcome(call: Call, outcome: ScanReply, count: int) -> dict[str, object]:
    task = outcome.task
    waiting = task is not None or not outcome.can_create
    return {
        "TaskId": task.id if task else "",
        "Status": "INIT" if waiting else "FAIL",
        "Result": outcome.result,
        "Progress": 0,
        "TotalCount": count,
        "FinishCount": 0,
        "CanCreate": outcome.can_create,
        "CollectTime": call.stamp(call.elapsed),
        "ExecTime": call.stamp(task.started) if task else 0,
    }


def _asked_task(call: Call, task: Task, digest: str) -> dict[str, object]:
    return _task_row(
        call, task.id, digest, task.status(call.elapsed), started=task.started, ends=task.ends
    )


def _own_task(call: Call, record: Record) -> dict[str, object]:
    """Describe the scan that a record's own timeline tells of."""
    word = record.state.scan
    status = _TASK_WORDS.get(word, word if word in _SAME_WORDS else "PROCESSING")
    return _task_row(
        call,
        f"own-{record.image.uuid}",
        record.image.digest,
        status,
        started=record.scan_began,
        ends=record.state.after,
    )


def _task_row(  # noqa: PLR0913 - the columns of a task
    call: Call, task: str, digest: str, status: str, *, started: float, ends: float
) -> dict[str, object]:
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
