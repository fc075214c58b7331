"""What Security Center knows of images and of repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.sandbox.parameters import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gate.sandbox.call import Answer, Call
    from gate.sandbox.sample_images import SampleImage
    from gate.sandbox.scan_records import Record

# Names of criteria whose values are places, compared as the reading says; all others are exact.
_NAMES = frozenset({"repoName", "repoNamespace"})

# A sample image has build risks and nothing else.
_NO_OTHER_RISKS = {
    "VulCount": 0,
    "VulStatus": "NO",
    "AlarmCount": 0,
    "AlarmStatus": "NO",
    "HcCount": 0,
    "HcStatus": "NO",
}


def images(call: Call) -> Answer:
    """Answer DescribeImageInstances."""
    fits = _criteria(call)
    scanned = call.parameters.boolean("Scanned")

    def records() -> list[Record]:
        return [
            record
            for record in call.records
            if fits(record.image) and scanned in {None, record.last_scan is not None}
        ]

    rows, info = call.page(call.once(records))
    return {
        "ImageInstanceList": [_image_row(call, record) for record in rows],
        "PageInfo": {**info, "Count": len(rows)},
    }


def repositories(call: Call) -> Answer:
    """Answer DescribeImageRepoDetailList: a repository is known before its images are."""
    fits = _criteria(call)
    places: dict[tuple[str, str, str, str], list[SampleImage]] = {}
    for image in call.world.records():
        if image.repository_known and image.pushed <= call.elapsed and fits(image):
            place = (image.registry_type, image.region, image.instance, image.name)
            places.setdefault(place, []).append(image)
    rows, info = call.page(list(places.values()))
    return {
        "ImageRepoResponses": [_repository_row(call, of) for of in rows],
        "PageInfo": {**info, "Count": len(rows)},
    }


def _criteria(call: Call) -> Callable[[SampleImage], bool]:
    """Return the test that ``Criteria`` and ``LogicalExp`` describe.

    Where ``LogicalExp`` is left out, each condition is joined by its own ``logicalExp``.
    """
    conditions = [_condition(one) for one in call.parameters.json_list("Criteria")]
    joined_by = call.parameters.choice("LogicalExp", {"AND", "OR"})

    def fits(image: SampleImage) -> bool:
        result = True
        values = _values(call, image) if conditions else {}
        for number, (name, wanted, own) in enumerate(conditions):
            if name not in values:
                raise Refusal(400, "IllegalParam", f"Criteria has the unknown name {name!r}.")
            value = values[name]
            holds = call.matches(wanted, value) if name in _NAMES else wanted == value
            if number == 0:
                result = holds
            elif (joined_by or own) == "AND":
                result = result and holds
            else:
                result = result or holds
        return result

    return fits


def _values(call: Call, image: SampleImage) -> dict[str, str]:
    values = {**image.criteria, "imageId": image.bare_digest, "uuid": image.uuid}
    if call.readings.digest_criterion == "prefixed":
        values["digest"] = image.digest
    return values


def _condition(condition: dict[str, object]) -> tuple[str, str, str]:
    name, value = condition.get("name"), condition.get("value")
    joined = condition.get("logicalExp") or "OR"
    if not (isinstance(name, str) and isinstance(value, str)) or joined not in {"AND", "OR"}:
        raise Refusal(
            400, "IllegalParam", "Criteria needs name, value and logicalExp (AND or OR) as texts."
        )
    return name, value, str(joined)


def _image_row(call: Call, record: Record) -> dict[str, object]:
    image, state = record.image, record.state
    row: dict[str, object] = {
        "Uuid": image.uuid,
        "RegionId": image.region,
        "InstanceId": image.instance,
        "RegistryType": image.registry_type,
        "RepoId": image.repo_id,
        "RepoNamespace": image.namespace,
        "RepoName": image.repository,
        "RepoType": "PRIVATE",
        "Tag": image.tag,
        "Digest": call.digest(image.digest),
        "ImageId": image.bare_digest,
        "ImageCreate": str(call.stamp(image.pushed)),
        "ImageUpdate": str(call.stamp(image.pushed)),
        "ImageSize": str(image.size),
        "Endpoints": _endpoint(call, image),
        "ScaStatus": state.scan,
        "ScaProgress": state.shown_progress,
        "RiskStatus": "YES" if record.findings else "NO",
        "Status": "NORMAL",
        "Deployed": 0,
        **_NO_OTHER_RISKS,
    }
    if state.result:
        row["ScaResult"] = state.result
    if record.last_scan is not None:
        row["LastScanTime"] = call.stamp(record.last_scan)
    return row


def _repository_row(call: Call, images: Sequence[SampleImage]) -> dict[str, object]:
    image = images[0]
    risky = {record.image.uuid for record in call.records if record.findings}
    affected = sum(one.uuid in risky for one in images)
    return {
        "RepoId": image.repo_id,
        "InstanceId": image.instance,
        "RegionId": image.region,
        "RegistryType": image.registry_type,
        "RepoNamespace": image.namespace,
        "RepoName": image.repository,
        "Endpoints": _endpoint(call, image),
        "ImageCount": len(images),
        "HasRiskImageCount": affected,
        "RiskStatus": "YES" if affected else "NO",
        **_NO_OTHER_RISKS,
    }


def _endpoint(call: Call, image: SampleImage) -> str:
    host = call.world.host if image.host is None else image.host
    return f"{host}/{image.name}"
