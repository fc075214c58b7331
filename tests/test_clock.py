from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.clock import LONGEST, Run, parse_day, parse_duration, say_duration
from tests.simulated import SimulatedTime


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (timedelta(), "0"),
        (timedelta(), "0s"),
        (timedelta(seconds=90), "90s"),
        (timedelta(minutes=10), "10m"),
        (timedelta(hours=1), "1h"),
        (timedelta(days=7), "7d"),
        (timedelta(days=7), "007d"),
        (LONGEST, "3650d"),
    ],
)
def test_a_number_and_a_unit_are_a_duration(expected: timedelta, text: str) -> None:
    assert expected == parse_duration(text)


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        ("write 15s for seconds", "15"),
        ("write 15s for seconds", " 15 "),
        ("Write it as 10m.", "10 M"),
        ("such as 90s", "1h30m"),
        ("such as 90s", "1.5h"),
        ("such as 90s", "-1s"),
        ("such as 90s", "soon"),
        ("such as 90s", ""),
        ("such as 90s", "7d\n8"),
        ("Write it as 7d.", "7d\n"),
        ("such as 90s", "\N{ARABIC-INDIC DIGIT THREE}s"),
        ("such as 90s", "12345678s"),
        ("more than 3650d", "3651d"),
    ],
)
def test_what_is_no_duration_is_refused_with_a_hint(hint: str, text: str) -> None:
    with pytest.raises(ValueError, match=hint):
        parse_duration(text)


@pytest.mark.parametrize(
    ("expected", "duration"),
    [
        ("15s", timedelta(seconds=15)),
        ("2m 5s", timedelta(seconds=125)),
        ("10m", timedelta(seconds=600)),
        ("1d", timedelta(hours=24)),
        ("3d 4h", timedelta(days=3, hours=4)),
        ("3d 4h", timedelta(days=3, hours=4, minutes=59)),
        ("1h", timedelta(hours=1, seconds=59)),
        ("1d", timedelta(days=1, seconds=1)),
        ("180d", timedelta(days=180)),
        ("1s", timedelta(seconds=1.2)),
        ("0s", timedelta(seconds=0.2)),
        ("0s", timedelta()),
        ("-2h 1m", timedelta(hours=-2, minutes=-1)),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(expected: str, duration: timedelta) -> None:
    assert expected == say_duration(duration)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    try:
        duration = parse_duration(text)
    except ValueError:
        return
    assert timedelta() <= duration <= LONGEST


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from("smhd"))
def test_what_is_said_can_be_read_again(number: int, unit: str) -> None:
    try:
        duration = parse_duration(f"{number}{unit}")
    except ValueError:
        assert unit in "hd"
        return
    parts = say_duration(duration).split()
    said = sum(map(parse_duration, parts), timedelta())
    smallest = {"d": "h", "h": "m"}.get(parts[0][-1], "s")
    assert said <= duration < said + parse_duration(f"1{smallest}")


def test_a_run_has_a_random_jitter_and_shows_nothing_of_its_environment() -> None:
    run = Run(clock=SimulatedTime().clock, deadline=9, environment={"KEY": "sesame"})
    assert 0 <= run.jitter() <= 1
    assert run.jitter() != run.jitter()
    assert "sesame" not in repr(run)
    assert 9 == run.remaining()


def test_a_day_is_written_as_year_month_and_day() -> None:
    assert date(2027, 1, 31) == parse_day("2027-01-31")


@pytest.mark.parametrize(
    "text", ["", "20270131", "2027-1-31", "2027-02-30", "soon", "2027-01-31\n"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a day|no calendar has"):
        parse_day(text)
