"""What each kind of findings tells, so that a look can decide what to believe.

When something is asked, how often it is read again, and what trouble means is the same for all
kinds and stands in ``look.py``. A kind knows the operations: which lists hold its findings, which
other operation must agree with them, and what shows that a scan looked for them at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, Self, TypeVar

import anyio
from msgspec import Struct

from gate.errors import GateError
from gate.findings import Finding, Reason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from anyio.abc import TaskGroup

    from gate.findings import Requirements, Scan
    from gate.security_center import ImageRecord, Operation

T = TypeVar("T")

Why = tuple[Reason, str]
"""Why something is no evidence of a pass: in a word, and in a sentence."""


class Details(Struct, frozen=True):
    """The findings of one kind of one record; ``problem`` says why they may not be all, if so."""

    findings: tuple[Finding, ...] = ()
    problem: str = ""
    contradiction: str = ""
    """How the lists contradict one another, if they do; reading again may help."""

    @property
    def complete(self) -> bool:
        """Whether every list was read to its end, and none contradicts another."""
        return not self.problem and not self.contradiction


class Testimony(Struct, frozen=True):
    """What a second witness says of details: nothing, if it agrees.

    ``problem`` says why it could not be read, ``contradiction`` how it differs; ``note`` is about
    how it agrees. ``beside`` are findings, with no more than level and status, that it ties to the
    same digest under other ``Uuid``.
    """

    problem: str = ""
    contradiction: str = ""
    note: str = ""
    beside: tuple[tuple[str, Finding], ...] = ()


class Coverage(Protocol):
    """What is known of whether a scan looked for findings of a kind."""

    def lacking(self, requirements: Requirements) -> Why | None:
        """Return why a scan is no evidence about this kind, if so; waiting would not help."""

    def added_to(self, scan: Scan) -> Scan:
        """Return the scan with what reports show of it."""

    @property
    def notes(self) -> Sequence[str]:
        """What a reader should know, in sentences."""


class Witnesses(Protocol):
    """What must confirm the details of one kind before they can pass.

    Made for each look at a repository: what one answer tells of several of its images is asked for
    once. A block needs none of it.
    """

    def begin(self) -> None:
        """Start whatever a pass will need, beside the reading of details."""

    async def coverage(self, record: ImageRecord) -> Coverage:
        """Return whether the record's scan looked for findings of the kind."""

    async def testify(self, record: ImageRecord, details: Details, reading: int) -> Testimony:
        """Compare a record's complete details with another operation's answer.

        ``reading`` counts from 0; each number is a new answer of that operation.
        """


class FindingKind(Protocol):
    """One kind of findings at one Security Center, for all looks of a run."""

    name: ClassVar[str]
    """As policies and reports call it."""
    operations: ClassVar[tuple[Operation[object], ...]]
    """What is asked for it, beside the records; their RAM actions are its permissions."""

    async def details(self, record: ImageRecord) -> Details:
        """Read all findings of a record, each with its status."""

    def witnesses(self, group: TaskGroup, namespace: str, repository: str) -> Witnesses:
        """Return the witnesses for a look at a repository; they ask within the group."""


class SharedCall(Generic[T]):
    """A call that is made once, in a task group, when it is begun or first waited for.

    The trouble that it meets is kept for those who wait, so that it doesn't cancel its siblings:
    what the others find out may decide without it.
    """

    def __init__(self, group: TaskGroup, call: Callable[[], Awaitable[T]]) -> None:
        self._group = group
        self._call = call
        self._begun = False
        self._done = anyio.Event()
        self._value: list[T] = []
        self._trouble: GateError | None = None

    def begin(self) -> Self:
        """Start the call, unless it has begun."""
        if not self._begun:
            self._begun = True
            self._group.start_soon(self._run)
        return self

    async def _run(self) -> None:
        try:
            self._value.append(await self._call())
        except GateError as trouble:
            self._trouble = trouble
        finally:
            self._done.set()

    async def get(self) -> T:
        """Wait for the value; raise the trouble that the call met."""
        self.begin()
        await self._done.wait()
        if self._trouble is not None:
            raise self._trouble
        return self._value[0]
