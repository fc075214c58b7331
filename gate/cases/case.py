"""One image of a case file: the facts that are judged, and what must come out."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from gate.findings import Finding, IdentifiedBy, Reason
from gate.reference import ImageReference, Names  # noqa: TC001 - as above
from gate.verdict import PolicySource  # noqa: TC001 - as above

if TYPE_CHECKING:
    from collections.abc import Collection

    from gate.untrusted import Path, Place


class Places(Protocol):
    """Where the data of an image, or of a file's head, stands, by paths within it."""

    def place(self, path: Path) -> Place:
        """Return where the value at a path begins."""

    def key_line(self, path: Path) -> int:
        """Return the line in which the key at the end of a path stands."""

    def written(self, path: Path) -> str:
        """Return the text of a number as it is written."""


# The kinds of findings that this gate judges.
KINDS = frozenset({"build_risk"})


class RecordScope(Struct, frozen=True, kw_only=True):
    """What a record was asked to hold: the command, and the part of an account that it read."""

    command: str = ""
    namespace: str | None = None
    repository: str | None = None


class Recorded(Struct, frozen=True, kw_only=True):
    """Where a record came from; ``at`` is in UTC. The policies are provenance and judge nothing.

    ``unread`` is how many entries of the report were left out, because they were no whole image.
    """

    at: datetime
    tool: str = ""
    endpoint: str = ""
    region: str = ""
    sandbox: bool = False
    scope: RecordScope = RecordScope()
    policies: tuple[PolicySource, ...] = ()
    unread: int = 0


class CheckStates(Struct, frozen=True):
    """Which checks were on when an image was read: these, or, if ``on`` is ``None``, all but."""

    on: frozenset[str] | None = None
    off: frozenset[str] = frozenset()

    def lacking(self, keys: Collection[str]) -> list[str]:
        """Return those of some checks that were not on, sorted."""
        return sorted(key for key in keys if not self._is_on(key))

    def _is_on(self, key: str) -> bool:
        return key not in self.off if self.on is None else key in self.on

    @property
    def look_for_nothing(self) -> bool:
        """Whether not one check was on."""
        return self.on is not None and not self.on


class Expectation(Struct, frozen=True):
    """What must come out of an image, or of the finding with this number, counted from 0.

    ``key`` is that of the file: ``verdict``, ``reason``, ``exit_code``, ``decision``, ``rule``.
    """

    key: str
    wanted: str | int | None
    finding: int | None = None

    @property
    def path(self) -> tuple[str | int, ...]:
        """Where it stands in its image."""
        return (self.key,) if self.finding is None else ("findings", self.finding, self.key)


class Case(Struct, frozen=True, kw_only=True):
    """One image of a case file.

    ``reference`` is as written, ``line`` that of the image. ``tags`` are those that all records of
    its digest carry. ``day`` is the day of judgement that the file says. ``age`` counts from the
    end of its scan. ``evidence`` ``None`` is complete, else the reason that keeps it from that.
    ``kinds`` are those of which everything was read. ``checks`` ``None``: not known.
    """

    reference: str
    name: str = ""
    line: int = 1
    image: ImageReference
    names: Names
    tags: tuple[str, ...] = ()
    day: date
    identified_by: IdentifiedBy = IdentifiedBy.DIGEST
    age: timedelta = timedelta()
    evidence: Reason | None = None
    kinds: frozenset[str] = KINDS
    checks: CheckStates | None = CheckStates()
    findings: tuple[Finding, ...] = ()
    expected: tuple[Expectation, ...] = ()
    source: Places

    def line_of(self, expectation: Expectation) -> int:
        """Return the line in which an expectation's key stands."""
        return self.source.key_line(expectation.path)

    @property
    def digest(self) -> str:
        """``sha256:<hex>``, or an empty text."""
        return self.image.digest or ""

    @property
    def tag(self) -> str:
        """The tag, or an empty text for an image that is named by digest alone."""
        return self.image.tag
