from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.duration import LONGEST, parse_duration, say_duration


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
        ("3 days", timedelta(days=3)),
        ("1 day", timedelta(hours=24)),
        ("25 hours", timedelta(hours=25)),
        ("10 minutes", timedelta(seconds=600)),
        ("90 seconds", timedelta(seconds=90)),
        ("1 second", timedelta(seconds=1.2)),
        ("0 seconds", timedelta()),
        ("-2 hours", timedelta(hours=-2)),
    ],
)
def test_a_duration_is_said_in_its_largest_exact_unit(expected: str, duration: timedelta) -> None:
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
    count, name = say_duration(duration).split()
    assert duration == parse_duration(f"{count}{name[0]}")
