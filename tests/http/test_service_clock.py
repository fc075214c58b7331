from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gate.http import ServiceClock

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def clock() -> ServiceClock:
    return ServiceClock(lambda: NOW)


def test_the_machines_time_counts_until_an_answer_tells_another() -> None:
    heard = clock()
    assert heard.now() == NOW
    heard.hear("Sun, 01 Mar 2026 12:20:00 GMT")
    assert timedelta(minutes=20, milliseconds=500) == heard.skew
    assert NOW + heard.skew == heard.now()


@pytest.mark.parametrize("second", ["11:59:58", "12:00:00", "12:00:01"])
def test_less_than_two_seconds_are_no_skew(second: str) -> None:
    heard = clock()
    heard.hear("Sun, 01 Mar 2026 10:00:00 GMT")
    heard.hear(f"Sun, 01 Mar 2026 {second} GMT")
    assert timedelta(0) == heard.skew


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Sun, 99 Mar 2026 12:00:00 GMT", "Sun, 01 Mar 99999 12:00:00 GMT"]
)
def test_a_date_that_can_not_be_read_changes_nothing(date: str) -> None:
    heard = clock()
    heard.hear("Sun, 01 Mar 2026 13:00:00 GMT")
    before = heard.skew
    heard.hear(date)
    assert before == heard.skew


def test_a_date_without_a_zone_is_utc() -> None:
    heard = clock()
    heard.hear("Sun, 01 Mar 2026 13:00:00 -0000")
    assert timedelta(hours=1, milliseconds=500) == heard.skew
