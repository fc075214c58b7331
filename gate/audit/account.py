"""Which images an audit is about, their records, and how far it is, in little memory."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.evidence import is_in_registry, with_prefix
from gate.reference import ImageReference
from gate.security_center import ImageRecord, read_list

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gate.security_center import ImageRiskRow, Page, SecurityCenter

Place = tuple[str, str, str]  # region, namespace, repository
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

    def may_hold(self, row: ImageRiskRow) -> bool:
        """Tell whether a row may be about an image that is meant, which its record would tell."""
        pairs = (
            (self.namespace, row.repo_namespace),
            (self.repository, row.repo_name),
            (self.region, row.region_id),
        )
        return all(not name or wanted in {None, name} for wanted, name in pairs)


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
        return f"[{'#' * filled}{'-' * (_BAR - filled)}] {self.percent():>4}"

    def percent(self) -> str:
        """Say that share; what is expected may still grow, so it never says that all is done."""
        return f"{min(99, int(self.share * 100))}%"

    def __str__(self) -> str:
        parts = [
            f"{self.records:,} of {self.records_expected:,} records",
            f"{self.rows:,} of {self.rows_expected:,} rows of risks"
            if self.rows_expected
            else "rows of risks to come",
        ]
        if self.looks_expected:
            parts.append(f"{self.looks:,} of {self.looks_expected:,} images one by one")
        return ", ".join(parts)


class RecordReading(Struct, frozen=True):
    """What one reading of the records showed beyond those before it.

    ``new`` are records that no reading held; of the others, ``same`` and ``changed`` are those that
    are as they were when first read, and those that are not. ``problem`` says why records may lack.
    """

    new: tuple[ImageRecord, ...]
    same: frozenset[str]
    changed: frozenset[str]
    problem: str


class AccountRecords:
    """Reads the records that an audit is about; texts that many share are kept once.

    A record that slides from one page to another while a list is read is in neither, and another
    comes twice, so that the total agrees. So a reading is complete only if no record came twice,
    and ``all`` holds, by ``Uuid``, the records of all readings. ``elsewhere`` are those that are
    not meant: outside of the scope, or of a CI job.
    """

    def __init__(self, client: SecurityCenter, scope: Scope, headway: Headway) -> None:
        self.all: dict[str, ImageRecord] = {}
        self.elsewhere: set[str] = set()
        self.readings = 0
        self._client = client
        self._scope = scope
        self._headway = headway
        self._texts: dict[str, str] = {}

    async def read(self) -> RecordReading:
        """Read all records, once more."""
        self.readings += 1
        listing = await read_list(self._page, readings=1)
        new: list[ImageRecord] = []
        same: set[str] = set()
        changed: set[str] = set()
        for record in listing.rows:
            before = self.all.get(record.uuid)
            if before is not None:
                (same if _state(before) == _state(record) else changed).add(before.uuid)
            elif self._take(record):
                new.append(record)
        problem = listing.problem
        if not problem and len({record.uuid for record in listing.rows}) < listing.total:
            problem = "A record came twice, so another may have been passed over."
        return RecordReading(tuple(new), frozenset(same), frozenset(changed), problem)

    def _take(self, record: ImageRecord) -> bool:
        """Keep a record, if it is meant."""
        if not self._scope.holds(record):
            self.elsewhere.add(record.uuid)
            return False
        self.all[record.uuid] = record
        return True

    def leave_out(self, record: ImageRecord) -> None:
        """Take a record as not meant, though the scope holds it."""
        del self.all[record.uuid]
        self.elsewhere.add(record.uuid)

    async def look_up(self, place: Place, uuids: Collection[str]) -> None:
        """Look for records of a repository that no reading held."""
        _, namespace, repository = place
        listing = await self._client.image_records(
            {"repoNamespace": namespace, "repoName": repository},
            keep=lambda record: record.uuid in uuids,
        )
        for record in listing.rows:
            self._take(record)

    async def _page(self, number: int) -> Page[ImageRecord]:
        page = await self._client.describe_image_instances(
            criteria=self._scope.of_records, current_page=number, page_size=_PAGE_SIZE
        )
        if number == 1:
            self._headway.records_expected += page.total_count
        self._headway.records += len(page.rows)
        return page.mapped(self._slim)

    def _slim(self, row: ImageRecord) -> ImageRecord:
        before = self.all.get(row.uuid)
        if before is not None and _state(before) == _state(row):
            return before
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


class Tags:
    """The tags of each digest in each repository, of all records."""

    def __init__(self, records: Iterable[ImageRecord] = ()) -> None:
        tags: dict[tuple[str, ...], set[str]] = {}
        for record in records:
            tags.setdefault(_same_image(record), set()).add(record.tag)
        self._tags = {image: tuple(sorted(own)) for image, own in tags.items()}

    def of(self, record: ImageRecord) -> tuple[str, ...]:
        """Return the tags of the records of the same image, its own among them."""
        return self._tags.get(_same_image(record), (record.tag,))


def _same_image(record: ImageRecord) -> tuple[str, ...]:
    """Return what records of one image share; one without a digest is alone."""
    return (
        record.region_id,
        record.instance_id,
        record.registry_type,
        record.repo_namespace,
        record.repo_name,
        with_prefix(record.digest) or record.uuid,
    )
