"""The records of an account, in as little memory as that takes."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.evidence.records import with_prefix
from gate.reference import ImageReference
from gate.security_center import ImageRecord
from gate.security_center.pages import read_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.audit.progress import Progress
    from gate.audit.scope import Scope
    from gate.security_center import Listing, SecurityCenter
    from gate.security_center.wire import Page

_PAGE_SIZE = 100
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HOST = re.compile(r"[a-z0-9][a-z0-9.-]*\.aliyuncs\.com(?=/)")


class Seen(Struct, frozen=True, gc=False):
    """A record that was read again, and whether it is as it was."""

    uuid: str
    same: bool


class Records:
    """Reads the records that an audit is about; texts that many share are kept once."""

    def __init__(self, client: SecurityCenter, scope: Scope, progress: Progress) -> None:
        self._client = client
        self._scope = scope
        self._progress = progress
        self._texts: dict[str, str] = {}

    async def read(self) -> Listing[ImageRecord]:
        """Read all records."""
        return await read_list(self._slim_page, keep=self._scope.holds)

    async def compare(self, known: Mapping[str, ImageRecord]) -> Listing[Seen]:
        """Read all records again: whether each, in the scope or not, is as it was."""
        return await read_list(partial(self._seen_page, known))

    async def _page(self, number: int) -> Page[ImageRecord]:
        page = await self._client.describe_image_instances(
            criteria=self._scope.of_records, current_page=number, page_size=_PAGE_SIZE
        )
        if number == 1:
            self._progress.records_expected += page.total_count
        self._progress.records += len(page.rows)
        return page

    async def _slim_page(self, number: int) -> Page[ImageRecord]:
        return (await self._page(number)).mapped(self._slim)

    async def _seen_page(self, known: Mapping[str, ImageRecord], number: int) -> Page[Seen]:
        def seen(row: ImageRecord) -> Seen:
            before = known.get(row.uuid)
            if before is None:
                return Seen(row.uuid, same=False)
            return Seen(before.uuid, same=_state(before) == _state(row))

        return (await self._page(number)).mapped(seen)

    def _slim(self, row: ImageRecord) -> ImageRecord:
        once = self._texts.setdefault
        return ImageRecord(
            uuid=row.uuid,
            region_id=once(row.region_id, row.region_id),
            instance_id=once(row.instance_id, row.instance_id),
            registry_type=once(row.registry_type, row.registry_type),
            repo_namespace=once(row.repo_namespace, row.repo_namespace),
            repo_name=once(row.repo_name, row.repo_name),
            endpoints=once(row.endpoints, row.endpoints),
            tag=once(row.tag, row.tag),
            digest=row.digest,
            image_update=row.image_update,
            last_scan_time=row.last_scan_time,
            sca_status=once(row.sca_status, row.sca_status),
            sca_progress=row.sca_progress,
            sca_result=once(row.sca_result, row.sca_result),
        )


def _state(record: ImageRecord) -> tuple[object, ...]:
    """Return what tells whether a scan began or ended, or a tag moved."""
    return record.sca_status, record.last_scan_time, record.digest, record.image_update


def reference_of(record: ImageRecord) -> ImageReference:
    """Name a record's image; the host is empty where ``Endpoints`` tells none of Alibaba Cloud."""
    digest = with_prefix(record.digest)
    return ImageReference(
        host=_host_of(record.endpoints),
        namespace=record.repo_namespace,
        repository=record.repo_name,
        tag=record.tag,
        digest=digest if _DIGEST.fullmatch(digest) else None,
    )


@lru_cache(maxsize=4096)
def _host_of(endpoints: str) -> str:
    found = _HOST.search(endpoints.lower())
    return found[0] if found else ""


def names_of(reference: ImageReference) -> tuple[str, ...]:
    """Return the names that a policy's globs are tried on, those with a host if it is known."""
    return tuple(name for name in reference.glob_names() if not name.startswith("/"))
