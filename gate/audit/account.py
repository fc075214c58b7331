"""Which images an audit is about, their records, and how far it is, in little memory."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.evidence import is_in_registry, with_prefix
from gate.reference import ImageReference
from gate.security_center import ImageRecord, read_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.security_center import Listing, Page, SecurityCenter

_BAR = 20  # characters
_PAGE_SIZE = 100
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HOST = re.compile(r"[a-z0-9][a-z0-9.-]*\.aliyuncs\.com(?=/)")


class Scope(Struct, frozen=True):
    """The images of a namespace, a repository or a region; ``None`` is any."""

    namespace: str | None = None
    repository: str | None = None
    region: str | None = None

    @classmethod
    def of(cls, namespace: str | None, repository: str | None, region: str | None) -> Scope:
        """Take ``namespace/repository`` apart, unless the namespace is given by itself."""
        if repository and namespace is None and "/" in repository:
            namespace, _, repository = repository.partition("/")
        return cls(namespace or None, repository or None, region or None)

    def holds(self, record: ImageRecord) -> bool:
        """Tell whether an image is meant, exactly; the server may filter by containment."""
        return (
            is_in_registry(record)
            and self.namespace in {None, record.repo_namespace}
            and self.repository in {None, record.repo_name}
            and self.region in {None, record.region_id}
        )

    @property
    def of_records(self) -> dict[str, str]:
        """The criteria of DescribeImageInstances."""
        criteria = {
            "repoNamespace": self.namespace,
            "repoName": self.repository,
            "regionId": self.region,
        }
        return {name: value for name, value in criteria.items() if value}

    @property
    def of_rows(self) -> tuple[str | None, str | None]:
        """Type and value of the one criterion that DescribeImageListByBuildRisk takes."""
        if self.repository:
            return "RepoName", self.repository
        return ("RepoNamespace", self.namespace) if self.namespace else (None, None)

    @property
    def is_everything(self) -> bool:
        """Whether every image of the account is meant."""
        return self == Scope()


class Headway(Struct):
    """Counts that grow while an audit runs; what is expected grows with what becomes known."""

    records: int = 0
    records_expected: int = 0
    rows: int = 0
    rows_expected: int = 0
    looks: int = 0
    looks_expected: int = 0

    @property
    def share(self) -> float:
        """How much of what is known to be read was read, from 0 to 1."""
        done = self.records + self.rows + self.looks
        expected = self.records_expected + self.rows_expected + self.looks_expected
        return min(1.0, done / expected) if expected else 0.0

    def bar(self) -> str:
        """Draw that share, for a terminal of any encoding."""
        filled = round(self.share * _BAR)
        return f"[{'#' * filled}{'-' * (_BAR - filled)}] {self.share:4.0%}"

    def __str__(self) -> str:
        parts = [
            f"{self.records:,} of {self.records_expected:,} records",
            f"{self.rows:,} of {self.rows_expected:,} rows of risks",
        ]
        if self.looks_expected:
            parts.append(f"{self.looks:,} of {self.looks_expected:,} images one by one")
        return ", ".join(parts)


class ReadAgain(Struct, frozen=True, gc=False):
    """A record that was read again, and whether it is as it was."""

    uuid: str
    same: bool


class AccountRecords:
    """Reads the records that an audit is about; texts that many share are kept once."""

    def __init__(self, client: SecurityCenter, scope: Scope, headway: Headway) -> None:
        self._client = client
        self._scope = scope
        self._headway = headway
        self._texts: dict[str, str] = {}

    async def read(self) -> Listing[ImageRecord]:
        """Read all records."""
        return await read_list(self._slim_page, keep=self._scope.holds)

    async def compare(self, records: Mapping[str, ImageRecord]) -> Listing[ReadAgain]:
        """Read all records again: whether each, in the scope or not, is as it was."""
        return await read_list(partial(self._page_again, records))

    async def _page(self, number: int) -> Page[ImageRecord]:
        page = await self._client.describe_image_instances(
            criteria=self._scope.of_records, current_page=number, page_size=_PAGE_SIZE
        )
        if number == 1:
            self._headway.records_expected += page.total_count
        self._headway.records += len(page.rows)
        return page

    async def _slim_page(self, number: int) -> Page[ImageRecord]:
        return (await self._page(number)).mapped(self._slim)

    async def _page_again(self, records: Mapping[str, ImageRecord], number: int) -> Page[ReadAgain]:
        def compared(row: ImageRecord) -> ReadAgain:
            before = records.get(row.uuid)
            if before is None:
                return ReadAgain(row.uuid, same=False)
            return ReadAgain(before.uuid, same=_state(before) == _state(row))

        return (await self._page(number)).mapped(compared)

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
    """Name a record's image; the host is empty where ``Endpoints`` holds none of Alibaba Cloud."""
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
    match = _HOST.search(endpoints.lower())
    return match[0] if match else ""


def names_of(reference: ImageReference) -> tuple[str, ...]:
    """Return the names that a policy's globs are tried on, those with a host if it is known."""
    return tuple(name for name in reference.glob_names() if not name.startswith("/"))
