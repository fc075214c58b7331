"""What a record says of its scan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gate.findings import Scan, ScanState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.security_center import ImageRecord, ScanTask

# The words of ScaStatus in the reference of DescribeImageInstances, and those of
# DescribeImageLatestScanTask, whose time-out is spelt so.
_STEPS = frozenset(
    (
        "INIT",
        "START",
        "PROCESSING",
        "MESSAGE_SEND",
        "START_RUN",
        "DOWNLOAD",
        "PRE_ANALYZER",
        "PRE_ANALYZER_SUCCESS",
        "WEB_SHELL_ANALYZER",
        "CVE_ANALYZER",
        "BIN_ANALYZER",
        "OTHER_ANALYZER",
    )
)
_FINISHED = "SUCCESS"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FAILED = frozenset(("FAIL", "TIMEOUT", "TIMOUT"))
_UNSUPPORTED = "TASK_NOT_SUPPORT_REGION"


def state_of(record: ImageRecord) -> ScanState:
    """Return the state of a record's scan; a word that nobody has heard of is ``unknown``."""
    status = record.sca_status.strip().upper()
    if record.sca_result == _UNSUPPORTED:
        return ScanState.UNSUPPORTED
    if status == _FINISHED:
        return ScanState.FINISHED if record.last_scan_time else ScanState.UNKNOWN
    if status in _FAILED:
        return ScanState.FAILED
    if status in _STEPS:
        return ScanState.RUNNING
    if not status and not record.last_scan_time:
        return ScanState.MISSING
    return ScanState.UNKNOWN


def scan_of(record: ImageRecord, now: datetime) -> Scan:
    """Describe a record's scan; its age counts to ``now``, the service's own clock."""
    finished = moment(record.last_scan_time)
    return Scan(
        state=state_of(record),
        finished_at=finished,
        age=None if finished is None else now - finished,
    )


def moment(milliseconds: int | None) -> datetime | None:
    """Return a time of the API, milliseconds since the epoch, in UTC; ``None`` for no time.

    Zero and what no calendar holds are no time either.
    """
    if not milliseconds or milliseconds < 0:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def doing(record: ImageRecord) -> str:
    """Say what the scan is doing, for a progress line."""
    state = state_of(record)
    if state is ScanState.RUNNING:
        share = "" if record.sca_progress is None else f" {record.sca_progress} %"
        return f"scanning, {record.sca_status}{share}"
    return state.value


def finished_before_the_running(record: ImageRecord, tasks: Iterable[ScanTask]) -> bool:
    """Tell whether ``LastScanTime`` is the end of a scan that came before the one now running.

    A task that ended in success shows it, or a running one that began after that time.
    """
    last = record.last_scan_time
    if not last:
        return False
    for task in tasks:
        status = task.status.strip().upper()
        if status == _FINISHED:
            return True
        if status in _STEPS and (task.start_time or 0) > last:
            return True
    return False
