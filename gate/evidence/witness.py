"""The second witness: the repository's rows must agree with an image's details."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gate.evidence.details import STATUSES, level_of
from gate.findings import Finding, Level, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gate.security_center import ImageRiskRow

_Kind = tuple[Level, Status]


def agree(findings: Sequence[Finding], uuid: str, rows: Sequence[ImageRiskRow]) -> bool:
    """Tell whether the rows of a repository confirm what the details of one record say.

    It isn't documented whether a row stands for a risk of an image or for an image, nor whether a
    list without a status holds the handled ones, so each reading that the rows allow may hold.
    """
    details = Counter((finding.level, finding.status) for finding in findings)
    own = kinds_of(uuid, rows)
    if _same_counts(details, own):
        return True
    return not _some_image_twice(rows) and _one_row(details, own)


def kinds_of(uuid: str, rows: Iterable[ImageRiskRow]) -> Counter[_Kind]:
    """Count a record's rows by level and status."""
    return Counter(
        (level_of(row.risk_level), _status(row.status)) for row in rows if row.uuid == uuid
    )


def _status(code: int | None) -> Status:
    return Status.UNKNOWN if code is None else STATUSES.get(code, Status.UNKNOWN)


def _same_counts(details: Counter[_Kind], rows: Counter[_Kind]) -> bool:
    """Compare row by row; a handled status may be lacking, but only as a whole."""
    for status in Status:
        told = _of_status(details, status)
        seen = _of_status(rows, status)
        handled = status in {Status.IGNORED, Status.FALSE_POSITIVE}
        if seen != told and not (handled and not seen):
            return False
    return True


def _of_status(counted: Counter[_Kind], status: Status) -> Counter[Level]:
    return Counter({level: n for (level, of), n in counted.items() if of is status})


def _one_row(details: Counter[_Kind], rows: Counter[_Kind]) -> bool:
    """Compare as one row per image, of which any of its risks may have given level and status."""
    if rows.total() != 1 or not details:
        return False
    (level, status) = next(iter(rows))
    return level in {of for of, _ in details} and status in {of for _, of in details}


def _some_image_twice(rows: Iterable[ImageRiskRow]) -> bool:
    images = Counter((row.uuid, row.tag, row.digest) for row in rows)
    return any(number > 1 for number in images.values())
