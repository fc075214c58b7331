"""Which records of Security Center are the caller's image, asked for with few queries."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gate.evidence.scan import moment
from gate.findings import IdentifiedBy, Image, Reason, Unscanned
from gate.reference import meant_host

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from gate.evidence.kinds.kind import Why
    from gate.evidence.target import Target
    from gate.findings import Finding, Scan
    from gate.security_center import ImageRecord, ImageRepository, Listing, SecurityCenter

# A host of Container Registry in a record's ``Endpoints``.
_CONTAINER_REGISTRY = re.compile(r"[a-z0-9][a-z0-9.-]*\.aliyuncs\.com(?=/)")
_ENTERPRISE = "cri-"  # what the names of instances of the Enterprise Edition begin with
# Images scanned inside Jenkins jobs; they are in no registry.
_CI_REGISTRY = "ci/cd"
_AFTER_PUSH = "Security Center learns of an image some time after the push: "
_SEE_DOCTOR = "`gate doctor IMAGE` shows what Security Center knows of the repository."


class Identified(Struct, frozen=True):
    """The records that are the image, the newest scan first; never empty.

    ``others`` have the same digest under other tags: what they hold may contradict a pass. ``tags``
    are those of all records with its digest, whether they are among these or not.
    """

    records: tuple[ImageRecord, ...]
    by: IdentifiedBy
    others: tuple[ImageRecord, ...] = ()
    tags: tuple[str, ...] = ()

    def unscanned(
        self,
        record: ImageRecord,
        target: Target,
        why: Why,
        scan: Scan,
        findings: tuple[Finding, ...] = (),
    ) -> Unscanned:
        """Return why a record that is the image is no evidence of a pass."""
        reason, message = why
        return Unscanned(
            reason=reason,
            message=message,
            image=image_of(record, target.platform, self.tags),
            identified_by=self.by,
            scan=scan,
            findings=findings,
        )


async def find_records(
    client: SecurityCenter, targets: Sequence[Target]
) -> dict[Target, Identified | Unscanned]:
    """Identify targets of one repository: one alone by its digest or tag, several in one list."""
    refused = {target: _too_little_known(target) for target in targets}
    answerable = [target for target, why in refused.items() if why is None]
    matches: dict[Target, Identified | Unscanned] = {
        target: why for target, why in refused.items() if why is not None
    }
    if len(answerable) == 1:
        matches[answerable[0]] = await _find_one(client, answerable[0])
    elif answerable:
        matches |= await _find_all(client, answerable)
    return matches


def _too_little_known(target: Target) -> Unscanned | None:
    """Return why a target without a digest could be another image than the caller's.

    A tag is one in its registry only. Hosts of Container Registry's Personal Edition tell the
    registry by themselves, with the region; others don't.
    """
    if target.digest is not None:
        return None
    if target.requirements.require_digest:
        return Unscanned(
            reason=Reason.UNIDENTIFIED,
            message=f"Which digest {target.name} has is not known: {target.no_digest_because} "
            f"Give {target.advice.digest}, or let a policy say scan.require_digest: false.",
        )
    if target.registry_type is None:
        return _ambiguous(
            target,
            "is not a host of Container Registry, so its tag alone does not tell which record is "
            f"the image. Give {target.advice.digest}.",
        )
    if target.reference.is_enterprise and target.instance is None:
        return _ambiguous(
            target,
            "is an instance of Container Registry's Enterprise Edition, and other instances may "
            "have the same tag. Say which instance with --instance. "
            f"Or give {target.advice.digest}.",
        )
    return None


def _ambiguous(target: Target, why: str) -> Unscanned:
    return Unscanned(
        reason=Reason.AMBIGUOUS,
        message=f"Which image {target.name} is can't be told: {target.reference.host} {why}",
    )


async def _find_one(client: SecurityCenter, target: Target) -> Identified | Unscanned:
    """Ask by digest, and if that finds nothing, by tag.

    The second answer tells what the tag has instead, and it holds the image if the server
    understands the digest in another form than the documented one.
    """
    if target.digest is not None:
        matches = _identified(await _ask(client, target, _by(target.digest)), target)
        if not (isinstance(matches, Unscanned) and matches.reason is Reason.MISSING):
            return matches
    of_tag = await _ask(client, target, {"tag": target.tag} if target.tag else {})
    matches = _identified(of_tag, target)
    if isinstance(matches, Unscanned) or matches.by is IdentifiedBy.DIGEST:
        return matches
    digest = matches.records[0].digest
    if not (digest and target.with_tags):
        return matches
    # Policies heed the other tags of the same image, too.
    same = await _ask(client, target, _by(digest))
    return _identified(replace(same, rows=(*of_tag.rows, *same.rows)), target)


def _by(digest: str) -> dict[str, str]:
    return {"digest": digest.removeprefix("sha256:")}


async def _ask(
    client: SecurityCenter, target: Target, narrower: Mapping[str, str]
) -> Listing[ImageRecord]:
    return await client.image_records(
        {**_of_repository(target), **narrower}, keep=lambda record: in_repository(record, target)
    )


async def _find_all(
    client: SecurityCenter, targets: Sequence[Target]
) -> dict[Target, Identified | Unscanned]:
    listing = await client.image_records(
        _of_repository(targets[0]),
        keep=lambda record: any(in_repository(record, target) for target in targets),
    )
    return {target: _identified(listing, target) for target in targets}


def _of_repository(target: Target) -> dict[str, str]:
    reference = target.reference
    return {"repoNamespace": reference.namespace, "repoName": reference.repository}


def _identified(listing: Listing[ImageRecord], target: Target) -> Identified | Unscanned:
    if not listing.complete:
        return Unscanned(
            reason=Reason.INCOMPLETE,
            message=f"The records of {target.name} could not all be read: {listing.problem} "
            "Run the gate again; if it stays so, report it.",
        )
    return identify(listing.rows, target)


async def with_another_digest(
    client: SecurityCenter, target: Target, uuids: Collection[str], digest: str
) -> set[str]:
    """Return which of these records of the target's repository have another digest."""
    listing = await client.image_records(
        _of_repository(target), keep=lambda record: record.uuid in uuids
    )
    return {record.uuid for record in listing.rows if with_prefix(record.digest) != digest}


