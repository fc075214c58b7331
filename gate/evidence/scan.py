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
# The first year in which a time of the service makes sense.
_EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)
_SAME_END = timedelta(seconds=5)  # between the end of a scan and that of its task
_FAILED = frozenset(("FAIL", "TIMEOUT", "TIMOUT"))
_UNSUPPORTED = "TASK_NOT_SUPPORT_REGION"


def state_of(record: ImageRecord) -> ScanState:
    """Return the state of a record's scan; a word that nobody has heard of is ``unknown``."""
    status = record.sca_status.strip().upper()
    if record.sca_result == _UNSUPPORTED:
        return ScanState.UNSUPPORTED
    if status == _FINISHED:
        return ScanState.FINISHED if moment(record.last_scan_time) else ScanState.UNKNOWN
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

    Zero is no time, and neither is what makes no sense: what no calendar holds, or what is older
    than the service, as a time in seconds would be.
    """
    if not milliseconds or milliseconds < 0:
        return None
    try:
        at = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None
    return at if at >= _EARLIEST else None


def doing(record: ImageRecord) -> str:
    """Say what the scan is doing, for a progress line."""
    state = state_of(record)
    if state is ScanState.RUNNING:
        share = "" if record.sca_progress is None else f" {record.sca_progress} %"
        return f"scanning, {record.sca_status}{share}"
    return state.value


def shows_scan(record: ImageRecord, tasks: Iterable[ScanTask]) -> bool:
    """Tell whether one of its digest's tasks ended in success when the record's last scan did.

    So the task is the record's own, and what that scan saw is this digest.
    """
    last = moment(record.last_scan_time)
    ends = [moment(task.finish_time) for task in tasks if _status(task) == _FINISHED]
    return last is not None and any(end and abs(end - last) <= _SAME_END for end in ends)


def began_after(record: ImageRecord, tasks: Iterable[ScanTask]) -> bool:
    """Tell whether a running task shows that ``LastScanTime`` is the end of a scan before it."""
    last = moment(record.last_scan_time)
    starts = [moment(task.start_time) for task in tasks if _status(task) in _STEPS]
    return last is not None and any(start and start > last for start in starts)


def scanned_before_push(record: ImageRecord) -> bool:
    """Tell whether the record's image was pushed after its last scan, as when a tag moves."""
    finished, pushed = moment(record.last_scan_time), moment(record.image_update)
    return finished is not None and pushed is not None and finished < pushed


def _status(task: ScanTask) -> str:
    return task.status.strip().upper()
