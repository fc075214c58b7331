"""Which of an image's records holds a scan that may count, and why none does."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gate.evidence.scan import doing, moment, scan_of, scanned_before_push
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
_PUSHED_AHEAD = timedelta(days=1)
_UNKNOWN = (
    "What the scan of {name} is doing can't be told: its state is {state}, the time of its last "
    "scan {last_scan}. {advice.longer}; if it stays so, update the gate."
)
# Why a scan that has not finished does not count, and whether time may change that.
_UNFINISHED = {
    ScanState.RUNNING: (
        Reason.RUNNING,
        "The scan of {name} has not ended ({doing}). {advice.longer}.",
        True,
    ),
    ScanState.FAILED: (
        Reason.FAILED,
        ("The scan of {name} failed ({words}). See the console for the reason{advice.or_scan}."),
        False,
    ),
    ScanState.MISSING: (
        Reason.MISSING,
        (
            "Security Center knows {name} but has never scanned it. Scan it in the console"
            "{advice.or_scan}."
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
    "The scan of {name} ended at {ended}, before the last push ({pushed}), and no task shows that "
    "it is of this digest. {advice.next_scan}."
)
_NO_SUCH_TIME = (
    "When {name} was pushed makes no sense ({update} milliseconds since 1970), so neither does the "
    "age of its scan. See the image in the console, and report it if it stays so."
)
_TOO_OLD = (
    "The scan of {name} is older than the policy's scan.max_age: it ended at {ended}. Scan the "
    "image in the console{advice.or_scan}."
)
_IN_THE_FUTURE = (
    "The scan of {name} is said to have ended in the future, so its age can't be told. "
    "{advice.longer}; if it stays so, scan the image again."
)
_PUSH_UNKNOWN = (
    "When {name} was last pushed can't be told from its record, so neither can whether its scan is "
    "newer. Give {advice.digest}."
)


class CountingScan(Struct, frozen=True):
    """A record with a finished scan that is fresh enough."""

    record: ImageRecord
    scan: Scan


def choose(
    identified: Identified,
    target: Target,
    now: datetime,
    previous: Collection[str] = (),
    shown: Collection[str] = (),
) -> CountingScan | Look:
    """Return the newest finished and fresh scan, else the record that gives most hope.

    ``previous`` are the ``Uuid`` of records whose last finished scan counts although another one
    runs; ``shown`` of those whose scan is of the digest although it ended before the last push.
    ``now`` is the service's own clock.
    """
    results = [
        _weigh(record, identified, target, now, record.uuid in previous, record.uuid in shown)
        for record in identified.records
    ]
    for result in results:
        if isinstance(result, CountingScan):
            return result
    refused = [result for result in results if isinstance(result, Look)]
    return next((result for result in refused if result.waiting), refused[0])


def _weigh(  # noqa: PLR0913, PLR0917 - all that a scan is weighed by
    record: ImageRecord,
    identified: Identified,
    target: Target,
    now: datetime,
    previous: bool,  # noqa: FBT001 - see ``choose``
    shown: bool,  # noqa: FBT001 - see ``choose``
) -> CountingScan | Look:
    scan = scan_of(record, now)
    if scan.state is ScanState.RUNNING and previous:
        scan = replace(scan, state=ScanState.FINISHED)
    refusal: tuple[Reason, str, bool] | None
    if scan.state is not ScanState.FINISHED:
        refusal = _UNFINISHED[scan.state]
    elif scanned_before_push(record) and not (shown and identified.by is IdentifiedBy.DIGEST):
        refusal = Reason.STALE, _BEFORE_PUSH, True
    else:
        refusal = _not_fresh(record, scan, identified.by, target.requirements.max_age, now)
    if refusal is None:
        return CountingScan(record, scan)
    reason, sentence, waiting = refusal
    if reason is Reason.STALE:
        scan = replace(scan, state=ScanState.STALE)
    why = (reason, _filled(sentence, target, record))
    evidence = identified.unscanned(record, target, why, scan)
    return Look(evidence=evidence, record=record, waiting=waiting, doing=doing(record))


def _not_fresh(
    record: ImageRecord, scan: Scan, by: IdentifiedBy, max_age: timedelta | None, now: datetime
) -> tuple[Reason, str, bool] | None:
    """Return why a finished scan is too old, or makes no sense, and whether to wait for another."""
    pushed = moment(record.image_update)
    if scan.finished_at is None or scan.age is None:
        return Reason.INCOMPLETE, _UNKNOWN, True
    if max_age is not None and scan.age > max_age:
        return Reason.STALE, _TOO_OLD, False
    if scan.age < -_AHEAD:
        return Reason.INCOMPLETE, _IN_THE_FUTURE, True
    if record.image_update and (pushed is None or pushed > now + _PUSHED_AHEAD):
        return Reason.INCOMPLETE, _NO_SUCH_TIME, True
    if by is IdentifiedBy.TAG and pushed is None:
        return Reason.INCOMPLETE, _PUSH_UNKNOWN, True
    return None


def _filled(sentence: str, target: Target, record: ImageRecord) -> str:
    words = (record.sca_status, record.sca_result)
    return sentence.format(
        name=target.name,
        advice=target.advice,
        doing=doing(record),
        words=", ".join(word for word in words if word),
        region=record.region_id or "unknown",
        state=record.sca_status or "(none)",
        last_scan=record.last_scan_time or "(none)",
        update=record.image_update,
        ended=_time(moment(record.last_scan_time)),
        pushed=_time(moment(record.image_update)),
    )


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""
