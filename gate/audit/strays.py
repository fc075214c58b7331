"""Rows of risks that don't fit the record that their ``Uuid`` names."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gate.security_center import ImageRecord, ImageRiskRow

_Place = tuple[str, str, str]  # region, namespace, repository


class Strays:
    """Ties rows to the records that an audit is about, and remembers those that don't fit.

    A row that no record claims, or one of another repository, may hide a risk from the image that
    it is about. An image that was pushed again or removed meanwhile has such rows, too.
    """

    def __init__(self, records: Mapping[str, ImageRecord]) -> None:
        self._records = records
        self._strays: set[tuple[str, _Place]] = set()

    @cached_property
    def _by_place(self) -> dict[_Place, set[str]]:
        """Return the records of each place, which is asked for only if there are strays."""
        found: dict[_Place, set[str]] = {}
        for record in self._records.values():
            for place in _places(record):
                found.setdefault(place, set()).add(record.uuid)
        return found

    def uuid_of(self, row: ImageRiskRow) -> str:
        """Return the row's ``Uuid``: the record's own text, so that it is kept once."""
        record = self._records.get(row.uuid)
        if record is None:
            self._remember(row)
            return row.uuid
        fits = row.repo_name == record.repo_name and row.repo_namespace == record.repo_namespace
        if not fits and row.repo_name and row.repo_namespace:
            self._remember(row)
        return record.uuid

    def _remember(self, row: ImageRiskRow) -> None:
        place = (row.region_id, row.repo_namespace, row.repo_name)
        if place in self._by_place or row.uuid in self._records:
            self._strays.add((row.uuid, place))

    def doubtful(self, existing: Collection[str]) -> set[str]:
        """Return the records that strays may be about, by ``Uuid``.

        ``existing`` are those of all records that there are at the end: a row of one that came
        meanwhile is no stray.
        """
        found: set[str] = set()
        for uuid, place in self._strays:
            if uuid in self._records:
                found.add(uuid)
            elif uuid in existing:
                continue
            found |= self._by_place.get(place, set())
        return found


def _places(record: ImageRecord) -> tuple[_Place, _Place]:
    """Return where an image is, with its region and, for rows that lack theirs, without."""
    repository = (record.repo_namespace, record.repo_name)
    return (record.region_id, *repository), ("", *repository)