def with_prefix(digest: str) -> str:
    """Return a record's digest as ``sha256:<hex>``; empty stays empty."""
    digest = digest.strip().lower()
    return digest if not digest or ":" in digest else f"sha256:{digest}"


def is_in_registry(record: ImageRecord | ImageRepository) -> bool:
    """Tell whether a record is of a registry, and not of an image scanned inside a CI job."""
    return record.registry_type.lower() != _CI_REGISTRY


def in_repository(record: ImageRecord | ImageRepository, target: Target) -> bool:
    """Tell whether a record is of the target's repository, or that repository itself, exactly.

    The server's own filters may match by containment.
    """
    return (
        record.repo_namespace == target.reference.namespace
        and record.repo_name == target.reference.repository
        and is_in_registry(record)
        and target.region in {None, record.region_id}
        and target.registry_type in {None, record.registry_type.lower()}
        and target.instance in {None, record.instance_id}
    )


def identify(records: Iterable[ImageRecord], target: Target) -> Identified | Unscanned:
    """Choose the records that are the target.

    By digest where that is known: those with the tag if there are any, else all. Otherwise the
    newest record of the tag, by ``ImageUpdate``, then ``LastScanTime``.
    """
    of_repository = [record for record in records if in_repository(record, target)]
    of_tag = [record for record in of_repository if record.tag == target.tag]
    if target.digest is not None:
        return _by_digest(of_repository, of_tag, target, target.digest)
    here = [record for record in of_repository if not _is_elsewhere(record, target)]
    return _too_little_known(target) or _by_tag(here, target)


