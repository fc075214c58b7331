"""Build risks: of an account, of an image, and the images that they affect."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec
from msgspec import Struct

from gate.sandbox.call import plain_result
from gate.sandbox.parameters import Refusal
from gate.sandbox.world import Bilingual, SampleCheck

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from gate.sandbox.call import Answer, Call
    from gate.sandbox.sample_images import SampleFinding
    from gate.sandbox.scan_records import Record

_WORST_FIRST = ("high", "medium", "low")
_LAST_STATUS = 2


class _Hit(Struct, frozen=True):
    """A finding, the record that has it, and the check that it comes from."""

    record: Record
    finding: SampleFinding
    check: SampleCheck

    @property
    def level(self) -> str:
        return self.finding.level or self.check.level


def images_by_risk(call: Call) -> Answer:
    """Answer DescribeImageListByBuildRisk."""
    by, criteria = _criteria(call, {"RepoNamespace", "RepoName"})
    column = "repository" if by == "RepoName" else "namespace"

    def images() -> list[_Hit]:
        hits = [
            one
            for one in _matching(call)
            if not criteria or call.matches(criteria, getattr(one.record.image, column))
        ]
        return _worst_of_each_image(hits) if call.readings.rows == "image" else hits

    rows, info = call.page(call.once(images))
    return plain_result({"List": [_image_row(call, one) for one in rows], "PageInfo": info})


def risks_of_image(call: Call) -> Answer:
    """Answer DescribeImageBuildRiskByKey."""
    uuid = call.parameters.text("ImageUuid")

    def details() -> list[_Hit]:
        return list(_matching(call, uuid))

    rows, info = call.page(call.once(details))
    return plain_result({"List": [_detail_row(call, one) for one in rows], "PageInfo": info})


def risks_of_account(call: Call) -> Answer:
    """Answer DescribeImageBuildRiskList."""
    by, criteria = _criteria(call, {"RiskKeyName", "RiskClassName"})
    kinds: dict[tuple[str, str], list[_Hit]] = {}
    for one in _matching(call, handled_too=True):
        if not criteria or call.matches(criteria, *_names(call, one.check, by)):
            kinds.setdefault((one.check.key, one.level), []).append(one)
    rows, info = call.page(list(kinds.values()))
    return plain_result({"List": [_summary_row(call, of) for of in rows], "PageInfo": info})


def set_status(call: Call) -> Answer:
    """Answer SetImageBuildRiskStatus; ``ImageUuids`` is a comma-separated list."""
    call.parameters.required("ImageUuids")
    uuids = call.parameters.words("ImageUuids")
    risk = call.parameters.required("RiskKey")
    call.parameters.required("Status")
    status = call.parameters.integer("Status")
    if status is None or status > _LAST_STATUS:
        raise Refusal(400, "IllegalParam", "The parameter Status must be 0, 1 or 2.")
    for image in [one for one in call.world.records() if one.uuid in uuids]:
        findings = tuple(
            msgspec.structs.replace(finding, status=status) if finding.risk == risk else finding
            for finding in image.findings
        )
        call.world.put(msgspec.structs.replace(image, findings=findings))
    return plain_result({"Id": 1})


def _matching(call: Call, uuid: str = "", *, handled_too: bool = False) -> Iterator[_Hit]:
    """Yield the findings that the level, key and status of the request let through."""
    level = call.parameters.choice("RiskLevel", _WORST_FIRST)
    risk = call.parameters.text("RiskKey")
    status = call.parameters.integer("Status")
    if status is None and call.readings.list_without_status == "unhandled" and not handled_too:
        status = 0
    checks = {check.key: check for check in call.world.checks}
    hidden = {rule.event_key for rule in call.world.whitelist if rule.event_type == "buildRisk"}
    if call.readings.whitelisted == "listed":
        hidden = set()
    for record in _of_image(call, uuid) if uuid else call.records:
        for finding in record.findings:
            if (
                (not risk or finding.risk == risk)
                and status in {None, finding.status_code}
                and finding.risk not in hidden
            ):
                hit = _Hit(record, finding, checks.get(finding.risk) or _unheard_of(finding))
                if not level or hit.level == level:
                    yield hit


def _of_image(call: Call, uuid: str) -> Sequence[Record]:
    """Return the records with this ``Uuid``, without a look at all of a large account."""
    if _of_image not in call.memory:
        by_uuid: dict[str, list[Record]] = {}
        for record in call.records:
            by_uuid.setdefault(record.image.uuid, []).append(record)
        call.memory[_of_image] = by_uuid
    return cast("dict[str, list[Record]]", call.memory[_of_image]).get(uuid, [])


def _unheard_of(finding: SampleFinding) -> SampleCheck:
    return SampleCheck(key=finding.risk, name=Bilingual(finding.risk, finding.risk))


def _criteria(call: Call, types: Collection[str]) -> tuple[str, str]:
    """Return what ``Criteria`` is about and its text, which is empty unless both are given."""
    by = call.parameters.choice("CriteriaType", types)
    return by, call.parameters.text("Criteria") if by else ""


def _names(call: Call, check: SampleCheck, by: str) -> tuple[str, str]:
    if by == "RiskKeyName":
        return check.key, check.name.of(call.parameters.lang)
    return check.risk_class, _class_name(call, check)


def _worst_of_each_image(hits: Sequence[_Hit]) -> list[_Hit]:
    """Keep one finding for each image: the worst level, with the least handled status."""
    images: dict[str, list[_Hit]] = {}
    for one in hits:
        images.setdefault(one.record.image.uuid, []).append(one)
    return [_worst(of) for of in images.values()]


def _worst(hits: Sequence[_Hit]) -> _Hit:
    worst = min(hits, key=lambda one: _rank(one.level))
    status = min(one.finding.status_code for one in hits)
    finding = msgspec.structs.replace(worst.finding, status=status)
    return _Hit(worst.record, finding, worst.check)


def _rank(level: str) -> int:
    """Return a level's place, worst first; a word that nobody has documented comes before all."""
    return _WORST_FIRST.index(level) if level in _WORST_FIRST else -1


