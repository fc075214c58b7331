from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gate.evidence.freshness import CountingScan, choose
from gate.evidence.identification import Identified
from gate.evidence.scan import finished_before_the_running, moment, state_of
from gate.evidence.target import Look
from gate.findings import IdentifiedBy, Reason, ScanState, Unscanned
from gate.security_center import ImageRecord, ScanTask
from tests.evidence.making import day, record, target

DAY = 86_400_000
NOW = datetime(1970, 1, 11, tzinfo=UTC)


def chosen(
    *records: ImageRecord, by: IdentifiedBy = IdentifiedBy.DIGEST, **given: Any
) -> CountingScan | Look:
    return choose(Identified(records, by), target(**given), NOW, frozenset())


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (("SUCCESS", "", 1), ScanState.FINISHED),
        (("SUCCESS", "", None), ScanState.UNKNOWN),
        (("FAIL", "", 1), ScanState.FAILED),
        (("TIMEOUT", "", 1), ScanState.FAILED),
        (("TIMOUT", "", 1), ScanState.FAILED),
        (("INIT", "", None), ScanState.RUNNING),
        (("CVE_ANALYZER", "", 1), ScanState.RUNNING),
        (("", "", None), ScanState.MISSING),
        (("", "TASK_NOT_EXISTS", None), ScanState.MISSING),
        (("", "", 1), ScanState.UNKNOWN),
        (("", "TASK_NOT_SUPPORT_REGION", None), ScanState.UNSUPPORTED),
        (("SUCCESS", "TASK_NOT_SUPPORT_REGION", 1), ScanState.UNSUPPORTED),
        (("DREAMING", "", 1), ScanState.UNKNOWN),
    ],
)
def test_the_words_of_the_reference_have_their_states(
    words: tuple[str, str, int | None], state: ScanState
) -> None:
    status, result, scanned = words
    given = record(sca_status=status, sca_result=result, last_scan_time=scanned)
    assert state is state_of(given)


def test_the_age_counts_to_the_services_own_clock() -> None:
    result = chosen(record(last_scan_time=8 * DAY))
    assert isinstance(result, CountingScan)
    assert timedelta(days=2) == result.scan.age


def test_one_finished_scan_is_enough() -> None:
    result = chosen(record(uuid="r", sca_status="START"), record(uuid="f"))
    assert isinstance(result, CountingScan)
    assert "f" == result.record.uuid


@pytest.mark.parametrize(
    ("given", "reason", "waiting"),
    [
        ({"sca_status": "START"}, Reason.RUNNING, True),
        ({"sca_status": "FAIL"}, Reason.FAILED, False),
        ({"sca_status": "", "last_scan_time": None}, Reason.MISSING, True),
        ({"sca_result": "TASK_NOT_SUPPORT_REGION"}, Reason.UNSUPPORTED, False),
        ({"sca_status": "DREAMING"}, Reason.INCOMPLETE, True),
        ({"last_scan_time": 12 * DAY}, Reason.INCOMPLETE, True),
        ({"last_scan_time": 10**18}, Reason.INCOMPLETE, True),
    ],
    ids=str,
)
def test_a_scan_that_is_no_evidence_says_why(
    given: dict[str, object],
    reason: Reason,
    waiting: bool,  # noqa: FBT001 - a case
) -> None:
    result = chosen(record(**given))
    assert isinstance(result, Look)
    assert isinstance(result.evidence, Unscanned)
    assert (reason, waiting) == (result.evidence.reason, result.waiting)


def test_a_scan_that_is_too_old_is_stale() -> None:
    old = record(last_scan_time=2 * DAY)
    assert isinstance(chosen(old, max_age=day(9)), CountingScan)
    result = chosen(old, max_age=day(7))
    assert isinstance(result, Look)
    assert isinstance(result.evidence, Unscanned)
    assert (Reason.STALE, ScanState.STALE) == (result.evidence.reason, result.evidence.scan.state)


def test_by_tag_a_scan_must_be_newer_than_the_push() -> None:
    pushed = record(image_update=9 * DAY, last_scan_time=8 * DAY)
    assert isinstance(chosen(pushed), CountingScan)
    result = chosen(pushed, by=IdentifiedBy.TAG)
    assert isinstance(result, Look)
    assert isinstance(result.evidence, Unscanned)
    assert (Reason.STALE, True) == (result.evidence.reason, result.waiting)


def test_by_tag_a_push_without_a_time_is_no_evidence() -> None:
    result = chosen(record(image_update=None), by=IdentifiedBy.TAG)
    assert isinstance(result, Look)
    assert isinstance(result.evidence, Unscanned)
    assert Reason.INCOMPLETE is result.evidence.reason


def test_what_may_still_change_is_told_first() -> None:
    result = chosen(record(uuid="f", sca_status="FAIL"), record(uuid="r", sca_status="START"))
    assert isinstance(result, Look)
    assert isinstance(result.evidence, Unscanned)
    assert Reason.RUNNING is result.evidence.reason


def test_a_scan_before_the_running_one_counts_if_the_policy_says_so() -> None:
    running = record(sca_status="START")
    identified = Identified((running,), IdentifiedBy.DIGEST)
    result = choose(identified, target(), NOW, {running.uuid})
    assert isinstance(result, CountingScan)
    assert ScanState.FINISHED is result.scan.state


def test_a_scan_before_the_running_one_has_to_be_shown() -> None:
    running = record(sca_status="START", last_scan_time=100)

    def task(status: str, start: int | None) -> ScanTask:
        return ScanTask(task_id="t", status=status, start_time=start)

    assert finished_before_the_running(running, [task("SUCCESS", None)])
    assert finished_before_the_running(running, [task("PROCESSING", 101)])
    assert not finished_before_the_running(running, [task("PROCESSING", 99)])
    assert not finished_before_the_running(running, [task("FAIL", 101)])
    assert not finished_before_the_running(running, [])
    assert not finished_before_the_running(record(last_scan_time=None), [task("SUCCESS", 1)])


@pytest.mark.parametrize("given", [None, 0, -1, 10**30])
def test_no_time_is_no_moment(given: int | None) -> None:
    assert moment(given) is None
