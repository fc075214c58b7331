from __future__ import annotations

from gate.audit import Headway


def test_progress_says_what_was_read_and_what_is_left() -> None:
    progress = Headway(records=50, records_expected=100, rows=1500, rows_expected=3000)
    assert "50 of 100 records, 1,500 of 3,000 rows of risks" == str(progress)
    assert "[##########----------]  50%" == progress.bar()


def test_single_images_are_told_where_there_are_any() -> None:
    assert str(Headway(looks=1, looks_expected=2)).endswith(", 1 of 2 images one by one")


def test_a_bar_is_empty_at_first_and_never_overflows() -> None:
    assert Headway().bar().endswith("  0%")
    assert Headway(records=5, records_expected=3).bar().startswith("[####################]")


def test_it_never_says_that_all_is_read_while_more_may_come() -> None:
    progress = Headway(records=17, records_expected=17)
    assert "17 of 17 records, rows of risks to come" == str(progress)
    assert "99%" == progress.percent()
