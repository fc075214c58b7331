"""How a local Security Center misbehaves, on demand and repeatably."""

from __future__ import annotations

from collections import Counter, deque
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from gate.sandbox.parameters import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from random import Random

PAGE = b"<!DOCTYPE html><html><head><title>Gateway</title></head><body>Blocked</body></html>"

_TOO_MANY_REQUESTS = 429
_UNAVAILABLE = 503


class FaultKind(StrEnum):
    """What goes wrong; in brackets, the field of ``Fault`` that says how much.

    Before the answer is made: ``latency`` (``seconds``), ``silent`` (no answer until the sandbox
    stops), ``reset`` (closed without an answer), ``throttling`` (``status`` 429, 400 or 503,
    ``retry_after`` milliseconds), ``quota`` (throttled beyond ``per_second`` requests of one
    operation), ``account_quota`` (the same of all operations together), ``server_error``
    (``status``), ``denied`` (403 NoPermission), ``html_403`` (a proxy's page).

    In the answer's bytes: ``truncated`` (half of the JSON), ``cut`` (closed in the middle of the
    body), ``nonsense`` (JSON of another shape), ``html`` (a page, status 200).

    In the rows of lists: ``moving_rows`` (one row jumps to the front), ``repeated_page`` (the first
    page whatever page was asked for), ``sliding_rows`` (the last ``delta`` rows of a page come
    again on the next, and as many on none), ``lying_total`` (``delta`` is added to TotalCount),
    ``dropped_rows`` (``delta`` rows lack, and TotalCount agrees; on DescribeImageListByBuildRisk
    the second witness then disagrees), ``orphaned_rows`` (each row of that list carries a ``Uuid``
    that no record has), ``seconds`` (times are in seconds, not milliseconds).

    Lasting: ``clock_skew`` (``seconds`` are added to the service's clock), ``config_off`` (every
    check is switched off).
    """

    LATENCY = "latency"
    SILENT = "silent"
    RESET = "reset"
    THROTTLING = "throttling"
    QUOTA = "quota"
    ACCOUNT_QUOTA = "account_quota"
    SERVER_ERROR = "server_error"
    DENIED = "denied"
    HTML_403 = "html_403"
    TRUNCATED = "truncated"
    CUT = "cut"
    NONSENSE = "nonsense"
    HTML = "html"
    MOVING_ROWS = "moving_rows"
    REPEATED_PAGE = "repeated_page"
    SLIDING_ROWS = "sliding_rows"
    LYING_TOTAL = "lying_total"
    DROPPED_ROWS = "dropped_rows"
    ORPHANED_ROWS = "orphaned_rows"
    SECONDS = "seconds"
    CLOCK_SKEW = "clock_skew"
    CONFIG_OFF = "config_off"


class Fault(Struct, frozen=True):
    """One fault, and when it strikes.

    ``operations`` are those that it is about, ``None`` for all of Security Center; the registry
    has the name ``Registry`` and is only struck by that. Of the requests that it is about, the
    first ``skip`` are spared, then ``first`` (``None``: all) may be struck, each with
    ``probability``.
    """

    kind: str
    operations: Collection[str] | None = None
    probability: float = 1.0
    skip: int = 0
    first: int | None = None
    seconds: float = 0.05
    status: int = 0
    code: str = ""
    retry_after: int | None = None
    per_second: int = 5
    delta: int = 1

    def __post_init__(self) -> None:
        FaultKind(self.kind)
        if isinstance(self.operations, str):
            raise TypeError("operations are a collection of names, not one name")


class Faults(tuple[Fault, ...]):
    """The faults of a sandbox, in the order in which they are tried: ``Faults(Fault(…), …)``."""

    __slots__ = ()

    def __new__(cls, *faults: Fault) -> Self:
        """Hold these faults."""
        return super().__new__(cls, faults)

    def lasting(self, kind: FaultKind) -> Fault | None:
        """Return the first fault of a lasting kind."""
        return next((fault for fault in self if fault.kind == kind), None)


class FaultInjector:
    """Decides which faults strike a request; the same seed and requests strike alike."""

    def __init__(self, faults: Faults, random: Random) -> None:
        self._faults = faults
        self._random = random
        self._counts: Counter[int] = Counter()
        self._times: dict[str, deque[float]] = {}

    def strike(self, operation: str, at: float) -> dict[FaultKind, Fault]:
        """Return the faults that strike a request to ``operation``, ``at`` some second."""
        struck: dict[FaultKind, Fault] = {}
        for number, fault in enumerate(self._faults):
            if self._concerns(fault, operation) and self._hits(number, fault, operation, at):
                struck.setdefault(FaultKind(fault.kind), fault)
        return struck

    @staticmethod
    def _concerns(fault: Fault, operation: str) -> bool:
        if fault.operations is None:
            return operation != "Registry"
        return operation in fault.operations

    def _hits(self, number: int, fault: Fault, operation: str, at: float) -> bool:
        before = self._counts[number]
        self._counts[number] += 1
        if before < fault.skip:
            return False
        if fault.first is not None and before >= fault.skip + fault.first:
            return False
        if fault.kind in {FaultKind.QUOTA, FaultKind.ACCOUNT_QUOTA}:
            whose = operation if fault.kind == FaultKind.QUOTA else "account"
            return self._over_quota(fault, whose, at)
        return fault.probability >= 1 or self._random.random() < fault.probability

    def _over_quota(self, fault: Fault, whose: str, at: float) -> bool:
        times = self._times.setdefault(whose, deque())
        while times and times[0] <= at - 1:
            times.popleft()
        if len(times) >= fault.per_second:
            return True
        times.append(at)
        return False


def refuse(operation: str, struck: Mapping[FaultKind, Fault]) -> None:
    """Raise the ``Refusal`` that a fault asks for, if any does."""
    if FaultKind.DENIED in struck:
        message = f"You are not authorized to perform yundun-sas:{operation}."
        raise Refusal(403, struck[FaultKind.DENIED].code or "NoPermission", message)
    for kind in (FaultKind.THROTTLING, FaultKind.QUOTA, FaultKind.ACCOUNT_QUOTA):
        if kind in struck:
            raise _throttled(struck[kind])
    failure = struck.get(FaultKind.SERVER_ERROR)
    if failure is not None:
        status = failure.status or 500
        code = "ServiceUnavailable" if status == _UNAVAILABLE else "ServerError"
        raise Refusal(status, failure.code or code, "The request has failed on the server's side.")


def garbled(content: bytes, struck: Collection[FaultKind]) -> bytes:
    """Return an answer's bytes as the faults leave them."""
    if FaultKind.HTML in struck:
        return PAGE
    if FaultKind.NONSENSE in struck:
        return b'{"Data": [["nonsense"]], "PageInfo": 7, "ImageInstanceList": {"no": "list"}}'
    if FaultKind.TRUNCATED in struck:
        return content[: len(content) // 2]
    return content


def _throttled(fault: Fault) -> Refusal:
    headers = {}
    if fault.retry_after is not None:
        headers["x-acs-retry-after"] = str(fault.retry_after)
    code = fault.code or (
        "Throttling.Api" if fault.kind == FaultKind.THROTTLING else "Throttling.User"
    )
    status = fault.status or _TOO_MANY_REQUESTS
    return Refusal(status, code, "Request was denied due to request throttling.", headers)
