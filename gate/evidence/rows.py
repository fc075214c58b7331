"""The repository's rows, read once for all of its images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from gate.evidence.later import Later
from gate.evidence.witness import kinds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anyio.abc import TaskGroup

    from gate.security_center import ImageRiskRow, Listing

# A longer list is not read to its end: the details are read twice instead.
MOST_ROWS = 2000


class ListsRows(Protocol):
    """The part of the client that lists the images that build risks affect."""

    async def images_by_build_risk(
        self,
        *,
        criteria_type: str | None = None,
        criteria: str | None = None,
        keep: Callable[[ImageRiskRow], bool] | None = None,
        at_most: int | None = None,
    ) -> Listing[ImageRiskRow]:
        """Read all rows whose repository's name matches."""


class Rows(Struct, frozen=True):
    """One or two readings of a repository's rows; two, where the first was not complete."""

    readings: tuple[Listing[ImageRiskRow], ...]

    @property
    def too_long(self) -> bool:
        """Whether the list is too long to be read to its end."""
        return self.readings[-1].too_long

    def certain_of(self, uuid: str) -> Sequence[ImageRiskRow] | None:
        """Return all rows, if those of one record are certain; else ``None``.

        They are if the list is complete, or if two readings of a list that keeps moving hold the
        same rows for it.
        """
        last = self.readings[-1]
        if last.complete:
            return last.rows
        kinds = [kinds_of(uuid, reading.rows) for reading in self.readings]
        return last.rows if len(kinds) > 1 and kinds[0] == kinds[1] else None

    @property
    def problem(self) -> str:
        """Why the list is not complete."""
        return self.readings[-1].problem


class RepositoryRows:
    """The rows of one repository; each reading is shared by all who ask for it."""

    def __init__(
        self, client: ListsRows, group: TaskGroup, namespace: str, repository: str
    ) -> None:
        self._client = client
        self._group = group
        self._namespace = namespace
        self._repository = repository
        self._readings: list[Later[Rows]] = []

    def begin(self) -> None:
        """Start the first reading, unless it has begun."""
        if not self._readings:
            self._readings.append(Later(self._group, self._read))

    async def get(self, reading: int) -> Rows:
        """Return the reading with that number, from 0; it is made when it is first asked for."""
        while len(self._readings) <= reading:
            self._readings.append(Later(self._group, self._read))
        return await self._readings[reading].get()

    async def _read(self) -> Rows:
        first = await self._list()
        if first.complete or first.too_long:
            return Rows((first,))
        return Rows((first, await self._list()))

    async def _list(self) -> Listing[ImageRiskRow]:
        return await self._client.images_by_build_risk(
            criteria_type="RepoName",
            criteria=self._repository,
            keep=self._is_own,
            at_most=MOST_ROWS,
        )

    def _is_own(self, row: ImageRiskRow) -> bool:
        return row.repo_namespace == self._namespace and row.repo_name == self._repository
