"""What a policy file says, as types."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.findings import Level, Requirements, Status

if TYPE_CHECKING:
    from datetime import date, timedelta

    from gate.findings import Reason
    from gate.policy.globs import Globs
    from gate.verdict import Action, PolicySource

ALL_LEVELS = frozenset({Level.HIGH, Level.MEDIUM, Level.LOW})
ALL_STATUSES = frozenset({Status.UNHANDLED, Status.IGNORED, Status.FALSE_POSITIVE})


class Whose(StrEnum):
    """Whose waivers count: those of the same file, of every given file, or of none."""

    OWN = "own"
    ANY = "any"
    NONE = "none"


class Selector(Struct, frozen=True):
    """Findings by level and status, both of which must be listed."""

    levels: frozenset[Level]
    statuses: frozenset[Status]
    waivers: Whose = Whose.OWN

    def selects(self, level: Level, status: Status) -> bool:
        """Tell whether a finding of this level and status is meant."""
        return level in self.levels and status in self.statuses

    @property
    def is_empty(self) -> bool:
        """Whether it selects nothing at all."""
        return not (self.levels and self.statuses)


class Match(Struct, frozen=True, kw_only=True):
    """Findings by all that is known of them; ``None`` matches everything."""

    images: Globs | None = None
    risks: Globs | None = None
    classes: frozenset[str] | None = None
    levels: frozenset[Level] = ALL_LEVELS
    statuses: frozenset[Status] = ALL_STATUSES


class Rule(Struct, frozen=True, kw_only=True):
    """An exception; ``label`` is its name, or ``rules[2]`` where it has none."""

    label: str
    match: Match
    action: Action
    reason: str = ""
    waivers: Whose = Whose.OWN
    line: int = 1


class Waiver(Struct, frozen=True, kw_only=True):
    """What turns a block or warn into waived, to the end of a day; ``path`` is its file's."""

    risks: Globs
    images: Globs
    reason: str
    expires: date
    owner: str = ""
    ticket: str = ""
    path: str = ""
    line: int = 1


class Tolerance(Struct, frozen=True):
    """The reasons for which an undecided image is let through, to the end of a day."""

    warn_on: frozenset[Reason]
    until: date


class Policy(Struct, frozen=True, kw_only=True):
    """One policy file. ``max_waiver`` ``None`` is no limit, ``undecided`` ``None`` lets none by."""

    source: PolicySource
    block: tuple[Selector, ...]
    warn: tuple[Selector, ...] = ()
    rules: tuple[Rule, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    max_waiver: timedelta | None = None
    scan: Requirements = Requirements()
    undecided: Tolerance | None = None

    @property
    def path(self) -> str:
        """The file, as given."""
        return self.source.path

    @property
    def tells_images_apart(self) -> bool:
        """Whether some rule or waiver is not about all images."""
        return bool(self.waivers) or any(rule.match.images is not None for rule in self.rules)

    def allows_until(self, expires: date, today: date) -> bool:
        """Tell whether a waiver that ends then is within this policy's limit."""
        return self.max_waiver is None or expires - today <= self.max_waiver