def image_of(record: ImageRecord, platform: str | None = None, tags: tuple[str, ...] = ()) -> Image:
    """Describe a record as reports show it; ``platform`` is the one of an index that it is.

    ``tags`` are those of all records of the same image.
    """
    return Image(
        uuid=record.uuid,
        region=record.region_id,
        instance=record.instance_id,
        namespace=record.repo_namespace,
        repository=record.repo_name,
        tag=record.tag,
        digest=with_prefix(record.digest),
        platform=platform,
        tags=tags,
    )


def _by_digest(
    of_repository: Sequence[ImageRecord], of_tag: Sequence[ImageRecord], target: Target, digest: str
) -> Identified | Unscanned:
    same = [record for record in of_repository if with_prefix(record.digest) == digest]
    with_tag = [record for record in same if record.tag == target.tag]
    if same:
        chosen = _newest_scan_first(with_tag or same)
        others = tuple(record for record in same if record not in chosen)
        return Identified(chosen, IdentifiedBy.DIGEST, others, _tags_of(same, target))
    digests = sorted({with_prefix(record.digest) for record in of_tag if record.digest})
    known = f" It knows that tag with {', '.join(digests[:3])}." if digests else ""
    return Unscanned(
        reason=Reason.MISSING,
        message=f"Security Center does not know {target.name} with the digest {digest}.{known} "
        f"{_AFTER_PUSH}{target.advice.after_push}. "
        f"{target.advice.if_index if target.reference.digest else ''}{_SEE_DOCTOR}",
    )


def _is_elsewhere(record: ImageRecord, target: Target) -> bool:
    """Tell whether a record surely is of another registry with a repository of the same name."""
    if target.instance is not None or target.reference.region is None:
        return False
    if record.instance_id.startswith(_ENTERPRISE) and not target.reference.is_enterprise:
        return True
    hosts = {meant_host(host) for host in _CONTAINER_REGISTRY.findall(record.endpoints.lower())}
    return bool(hosts) and meant_host(target.reference.host) not in hosts


def _by_tag(of_repository: Sequence[ImageRecord], target: Target) -> Identified | Unscanned:
    of_tag = [record for record in of_repository if record.tag == target.tag]
    if not of_tag:
        return Unscanned(
            reason=Reason.MISSING,
            message=f"Security Center does not know {target.name}. {_AFTER_PUSH}"
            f"{target.advice.after_push}. {_SEE_DOCTOR}",
        )
    places = {(record.instance_id, record.region_id) for record in of_tag}
    digests = {with_prefix(record.digest) for record in of_tag}
    if len(places) > 1 and len(digests) > 1:
        named = "; ".join(sorted(_place(record) for record in of_tag))
        return Unscanned(
            reason=Reason.AMBIGUOUS,
            message=f"{target.name} is in more than one registry, with different digests: {named}. "
            "Say which with --instance or --region, or give the digest.",
        )
    newest = max(of_tag, key=lambda record: (_pushed(record), record.last_scan_time or 0))
    digest = with_prefix(newest.digest)
    same = [each for each in of_repository if digest and with_prefix(each.digest) == digest]
    return Identified((newest,), IdentifiedBy.TAG, tags=_tags_of([newest, *same], target))


def _tags_of(records: Iterable[ImageRecord], target: Target) -> tuple[str, ...]:
    return tuple(sorted({record.tag for record in records if not _is_elsewhere(record, target)}))


def _pushed(record: ImageRecord) -> float:
    """Return when an image was pushed; a time that makes no sense counts as the last of all.

    So it is what gets judged, and is no evidence.
    """
    pushed = record.image_update or 0
    return pushed if not pushed or moment(pushed) else math.inf


def _place(record: ImageRecord) -> str:
    return (
        f"instance {record.instance_id or '(none)'} in {record.region_id or '(no region)'} "
        f"has {with_prefix(record.digest) or '(no digest)'}"
    )


def _newest_scan_first(records: Iterable[ImageRecord]) -> tuple[ImageRecord, ...]:
    return tuple(sorted(records, key=lambda record: -(record.last_scan_time or 0)))
