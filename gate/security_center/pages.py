"""Read a list to its end, and notice where that didn't work.

No operation answers from a stable snapshot, so a list counts as complete only if as many rows were
read as ``TotalCount`` says, that count stayed the same, and no page came twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import anyio
from msgspec import Struct, field

from gate.errors import GateError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from gate.security_center.wire import Page

T = TypeVar("T")

_WORKERS = 16  # how many pages are asked for at once; the client's own limit is below that


class Listing(Struct, Generic[T], frozen=True, kw_only=True):
    """The rows of a list that were to be kept, in the list's order.

    ``total`` is how many rows the whole list has. Unless ``complete``, ``problem`` says in a
    sentence why rows may lack. ``too_long`` says that the list has more rows than were wanted; then
    only its first page was read. ``moved`` says that its length changed while it was read, and that
    nothing else is wrong; ``repeats`` that a page came twice, which no list that merely moves
    explains. ``page_size`` is how many rows the server puts on a page.
    """

    rows: tuple[T, ...]
    total: int
    complete: bool
    problem: str = ""
    too_long: bool = False
    moved: bool = False
    repeats: bool = False
    page_size: int = 0


async def read_list(
    fetch: Callable[[int], Awaitable[Page[T]]],
    *,
    keep: Callable[[T], bool] | None = None,
    at_most: int | None = None,
    readings: int = 3,
) -> Listing[T]:
    """Read all pages of a list: the first, then the others at once.

    ``fetch`` gets a page by its number, from 1. Rows that ``keep`` doesn't want are counted and
    dropped. A list that moves under the reader's eyes is read again, ``readings`` times in all; the
    last reading goes to the end of the list, so what lacks is only what moved. Raises what
    ``fetch`` raises.
    """
    if readings < 1:
        raise ValueError("a list is read at least once")
    for _ in range(readings - 1):
        listing = await _read(fetch, keep, at_most, to_the_end=False)
        if listing.complete or listing.too_long:
            return listing
    return await _read(fetch, keep, at_most, to_the_end=True)


class _Reading(Struct, Generic[T]):
    """What one reading of a list has gathered; pages come in any order."""

    keep: Callable[[T], bool] | None
    total: int
    page_size: int
    kept: dict[int, list[T]] = field(default_factory=dict)
    counted: int = 0
    problem: str = ""
    wrong: bool = False  # in a way that no list that moves explains
    repeats: bool = False
    totals: set[int] = field(default_factory=set)
    _contents: dict[int, int] = field(default_factory=dict)

    def take(self, number: int, page: Page[T]) -> None:
        """Count a page's rows, keep those that are wanted, and notice what is wrong with it."""
        fault = self._fault(number, page)
        self.wrong = self.wrong or bool(fault)
        self.totals.add(page.total_count)
        if not fault and page.total_count != self.total:
            fault = f"Its length changed from {self.total} to {page.total_count} while it was read."
        self.problem = self.problem or fault
        self.counted += len(page.rows)
        keep = self.keep
        self.kept[number] = [row for row in page.rows if keep is None or keep(row)]

    def _fault(self, number: int, page: Page[T]) -> str:
        if page.current_page != number:
            return f"Page {number} was asked for, and page {page.current_page} came."
        if page.page_size != self.page_size:
            return f"Its pages changed from {self.page_size} to {page.page_size} rows."
        if len(page.rows) > page.page_size:
            return f"Page {number} has {len(page.rows)} rows where {page.page_size} fit."
        return self._repetition(number, page.rows)

    def _repetition(self, number: int, rows: tuple[T, ...]) -> str:
        """Notice a page that came before under another number.

        Rows may be equal to one another, so pages of equal rows may be, too: only the same rows
        that differ among themselves, in the same order, are taken for the same page.
        """
        if len(rows) <= 1 or len(set(rows)) != len(rows):
            return ""
        before = self._contents.setdefault(hash(rows), number)
        if before == number:
            return ""
        self.repeats = True
        return f"Page {number} repeats page {before}."

    def listing(self, *, too_long: bool) -> Listing[T]:
        """Add up what was read."""
        problem = self.problem
        if not problem and self.counted != self.total:
            problem = f"It has {self.total} rows, and {self.counted} came."
        rows = [row for number in sorted(self.kept) for row in self.kept[number]]
        return Listing(
            rows=tuple(rows),
            total=self.total,
            complete=not problem,
            problem=problem,
            too_long=too_long,
            # A row that is removed or added elsewhere shifts others, and the length tells of it; a
            # list that is shorter than it ever claimed to be is not explained by that.
            moved=len(self.totals) > 1 and not self.wrong and self.counted >= min(self.totals),
            repeats=self.repeats,
            page_size=self.page_size,
        )


async def _read(
    fetch: Callable[[int], Awaitable[Page[T]]],
    keep: Callable[[T], bool] | None,
    at_most: int | None,
    *,
    to_the_end: bool,
) -> Listing[T]:
    first = await fetch(1)
    reading = _Reading(keep, first.total_count, first.page_size)
    reading.take(1, first)
    too_long = at_most is not None and first.total_count > at_most
    if too_long:
        reading.problem = f"It has {first.total_count} rows, more than {at_most}."
    elif to_the_end or not reading.problem:
        last = -(-first.total_count // first.page_size) if first.total_count else 1
        await _read_others(fetch, reading, iter(range(2, last + 1)), to_the_end=to_the_end)
    return reading.listing(too_long=too_long)


async def _read_others(
    fetch: Callable[[int], Awaitable[Page[T]]],
    reading: _Reading[T],
    numbers: Iterator[int],
    *,
    to_the_end: bool,
) -> None:
    """Read pages at once; the first that can't be had ends it, and so does one that is wrong.

    With ``to_the_end``, one that is wrong does not.
    """
    trouble: list[GateError] = []

    async def work() -> None:
        for number in numbers:
            try:
                reading.take(number, await fetch(number))
            except GateError as error:
                trouble.append(error)
            if trouble or (reading.problem and not to_the_end):
                group.cancel_scope.cancel()
                return

    async with anyio.create_task_group() as group:
        for _ in range(_WORKERS):
            group.start_soon(work)
    if trouble:
        raise trouble[0]
