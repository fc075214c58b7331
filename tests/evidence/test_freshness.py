from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.evidence.freshness import CountingScan, choose
from gate.evidence.identification import Identified
from gate.evidence.scan import began_after, moment, shows_scan, state_of
from gate.evidence.target import Look
from gate.findings import IdentifiedBy, Reason, ScanState, Unscanned
from gate.security_center import ImageRecord, ScanTask
from tests.evidence.making import AT, day, record, target

DAY = 86_400_000
NOW = datetime(2020, 1, 11, tzinfo=UTC)


def chosen(
    *records: ImageRecord, by: IdentifiedBy = IdentifiedBy.DIGEST, **given: Any
) -> CountingScan | Look:
    return choose(Identified(records, by), target(**given), NOW, frozenset())


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (("SUCCESS", "", AT), ScanState.FINISHED),
        (("SUCCESS", "", AT // 1000), ScanState.UNKNOWN),
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
    result = chosen(record(last_scan_time=AT + 8 * DAY))
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
        ({"last_scan_time": AT + 12 * DAY}, Reason.INCOMPLETE, True),
        ({"last_scan_time": 10**18}, Reason.INCOMPLETE, True),
        ({"last_scan_time": AT // 1000}, Reason.INCOMPLETE, True),
        ({"image_update": AT // 1000}, Reason.INCOMPLETE, True),
        ({"image_update": AT + 30 * DAY}, Reason.STALE, True),
        ({"image_update": 10**18}, Reason.INCOMPLETE, True),
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
    old = record(last_scan_time=AT + 2 * DAY)
    assert isinstance(chosen(old, max_age=day(9)), CountingScan)
    result = chosen(old, max_age=day(7))
    assert isinstance(result, Look)
    assert isinstance(result.evidence, Unscanned)
    assert (Reason.STALE, ScanState.STALE) == (result.evidence.reason, result.evidence.scan.state)


@pytest.mark.parametrize("by", IdentifiedBy)
def test_a_scan_must_be_newer_than_the_push(by: IdentifiedBy) -> None:
    pushed = record(image_update=AT + 9 * DAY, last_scan_time=AT + 8 * DAY)
    result = chosen(pushed, by=by)
    assert isinstance(result, Look)
    assert isinstance(result.evidence, Unscanned)
    assert (Reason.STALE, True) == (result.evidence.reason, result.waiting)


@pytest.mark.parametrize("by", IdentifiedBy)
def test_by_digest_a_task_may_show_what_was_scanned_before_the_push(by: IdentifiedBy) -> None:
    pushed = record(image_update=AT + 9 * DAY, last_scan_time=AT + 8 * DAY)
    result = choose(Identified((pushed,), by), target(), NOW, shown={pushed.uuid})
    assert isinstance(result, CountingScan) == (by is IdentifiedBy.DIGEST)


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


def task(status: str, **given: Any) -> ScanTask:
    return ScanTask(task_id="t", status=status, **given)


@pytest.mark.parametrize(
    ("tasks", "shown"),
    [
        ([task("SUCCESS", finish_time=AT + 100)], True),
        ([task("FAIL", finish_time=AT + 100), task("success", finish_time=AT + 900)], True),
        ([task("SUCCESS")], False),
        ([task("SUCCESS", finish_time=AT + DAY)], False),
        ([task("FAIL", finish_time=AT + 100)], False),
        ([task("PROCESSING", start_time=AT + 100)], False),
        ([], False),
    ],
)
def test_a_task_that_ended_with_the_scan_shows_what_it_saw(
    tasks: list[ScanTask],
    shown: bool,  # noqa: FBT001 - a case
) -> None:
    assert shown == shows_scan(record(last_scan_time=AT + 100), tasks)
    assert not shows_scan(record(last_scan_time=None), tasks)


def test_a_running_task_shows_that_the_last_scan_came_before_it() -> None:
    running = record(sca_status="START", last_scan_time=AT + 100)
    assert began_after(running, [task("PROCESSING", start_time=AT + 101)])
    assert not began_after(running, [task("PROCESSING", start_time=AT + 99)])
    assert not began_after(running, [task("FAIL", start_time=AT + 101)])
    assert not began_after(record(last_scan_time=None), [task("START", start_time=AT)])


@pytest.mark.parametrize("given", [None, 0, -1, 10**30, AT // 1000, 1_420_070_399_999])
def test_no_time_is_no_moment(given: int | None) -> None:
    assert moment(given) is None


times = st.one_of(
    st.none(),
    st.integers(-(10**6), 10**6),
    st.integers(AT // 1000 - DAY, AT // 1000 + 20 * DAY),
    st.integers(AT, AT + 20 * DAY),
    st.integers(),
)


@given(times, times, st.sampled_from(IdentifiedBy), st.booleans())
def test_no_scan_counts_whose_times_make_no_sense(
    scanned: int | None,
    pushed: int | None,
    by: IdentifiedBy,
    shown: bool,  # noqa: FBT001
) -> None:
    one = record(last_scan_time=scanned, image_update=pushed)
    result = choose(
        Identified((one,), by), target(max_age=day(9)), NOW, shown={"u1"} if shown else ()
    )
    if isinstance(result, CountingScan):
        assert scanned is not None
        assert AT + DAY <= scanned <= AT + 10 * DAY + 900_000
        assert not pushed or AT - 6 * 365 * DAY < pushed < AT + 11 * DAY
        assert not pushed or pushed <= scanned or (shown and by is IdentifiedBy.DIGEST)
        assert pushed or by is IdentifiedBy.DIGEST