def _class_name(call: Call, check: SampleCheck) -> str:
    names = {of.key: of.name.of(call.parameters.lang) for of in call.world.classes}
    return names.get(check.risk_class) or check.risk_class


def _image_row(call: Call, hit: _Hit) -> dict[str, object]:
    image = hit.record.image
    return {
        "Uuid": call.uuid(image.uuid),
        "RegionId": image.region,
        "InstanceId": image.instance,
        "RepoNamespace": image.namespace,
        "RepoName": image.repository,
        "Tag": image.tag,
        "Digest": call.digest(image.digest),
        "FirstScanTime": call.stamp(hit.record.first_scan or 0),
        "LastScanTime": call.stamp(hit.record.last_scan or 0),
        "RiskLevel": hit.level,
        "Status": hit.finding.status_code,
    }


def _risk(call: Call, hit: _Hit) -> dict[str, object]:
    """Return the columns that say which risk a row is about."""
    return {
        "RiskKey": hit.check.key,
        "RiskKeyName": hit.check.name.of(call.parameters.lang) or hit.check.key,
        "RiskClass": hit.check.risk_class,
        "RiskClassName": _class_name(call, hit.check),
        "RiskLevel": hit.level,
    }


def _detail_row(call: Call, hit: _Hit) -> dict[str, object]:
    check, lang = hit.check, call.parameters.lang
    return {
        **_risk(call, hit),
        "LayerCmd": hit.finding.command,
        "LayerDigest": hit.finding.layer_digest,
        "Advice": check.advice.of(lang),
        "Description": check.description.of(lang),
        "Promt": check.prompt.of(lang),
    }


def _summary_row(call: Call, hits: Sequence[_Hit]) -> dict[str, object]:
    return {
        **_risk(call, hits[0]),
        "Count": len({one.record.image.uuid for one in hits}),
        "UnprocessedNum": sum(one.finding.status_code == 0 for one in hits),
        "FirstScanTime": call.stamp(min(one.record.first_scan or 0 for one in hits)),
        "LastScanTime": call.stamp(max(one.record.last_scan or 0 for one in hits)),
    }
