"""Which of an image's records holds a scan that may count, and why none does."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gate.evidence import wording
from gate.evidence.identify import image_of
from gate.evidence.scan import moment, scan_of
from gate.findings import IdentifiedBy, Reason, Scan, ScanState, Unscanned

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from gate.evidence.identify import Identified
    from gate.evidence.target import Target
    from gate.security_center import ImageRecord

# Clocks within one service differ by seconds; an end further ahead than this makes no sense.
_AHEAD = timedelta(minutes=15)


class CountingScan(Struct, frozen=True):
    """A record with a finished scan that is fresh enough."""

    record: ImageRecord
    scan: Scan


class RefusedScan(Struct, frozen=True):
    """A record whose scan does not count, and whether time may change that."""

    record: ImageRecord
    why: Unscanned
    waiting: bool


def choose(
    identified: Identified, target: Target, now: datetime, previous: Collection[str]
) -> CountingScan | RefusedScan:
    """Return the newest finished and fresh scan, else the record that gives most hope.

    ``previous`` are the ``Uuid`` of records whose last finished scan counts although another one
    runs. ``now`` is the service's own clock.
    """
    results = [
        _weigh(record, identified.by, target, now, previous) for record in identified.records
    ]
    for result in results:
        if isinstance(result, CountingScan):
            return result
    refused = [result for result in results if isinstance(result, RefusedScan)]
    return next((result for result in refused if result.waiting), refused[0])


def _weigh(
    record: ImageRecord,
    by: IdentifiedBy,
    target: Target,
    now: datetime,
    previous: Collection[str],
) -> CountingScan | RefusedScan:
    scan = scan_of(record, now)
    if scan.state is ScanState.RUNNING and record.uuid in previous:
        scan = replace(scan, state=ScanState.FINISHED)
    if scan.state is not ScanState.FINISHED:
        reason, say, waiting = _UNFINISHED[scan.state]
        why = _unscanned(reason, say(target.name, record), record, by, target, scan)
        return RefusedScan(record, why, waiting)
    stale = _stale(record, scan, by, target)
    if stale:
        scan = replace(scan, state=ScanState.STALE)
        sentence, waiting = stale
        return RefusedScan(
            record, _unscanned(Reason.STALE, sentence, record, by, target, scan), waiting
        )
    odd = _makes_no_sense(record, scan, by, target)
    if odd:
        return RefusedScan(
            record, _unscanned(Reason.INCOMPLETE, odd, record, by, target, scan), waiting=True
        )
    return CountingScan(record, scan)


# Why a scan that has not finished does not count, and whether time may change that.
_UNFINISHED = {
    ScanState.RUNNING: (Reason.RUNNING, wording.running, True),
    ScanState.FAILED: (Reason.FAILED, wording.failed, False),
    ScanState.MISSING: (Reason.MISSING, wording.never_scanned, True),
    ScanState.UNSUPPORTED: (Reason.UNSUPPORTED, wording.unsupported, False),
    ScanState.UNKNOWN: (Reason.INCOMPLETE, wording.unknown, True),
}


def _stale(
    record: ImageRecord, scan: Scan, by: IdentifiedBy, target: Target
) -> tuple[str, bool] | None:
    """Return why a finished scan is too old, and whether a newer may come by itself."""
    finished, pushed = scan.finished_at, moment(record.image_update)
    if finished is None or scan.age is None:
        return None
    if by is IdentifiedBy.TAG and pushed is not None and finished < pushed:
        return wording.before_push(target.name, finished, pushed), True
    limit = target.requirements.max_age
    if limit is not None and scan.age > limit:
        return wording.too_old(target.name, finished), False
    return None


def _makes_no_sense(
    record: ImageRecord, scan: Scan, by: IdentifiedBy, target: Target
) -> str | None:
    if scan.age is None:
        return wording.unknown(target.name, record)
    if scan.age < -_AHEAD:
        return wording.in_the_future(target.name)
    if by is IdentifiedBy.TAG and moment(record.image_update) is None:
        return wording.push_unknown(target.name)
    return None


def _unscanned(  # noqa: PLR0913, PLR0917 - each is a part of what is said
    reason: Reason,
    message: str,
    record: ImageRecord,
    by: IdentifiedBy,
    target: Target,
    scan: Scan,
) -> Unscanned:
    return Unscanned(
        reason=reason,
        message=message,
        image=image_of(record, target.platform),
        identified_by=by,
        scan=scan,
    )
