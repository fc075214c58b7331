"""What a policy file says, as types.

A policy is entries in the order in which they are tried (``rules``, the selectors of ``block``,
those of ``warn``) and waivers. Each of them says by a ``Match`` which findings it is about.
"""

from __future__ import annotations

from datetime import date, timedelta  # noqa: TC003 - msgspec reads the types of fields
from enum import StrEnum
from operator import attrgetter, contains, ge
from typing import TYPE_CHECKING

from msgspec import Struct, field

from gate.findings import Level, Reason, Requirements, Status
from gate.policy.globs import EVERYTHING, Globs
from gate.policy.problem import shown
from gate.verdict import Action, PolicyPlace, PolicySource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.findings import Finding

ALL_LEVELS = frozenset({Level.HIGH, Level.MEDIUM, Level.LOW})
ALL_STATUSES = frozenset({Status.UNHANDLED, Status.IGNORED, Status.FALSE_POSITIVE})

# How the keys of `match` are tried: on which attribute of a finding. Judging, what it remembers,
# and the search for rules that never match follow this table and the fields of `Match`; `images`
# alone is tried on the names of the image. What is likeliest to differ comes first.
ATTRIBUTES = {"levels": "level", "statuses": "status", "risks": "risk", "classes": "risk_class"}
_AS_LISTED = ("kinds", "images", "risks", "paths", "classes", "levels", "statuses")
_attributes = attrgetter(*ATTRIBUTES.values())
_criteria = attrgetter(*ATTRIBUTES)
_all_criteria = attrgetter("images", *ATTRIBUTES)


class Whose(StrEnum):
    """Whose waivers count: those of the same file, of every given file, or of none."""

    OWN = "own"
    ANY = "any"
    NONE = "none"


class Match(Struct, frozen=True, kw_only=True):
    """Findings by all keys that are given; an absent key stands for everything.

    The type of a key says how it is read from a file. What it holds is tried with ``in``, and
    ``>=`` tells whether it holds all that another does.
    """

    images: Globs = EVERYTHING
    risks: Globs = EVERYTHING
    classes: Globs = EVERYTHING
    levels: frozenset[Level] = ALL_LEVELS
    statuses: frozenset[Status] = ALL_STATUSES

    def takes(self, finding: Finding) -> bool:
        """Tell whether a finding matches whose image does."""
        return all(map(contains, _criteria(self), _attributes(finding)))

    def missed(self, finding: Finding) -> list[str]:
        """Return the keys that a finding does not match, as they are listed for a reader."""
        return [
            key
            for key in _AS_LISTED
            if key in ATTRIBUTES and getattr(finding, ATTRIBUTES[key]) not in getattr(self, key)
        ]

    def covers(self, other: Match) -> bool:
        """Tell whether all that the other one matches is matched; ``False`` is not certain."""
        return all(map(ge, _all_criteria(self), _all_criteria(other)))

    @property
    def is_empty(self) -> bool:
        """Whether it matches nothing at all."""
        return not (self.levels and self.statuses)


class Entry(Struct, frozen=True, kw_only=True):
    """A rule, or a selector of ``block`` or ``warn``: what it matches gets its action.

    ``rule`` is the name of a rule, or ``rules[2]`` where it has none; ``None`` for a selector.
    ``key`` is where it stands among its like: ``rules[2]``, ``block[0]``, also of a single one.
    Before the day on which it ``begins`` it is as if it weren't there, but for a warning.
    """

    match: Match
    action: Action
    rule: str | None = None
    reason: str = ""
    waivers: Whose = Whose.OWN
    begins: date | None = field(default=None, name="from")
    key: str = ""
    line: int = 1

    @property
    def label(self) -> str:
        """What it is called where its place is shown: ``block[0]``, ``rules[1] "NAME"``."""
        return self.key if self.rule in {None, self.key} else f"{self.key} {shown(self.rule)}"

    def is_ahead(self, today: date) -> bool:
        """Tell whether its day is still to come."""
        return self.begins is not None and today < self.begins


class Waiver(Struct, frozen=True, kw_only=True, eq=False):
    """What turns a block or warn into waived, to the end of a day; ``path`` is its file's.

    ``key`` is where it stands among its like: ``waivers[2]``. Two that say the same are still two.
    """

    match: Match
    reason: str
    expires: date
    owner: str = ""
    ticket: str = ""
    path: str = ""
    key: str = ""
    line: int = 1


class Tolerance(Struct, frozen=True):
    """The reasons for which an undecided image is let through, to the end of a day."""

    warn_on: frozenset[Reason]
    until: date


class Policy(Struct, frozen=True, kw_only=True):
    """One policy file. ``max_waiver`` ``None`` is no limit, ``undecided`` ``None`` lets none by.

    ``waiver_needs`` are the keys, of ``owner`` and ``ticket``, that a waiver must have to count
    here. ``lines`` are those of the keys that stand once: ``max_waiver``, ``scan.max_age``.
    """

    source: PolicySource
    entries: tuple[Entry, ...]
    waivers: tuple[Waiver, ...] = ()
    max_waiver: timedelta | None = None
    waiver_needs: frozenset[str] = frozenset()
    scan: Requirements = Requirements()
    undecided: Tolerance | None = None
    lines: Mapping[str, int] = {}

    @property
    def path(self) -> str:
        """The file, as given."""
        return self.source.path

    @property
    def parts(self) -> tuple[Entry | Waiver, ...]:
        """All that has a ``match``."""
        return (*self.entries, *self.waivers)

    @property
    def tells_images_apart(self) -> bool:
        """Whether some entry or waiver is not about all images."""
        return bool(self.waivers) or any(
            not entry.match.images.is_everything for entry in self.entries
        )

    @property
    def accepts_waivers_of_others(self) -> bool:
        """Whether waivers of other files count somewhere in this one."""
        return any(entry.waivers is Whose.ANY for entry in self.entries)

    def place(self, part: Entry | Waiver) -> PolicyPlace:
        """Return where an entry or a waiver of this file stands."""
        return PolicyPlace(self.path, part.line)

    def missing_in(self, waiver: Waiver) -> tuple[str, ...]:
        """Return the keys that a waiver must have to count here and that it lacks, sorted."""
        return tuple(key for key in sorted(self.waiver_needs) if not getattr(waiver, key))

    def accepts(self, waiver: Waiver, today: date) -> bool:
        """Tell whether a waiver is within this policy's limit and has what it asks for."""
        return self.allows_until(waiver.expires, today) and not self.missing_in(waiver)

    def allows_until(self, expires: date, today: date) -> bool:
        """Tell whether a waiver that ends then is within this policy's limit."""
        return self.max_waiver is None or expires - today <= self.max_waiver
