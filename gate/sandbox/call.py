"""One request to the local Security Center, as its operations see it, and how it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar, cast

from msgspec import Struct

from gate.sandbox.fault_injection import Fault, FaultKind
from gate.sandbox.parameters import DEFAULT_PAGE_SIZE, Parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    from gate.sandbox.scan_records import Record
    from gate.sandbox.tasks import Tasks
    from gate.sandbox.world import World

Row = TypeVar("Row")
Answer = dict[str, object]

_LISTS_TO_REMEMBER = 500


class Readings(Struct, frozen=True, kw_only=True):
    """One choice for each question that the reference doesn't answer.

    ``rows``: what a row of DescribeImageListByBuildRisk stands for: a finding, or an image (then
    with the worst level of the findings that match, and the least handled status).

    ``list_without_status``: whether lists that weren't asked for a status hold the handled
    findings too; both of DescribeImageListByBuildRisk and of DescribeImageBuildRiskByKey.

    ``criteria``: how names are compared, in every operation that takes them.

    ``page_cap``: the most rows that a page holds, whatever was asked for.

    ``prefixed_digest``: records carry ``sha256:`` before their digest; they are documented bare.

    ``digest_criterion``: how DescribeImageInstances must be asked for a digest.

    ``whitelisted``: whether whitelist rules take findings out of the lists.
    """

    rows: Literal["finding", "image"] = "finding"
    list_without_status: Literal["all", "unhandled"] = "all"
    criteria: Literal["contains", "exact"] = "contains"
    page_cap: int = 100
    prefixed_digest: bool = False
    digest_criterion: Literal["bare", "prefixed"] = "bare"
    whitelisted: Literal["listed", "hidden"] = "listed"


class Call(Struct, frozen=True, kw_only=True):
    """A request, the world at its moment, and what shall go wrong with its answer.

    ``elapsed`` is that moment in seconds since the start, ``origin`` the service's time of the
    start, in seconds since the epoch.
    """

    parameters: Parameters
    world: World
    records: tuple[Record, ...]
    memory: dict[object, object]
    tasks: Tasks
    readings: Readings
    struck: Mapping[FaultKind, Fault]
    random: Random
    elapsed: float
    origin: float

    def stamp(self, seconds: float) -> int:
        """Return a time of the world as the API writes it: milliseconds since the epoch."""
        unit = 1 if FaultKind.SECONDS in self.struck else 1000
        return round((self.origin + seconds) * unit)

    def uuid(self, uuid: str) -> str:
        """Return the ``Uuid`` that a row carries."""
        return uuid[::-1] if FaultKind.ORPHANED_ROWS in self.struck else uuid

    def digest(self, digest: str) -> str:
        """Return a digest as records carry it."""
        bare = digest.removeprefix("sha256:")
        return f"sha256:{bare}" if self.readings.prefixed_digest else bare

    def matches(self, wanted: str, *names: str) -> bool:
        """Tell whether a name is what a criterion asks for."""
        if self.readings.criteria == "exact":
            return wanted in names
        return any(wanted in name for name in names)

    def once(self, make: Callable[[], list[Row]]) -> list[Row]:
        """Make the rows of a list, or remember them from another page of the same list."""
        question = {
            name: value
            for name, value in self.parameters.values.items()
            if name not in {"CurrentPage", "PageSize"}
        }
        about = (self.world.checks, self.world.whitelist, self.readings)
        key = (make.__qualname__, frozenset(question.items()), about)
        if key not in self.memory:
            if len(self.memory) >= _LISTS_TO_REMEMBER:
                del self.memory[next(iter(self.memory))]
            self.memory[key] = make()
        return cast("list[Row]", self.memory[key])

    def page(self, rows: Sequence[Row]) -> tuple[list[Row], dict[str, int]]:
        """Return the rows of the page that was asked for, and its ``PageInfo``."""
        number = self.parameters.integer("CurrentPage", 1) or 1
        wanted = self.parameters.integer("PageSize", 1) or DEFAULT_PAGE_SIZE
        size = min(wanted, self.readings.page_cap)
        rows = self._disturbed(rows)
        begin = 0 if FaultKind.REPEATED_PAGE in self.struck else (number - 1) * size
        slide = self.struck.get(FaultKind.SLIDING_ROWS)
        begin = max(0, begin - slide.delta) if slide else begin
        lie = self.struck.get(FaultKind.LYING_TOTAL)
        info = {
            "CurrentPage": number,
            "PageSize": size,
            "TotalCount": max(0, len(rows) + (lie.delta if lie else 0)),
        }
        return list(rows[begin : begin + size]), info

    def _disturbed(self, rows: Sequence[Row]) -> Sequence[Row]:
        dropped = self.struck.get(FaultKind.DROPPED_ROWS)
        if dropped:
            rows = rows[dropped.delta :]
        if FaultKind.MOVING_ROWS in self.struck and rows:
            at = self.random.randrange(len(rows))
            rows = [rows[at], *rows[:at], *rows[at + 1 :]]
        return rows


def plain_result(data: object) -> Answer:
    """Wrap an answer's data in the envelope of the newer operations."""
    return {"Data": data, "Success": True, "Code": "200", "Message": "successful"}
