"""docs/speed.md holds measured numbers only: each row is one of the benchmarks' own."""

from __future__ import annotations

from tests.project.markdown import Page


def test_every_row_is_one_of_the_benchmarks() -> None:
    measured, shown = Page.read("benchmarks/README.md").rows, Page.read("docs/speed.md").rows

    assert shown
    assert not [row for row in shown if row not in measured]
