"""Which of an image's records holds a scan that may count, and why none does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from gate.evidence.records import image_of
from gate.evidence.scan import doing, moment, scan_of
from gate.findings import IdentifiedBy, Reason, Scan, ScanState, Unscanned

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from gate.evidence.records import Identified
    from gate.evidence.target import Target
    from gate.security_center import ImageRecord

# Clocks within one service differ by seconds; an end further ahead than this makes no sense.
_AHEAD = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A record with a finished scan that is fresh enough."""

    record: ImageRecord
    scan: Scan


@dataclass(frozen=True, slots=True)
class Refused:
    """A record whose scan does not count, and whether time may change that."""

    record: ImageRecord
    why: Unscanned
    waiting: bool


def choose(
    identified: Identified, target: Target, now: datetime, previous: Collection[str]
) -> Chosen | Refused:
    """Return the newest finished and fresh scan, else the record that gives most hope.

    ``previous`` are the ``Uuid`` of records whose last finished scan counts although another one
    runs. ``now`` is the service's own clock.
    """
    seen = [_weigh(record, identified.by, target, now, previous) for record in identified.records]
    for result in seen:
        if isinstance(result, Chosen):
            return result
    refused = [result for result in seen if isinstance(result, Refused)]
    return next((result for result in refused if result.waiting), refused[0])


def _weigh(
    record: ImageRecord,
    by: IdentifiedBy,
    target: Target,
    now: datetime,
    previous: Collection[str],
) -> Chosen | Refused:
    scan = scan_of(record, now)
    if scan.state is ScanState.RUNNING and record.uuid in previous:
        scan = replace(scan, state=ScanState.FINISHED)
    if scan.state is not ScanState.FINISHED:
        reason, sentence, waiting = _unfinished(record, scan, target)
        return Refused(record, _unscanned(reason, sentence, record, by, target, scan), waiting)
    stale = _stale(record, scan, by, target)
    if stale:
        scan = replace(scan, state=ScanState.STALE)
        sentence, waiting = stale
        return Refused(
            record, _unscanned(Reason.STALE, sentence, record, by, target, scan), waiting
        )
    odd = _makes_no_sense(record, scan, by, target)
    if odd:
        return Refused(
            record, _unscanned(Reason.INCOMPLETE, odd, record, by, target, scan), waiting=True
        )
    return Chosen(record, scan)


def _unfinished(record: ImageRecord, scan: Scan, target: Target) -> tuple[Reason, str, bool]:
    name = target.name
    match scan.state:
        case ScanState.RUNNING:
            return (
                Reason.RUNNING,
                f"The scan of {name} has not ended ({doing(record)}). Wait longer with --wait.",
                True,
            )
        case ScanState.FAILED:
            return (
                Reason.FAILED,
                f"The scan of {name} failed ({record.sca_status}"
                f"{', ' + record.sca_result if record.sca_result else ''}). Ask for another with "
                "--scan missing, which uses scan quota, or look in the console why it failed.",
                False,
            )
        case ScanState.MISSING:
            return (
                Reason.MISSING,
                f"Security Center knows {name} but has never scanned it. Ask for a scan with "
                "--scan missing, which uses scan quota, or scan it in the console.",
                True,
            )
        case ScanState.UNSUPPORTED:
            return (
                Reason.UNSUPPORTED,
                f"Security Center can't scan images in the region of {name} "
                f"({record.region_id or 'unknown'}). Push to a registry in a region that it "
                "supports, or let a policy's undecided.warn_on name unsupported.",
                False,
            )
        case _:
            return (
                Reason.INCOMPLETE,
                f"What the scan of {name} is doing can't be told: its state is "
                f"{record.sca_status or '(none)'}, its last scan "
                f"{scan.finished_at.isoformat() if scan.finished_at else '(never)'}. Wait longer "
                "with --wait; if it stays so, update the gate.",
                True,
            )


def _stale(
    record: ImageRecord, scan: Scan, by: IdentifiedBy, target: Target
) -> tuple[str, bool] | None:
    """Return why a finished scan is too old, and whether a newer may come by itself."""
    updated = moment(record.image_update)
    finished = scan.finished_at
    if by is IdentifiedBy.TAG and updated and finished and finished < updated:
        return (
            f"The scan of {target.name} ended at {finished:%Y-%m-%d %H:%M} UTC, before the last "
            f"push ({updated:%Y-%m-%d %H:%M} UTC). Wait for the next scan (--wait), or ask for one "
            "with --scan missing, which uses scan quota.",
            True,
        )
    limit = target.requirements.max_age
    if limit is not None and scan.age is not None and scan.age > limit:
        return (
            f"The scan of {target.name} is older than the policy's scan.max_age allows: it ended at "
            f"{finished:%Y-%m-%d %H:%M} UTC. Ask for another with --scan missing, which uses "
            "scan quota.",
            False,
        )
    return None


def _makes_no_sense(
    record: ImageRecord, scan: Scan, by: IdentifiedBy, target: Target
) -> str | None:
    if scan.age is not None and scan.age < -_AHEAD:
        return (
            f"The scan of {target.name} is said to have ended in the future "
            f"({scan.finished_at:%Y-%m-%d %H:%M} UTC), so its age can't be told."
        )
    if by is IdentifiedBy.TAG and moment(record.image_update) is None:
        return (
            f"When {target.name} was last pushed can't be told from its record, so neither can "
            "whether its scan is newer. Give the digest that was pushed."
        )
    return None


def _unscanned(  # noqa: PLR0913 - each is a part of what is said
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
        image=image_of(record, target),
        identified_by=by,
        scan=scan,
    )
