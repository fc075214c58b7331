"""Read the records that may be the caller's images, with as few queries as that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gate.evidence.records import Identified, identify, in_repository
from gate.findings import Reason, Unscanned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gate.evidence.target import Target
    from gate.security_center import ImageRecord, Listing


class ListsRecords(Protocol):
    """The part of the client that lists what Security Center knows of images."""

    async def image_records(
        self, criteria: Mapping[str, str], *, keep: Callable[[ImageRecord], bool] | None = None
    ) -> Listing[ImageRecord]:
        """Read all records that fulfil all criteria."""


async def find_records(
    client: ListsRecords, targets: Sequence[Target]
) -> dict[Target, Identified | Unscanned]:
    """Identify targets of one repository: one alone by its digest or tag, several in one list."""
    answerable = [target for target in targets if _can_be_asked(target)]
    found = {target: identify((), target) for target in targets if target not in answerable}
    if len(answerable) == 1:
        found[answerable[0]] = await _find_one(client, answerable[0])
    elif answerable:
        found |= await _find_all(client, answerable)
    return found


def _can_be_asked(target: Target) -> bool:
    return target.digest is not None or not target.requirements.require_digest


async def _find_one(client: ListsRecords, target: Target) -> Identified | Unscanned:
    """Ask by digest, and if that finds nothing, by tag.

    The second answer tells what the tag has instead, and it holds the image if the server
    understands the digest in another form than the documented one.
    """
    if target.digest is not None:
        found = await _ask(client, target, {"digest": target.digest.removeprefix("sha256:")})
        if not (isinstance(found, Unscanned) and found.reason is Reason.MISSING):
            return found
    return await _ask(client, target, {"tag": target.tag} if target.tag else {})


async def _ask(
    client: ListsRecords, target: Target, narrower: Mapping[str, str]
) -> Identified | Unscanned:
    listing = await client.image_records(
        {**_of_repository(target), **narrower}, keep=lambda record: in_repository(record, target)
    )
    return _identified(listing, target)


async def _find_all(
    client: ListsRecords, targets: Sequence[Target]
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
