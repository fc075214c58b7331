from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.audit import Headway, Scope
from gate.audit.risk_lists import (
    ListedRow,
    ListQuery,
    RiskLists,
    RowMatcher,
    believable,
    majority,
)
from gate.security_center import ImageRiskRow, Page

A, B, C = (ListedRow(name, "high", 0) for name in "abc")


class Server:
    """Serves a list whose rows jump to the front, as others push."""

    def __init__(self, names: list[str], *, moves: float, cap: int, seed: int) -> None:
        self.names = names
        self.moves = moves
        self.cap = cap
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self.pages = 0

    async def describe_image_list_by_build_risk(
        self, *, current_page: int, page_size: int, **_filters: object
    ) -> Page[ImageRiskRow]:
        self.pages += 1
        names = self.names
        if self.random.random() < self.moves:
            at = self.random.randrange(len(names))
            names = [names[at], *names[:at], *names[at + 1 :]]
        size = min(page_size, self.cap)
        begin = (current_page - 1) * size
        rows = tuple(
            ImageRiskRow(uuid=name, risk_level="high", status=0)
            for name in names[begin : begin + size]
        )
        return Page(rows, current_page, size, len(names))


def lists(server: Server) -> RiskLists:
    return RiskLists(server, Headway(), RowMatcher({}, Scope()))  # type: ignore[arg-type]


@pytest.mark.anyio
async def test_a_list_that_stands_still_is_read_once() -> None:
    server = Server([str(number) for number in range(25)], moves=0, cap=10, seed=1)
    rows = await lists(server).read(ListQuery("no_user", 0))
    assert (25, 3, "") == (rows.counts.total(), server.pages, rows.problem)


@pytest.mark.anyio
async def test_rows_that_are_the_same_are_read_twice() -> None:
    server = Server(["a", "a", "b"], moves=0, cap=10, seed=1)
    rows = await lists(server).read(ListQuery("no_user", 0))
    assert (Counter({A: 2, B: 1}), "", 2) == (rows.counts, rows.problem, server.pages)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(6, 20), st.sampled_from([0.01, 0.05]), st.integers(0, 9999))
def test_a_list_that_moves_is_whole_or_said_not_to_be(
    length: int, cap: int, moves: float, seed: int
) -> None:
    import anyio  # noqa: PLC0415 - beside its one use

    server = Server([str(number) for number in range(length)], moves=moves, cap=cap, seed=seed)
    rows = anyio.run(lists(server).read, ListQuery("no_user", 0))
    assert rows.problem or set(server.names) == rows.images


def test_a_majority_is_more_than_half() -> None:
    assert Counter({A: 1, B: 2}) == majority(
        [Counter({A: 1, B: 2}), Counter({A: 1, B: 2, C: 1}), Counter({B: 1})]
    )


def test_one_reading_is_never_enough_where_rows_are_the_same() -> None:
    assert not believable([Counter({A: 2})], Counter({A: 2}))


def test_a_row_seen_twice_must_be_so_in_nearly_all_readings() -> None:
    twice, once = Counter({A: 2}), Counter({A: 1, B: 1})
    assert believable([twice, twice], twice)
    assert not believable([once, twice, twice, twice], twice)
    assert believable([once, twice, twice, twice, twice], twice)
    assert not believable([once, twice, once, twice, twice], twice)
    assert believable([once, twice], once)
