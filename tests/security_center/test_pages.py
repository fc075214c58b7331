from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import AnswerUnreadable, ServiceFailing
from gate.security_center import Listing, Page, read_list

if TYPE_CHECKING:
    from collections.abc import Callable


class Server:
    """Pages of some rows, each changed by ``change``, which is told how often a page was asked."""

    def __init__(
        self,
        rows: list[int],
        size: int = 3,
        change: Callable[[Page[int], int], Page[int]] = lambda page, _: page,
    ) -> None:
        self.rows = rows
        self.size = size
        self.change = change
        self.asked: list[int] = []

    async def fetch(self, number: int) -> Page[int]:
        self.asked.append(number)
        await anyio.lowlevel.checkpoint()
        start = (number - 1) * self.size
        page = Page(tuple(self.rows[start : start + self.size]), number, self.size, len(self.rows))
        return self.change(page, self.asked.count(number))


def changed(page: Page[int], **told: object) -> Page[int]:
    fields: dict[str, Any] = {name: getattr(page, name) for name in Page.__struct_fields__}
    return Page(**(fields | told))


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 6, 7, 100])
@pytest.mark.anyio
async def test_all_pages_are_read_in_order(length: int) -> None:
    server = Server(list(range(length)))
    listing = await read_list(server.fetch)
    assert Listing(rows=tuple(range(length)), total=length, complete=True, page_size=3) == listing
    assert list(range(1, max(1, -(-length // 3)) + 1)) == sorted(server.asked)


@pytest.mark.anyio
async def test_only_rows_that_are_wanted_are_kept_but_all_are_counted() -> None:
    listing = await read_list(Server(list(range(10))).fetch, keep=lambda row: row == 7)
    assert Listing(rows=(7,), total=10, complete=True, page_size=3) == listing


@pytest.mark.anyio
async def test_equal_rows_are_rows() -> None:
    assert (await read_list(Server([1] * 9).fetch)).complete
    assert (await read_list(Server([1, 1, 2] * 3).fetch)).complete
    assert (await read_list(Server([1, 2, 3, 4], size=1).fetch)).complete
    assert (await read_list(Server([1, 1], size=1).fetch)).complete


@pytest.mark.anyio
async def test_the_pages_after_the_first_are_read_at_once() -> None:
    server = Server(list(range(30)))
    arrived = anyio.Event()

    async def fetch(number: int) -> Page[int]:
        page = await server.fetch(number)
        if len(server.asked) == 10:
            arrived.set()
        if number > 1:
            await arrived.wait()
        return page

    with anyio.fail_after(1):
        assert (await read_list(fetch)).complete


@pytest.mark.anyio
async def test_a_list_that_is_too_long_is_not_read() -> None:
    server = Server(list(range(10)))
    listing = await read_list(server.fetch, at_most=9)
    assert server.asked == [1]
    assert (listing.too_long, listing.complete, listing.total) == (True, False, 10)
    assert "more than 9" in listing.problem
    assert (await read_list(server.fetch, at_most=10)).complete


def grows(page: Page[int], _: int) -> Page[int]:
    return changed(page, total_count=page.total_count + (page.current_page == 3))


def repeats(page: Page[int], _: int) -> Page[int]:
    return changed(page, rows=(0, 1, 2)) if page.current_page == 2 else page


def echoes(page: Page[int], _: int) -> Page[int]:
    return changed(page, rows=(0, 1, 2), current_page=1)


def misnumbers(page: Page[int], _: int) -> Page[int]:
    return changed(page, current_page=2) if page.current_page == 1 else page


def shrinks(page: Page[int], _: int) -> Page[int]:
    return changed(page, page_size=2) if page.current_page == 3 else page


def overflows(page: Page[int], _: int) -> Page[int]:
    return changed(page, rows=(*page.rows, 9, 9, 9)) if page.current_page == 3 else page


def loses(page: Page[int], _: int) -> Page[int]:
    return changed(page, rows=page.rows[:1])


def lies(page: Page[int], _: int) -> Page[int]:
    return changed(page, total_count=page.total_count + 1)


FAULTS = [
    (grows, "length changed from 8 to 9"),
    (repeats, "Page 2 repeats page 1"),
    (echoes, r"Page \d was asked for, and page 1 came"),
    (misnumbers, "Page 1 was asked for, and page 2 came"),
    (shrinks, "pages changed from 3 to 2"),
    (overflows, "Page 3 has 5 rows where 3 fit"),
    (loses, "It has 8 rows, and 3 came"),
    (lies, "It has 9 rows, and 8 came"),
]


@pytest.mark.parametrize(
    ("fault", "problem"), FAULTS, ids=lambda told: getattr(told, "__name__", "")
)
@pytest.mark.anyio
async def test_a_list_that_can_not_be_read_whole_says_why(
    fault: Callable[[Page[int], int], Page[int]], problem: str
) -> None:
    server = Server(list(range(8)), change=fault)
    listing = await read_list(server.fetch)
    assert (listing.complete, listing.too_long) == (False, False)
    assert server.asked.count(1) == 3
    assert re.search(problem, listing.problem)


@pytest.mark.parametrize("fault", [fault for fault, _ in FAULTS])
@pytest.mark.anyio
async def test_a_fault_that_passes_is_read_over(
    fault: Callable[[Page[int], int], Page[int]],
) -> None:
    server = Server(
        list(range(8)), change=lambda page, times: page if times > 1 else fault(page, times)
    )
    assert (await read_list(server.fetch)).complete


@pytest.mark.anyio
async def test_the_last_reading_goes_to_the_end_so_that_only_what_moved_lacks() -> None:
    server = Server(list(range(90)), change=grows)
    listing = await read_list(server.fetch)
    assert tuple(range(90)) == listing.rows
    assert (listing.complete, listing.total) == (False, 90)
    assert "length changed" in listing.problem
    assert server.asked.count(30) == 1
    once = await read_list(server.fetch, readings=1)
    assert (once.complete, len(once.rows)) == (False, 90)


@pytest.mark.anyio
async def test_nonsense_is_not_followed() -> None:
    server = Server([], change=lambda page, _: changed(page, total_count=10**9))
    with pytest.raises(AnswerUnreadable, match="claims"):
        await read_list(server.fetch)
    assert server.asked == [1]


@pytest.mark.anyio
async def test_an_empty_list_may_have_pages_of_nothing() -> None:
    server = Server([], change=lambda page, _: changed(page, page_size=0))
    assert (await read_list(server.fetch)).complete


@pytest.mark.parametrize("broken", [1, 2, 30])
@pytest.mark.anyio
async def test_trouble_with_a_page_is_raised_as_it_is(broken: int) -> None:
    server = Server(list(range(90)))

    async def fetch(number: int) -> Page[int]:
        if number == broken:
            raise ServiceFailing("No.", "Later.")
        return await server.fetch(number)

    with pytest.raises(ServiceFailing):
        await read_list(fetch)


@pytest.mark.anyio
async def test_a_list_is_read_at_least_once() -> None:
    with pytest.raises(ValueError, match="at least once"):
        await read_list(Server([]).fetch, readings=0)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(0, 3), max_size=20),
    st.integers(1, 5),
    st.lists(st.tuples(st.integers(1, 6), st.integers(0, 19)), max_size=3),
)
def test_a_complete_list_has_as_many_rows_as_it_says(
    rows: list[int], size: int, moves: list[tuple[int, int]]
) -> None:
    server = Server(rows, size)
    left = list(moves)

    async def fetch(number: int) -> Page[int]:
        if left and left[0][0] == number and server.rows:
            row = left.pop(0)[1] % len(server.rows)
            server.rows = [server.rows[row], *server.rows[:row], *server.rows[row + 1 :]]
        return await server.fetch(number)

    listing = anyio.run(read_list, fetch)
    assert not listing.complete or len(listing.rows) == listing.total
    if not moves and size == 1:
        assert listing.complete
