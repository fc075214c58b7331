from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import AnswerUnreadable
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


def test_an_answer_without_a_date_changes_nothing() -> None:
    heard = clock()
    heard.hear("Sun, 01 Mar 2026 13:00:00 GMT")
    before = heard.skew
    heard.hear("")
    assert before == heard.skew


@pytest.mark.parametrize(
    "date",
    [
        "yesterday",
        "Sun, 99 Mar 2026 12:00:00 GMT",
        "Sun, 31 Feb 2026 12:00:00 GMT",
        "Sun, 01 Mar 99999 12:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Mon, 01 Jan 0001 00:00:00 +2359",
    ],
)
def test_a_date_that_makes_no_sense_is_refused_and_changes_nothing(date: str) -> None:
    heard = clock()
    heard.hear("Sun, 01 Mar 2026 13:00:00 GMT")
    before = heard.skew
    with pytest.raises(AnswerUnreadable, match="Date header"):
        heard.hear(date)
    assert before == heard.skew


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40) | st.datetimes().map(format_datetime))
def test_whatever_date_is_heard_the_time_can_be_told(date: str) -> None:
    heard = clock()
    with suppress(AnswerUnreadable):
        heard.hear(date)
    assert abs(heard.now() - NOW) <= timedelta(days=400)


def test_a_date_without_a_zone_is_utc() -> None:
    heard = clock()
    heard.hear("Sun, 01 Mar 2026 13:00:00 -0000")
    assert timedelta(hours=1, milliseconds=500) == heard.skew
