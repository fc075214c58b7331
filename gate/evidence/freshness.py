"""Which of an image's records holds a scan that may count, and why none does."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gate.evidence.scan import doing, moment, scan_of
from gate.evidence.target import Look
from gate.findings import IdentifiedBy, Reason, Scan, ScanState

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from gate.evidence.identification import Identified
    from gate.evidence.target import Target
    from gate.security_center import ImageRecord

# Clocks within one service differ by seconds; an end further ahead than this makes no sense.
_AHEAD = timedelta(minutes=15)
_ASK = "ask for one with --scan missing, which uses scan quota"
_UNKNOWN = (
    "What the scan of {name} is doing can't be told: its state is {state}, the time of its last "
    "scan {last_scan}. Wait longer with --wait; if it stays so, update the gate."
)
# Why a scan that has not finished does not count, and whether time may change that.
_UNFINISHED = {
    ScanState.RUNNING: (
        Reason.RUNNING,
        "The scan of {name} has not ended ({doing}). Wait longer with --wait.",
        True,
    ),
    ScanState.FAILED: (
        Reason.FAILED,
        f"The scan of {{name}} failed ({{words}}). See the console for the reason, or {_ASK}.",
        False,
    ),
    ScanState.MISSING: (
        Reason.MISSING,
        (
            "Security Center knows {name} but has never scanned it. Scan it in the console, or "
            f"{_ASK}."
        ),
        True,
    ),
    ScanState.UNSUPPORTED: (
        Reason.UNSUPPORTED,
        (
            "Security Center can't scan images in the region of {name} ({region}). Push to a "
            "registry in a region that it supports, or let a policy's undecided.warn_on name "
            "unsupported."
        ),
        False,
    ),
    ScanState.UNKNOWN: (Reason.INCOMPLETE, _UNKNOWN, True),
}
_BEFORE_PUSH = (
    "The scan of {name} ended at {ended}, before the last push ({pushed}). Wait for the next scan "
    f"(--wait), or {_ASK}."
)
_TOO_OLD = (
    "The scan of {name} is older than the policy's scan.max_age: it ended at {ended}. Scan the "
    f"image in the console, or {_ASK}."
)
_IN_THE_FUTURE = (
    "The scan of {name} is said to have ended in the future, so its age can't be told. Wait longer "
    "with --wait; if it stays so, scan the image again."
)
_PUSH_UNKNOWN = (
    "When {name} was last pushed can't be told from its record, so neither can whether its scan is "
    "newer. Give the digest that was pushed (--digest)."
)


class CountingScan(Struct, frozen=True):
    """A record with a finished scan that is fresh enough."""

    record: ImageRecord
    scan: Scan


def choose(
    identified: Identified, target: Target, now: datetime, previous: Collection[str]
) -> CountingScan | Look:
    """Return the newest finished and fresh scan, else the record that gives most hope.

    ``previous`` are the ``Uuid`` of records whose last finished scan counts although another one
    runs. ``now`` is the service's own clock.
    """
    results = [_weigh(record, identified, target, now, previous) for record in identified.records]
    for result in results:
        if isinstance(result, CountingScan):
            return result
    refused = [result for result in results if isinstance(result, Look)]
    return next((result for result in refused if result.waiting), refused[0])


def _weigh(
    record: ImageRecord,
    identified: Identified,
    target: Target,
    now: datetime,
    previous: Collection[str],
) -> CountingScan | Look:
    scan = scan_of(record, now)
    if scan.state is ScanState.RUNNING and record.uuid in previous:
        scan = replace(scan, state=ScanState.FINISHED)
    refusal = (
        _not_fresh(record, scan, identified.by, target.requirements.max_age)
        if scan.state is ScanState.FINISHED
        else _UNFINISHED[scan.state]
    )
    if refusal is None:
        return CountingScan(record, scan)
    reason, sentence, waiting = refusal
    if reason is Reason.STALE:
        scan = replace(scan, state=ScanState.STALE)
    why = (reason, _filled(sentence, target.name, record))
    evidence = identified.unscanned(record, target, why, scan)
    return Look(evidence=evidence, record=record, waiting=waiting, doing=doing(record))


def _not_fresh(
    record: ImageRecord, scan: Scan, by: IdentifiedBy, max_age: timedelta | None
) -> tuple[Reason, str, bool] | None:
    """Return why a finished scan is too old, or makes no sense, and whether to wait for another.

    A tag may have moved since its scan; a digest means one image for ever.
    """
    finished, pushed = scan.finished_at, moment(record.image_update)
    by_tag = by is IdentifiedBy.TAG
    if finished is None or scan.age is None:
        return Reason.INCOMPLETE, _UNKNOWN, True
    if by_tag and pushed is not None and finished < pushed:
        return Reason.STALE, _BEFORE_PUSH, True
    if max_age is not None and scan.age > max_age:
        return Reason.STALE, _TOO_OLD, False
    if scan.age < -_AHEAD:
        return Reason.INCOMPLETE, _IN_THE_FUTURE, True
    if by_tag and pushed is None:
        return Reason.INCOMPLETE, _PUSH_UNKNOWN, True
    return None


def _filled(sentence: str, name: str, record: ImageRecord) -> str:
    words = (record.sca_status, record.sca_result)
    return sentence.format(
        name=name,
        doing=doing(record),
        words=", ".join(word for word in words if word),
        region=record.region_id or "unknown",
        state=record.sca_status or "(none)",
        last_scan=record.last_scan_time or "(none)",
        ended=_time(moment(record.last_scan_time)),
        pushed=_time(moment(record.image_update)),
    )


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""
