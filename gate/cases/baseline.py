"""What blocks today, as waivers: one for each repository and kind of findings."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gate.cases.judging_again import judge_again
from gate.findings import Level, Status
from gate.policy import Globs, Match, Policies, Waiver
from gate.verdict import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.cases.case import Case
    from gate.cases.opening import CaseFile
    from gate.findings import Finding
    from gate.policy import Policy
    from gate.reference import ImageReference, Names
    from gate.verdict import PolicyPlace

_MOST_RISKS = 1000  # of one waiver, as the policy's schema says

_WORST_FIRST = (Level.HIGH, Level.MEDIUM, Level.LOW)
# What a policy takes as a pattern, and what stands for nothing but itself there.
_LITERAL = re.compile(r"[^\s*?]{1,512}")
_ELSEWHERE = ""  # the path of no policy file

_UNKNOWN = "its {0} is unknown"
_NOT_LITERAL = "its key would stand for more than itself in a waiver"
_NO_NAME = "the name of its repository would stand for more than itself in a waiver"
_SAYS_NONE = "{0}:{1} says waivers: none"


class Criteria(Struct, frozen=True, kw_only=True):
    """Which of the findings that block are to be waived; ``None`` is any."""

    images: Globs | None = None
    risks: Globs | None = None
    statuses: frozenset[Status] | None = None

    def hold(self, names: Names) -> bool:
        """Tell whether an image is meant, by one of its names."""
        every = (*names.untagged, *names.with_tags(names.tags))
        return self.images is None or any(name in self.images for name in every)

    def take(self, finding: Finding) -> bool:
        """Tell whether a finding is meant whose image is."""
        return (self.risks is None or finding.risk in self.risks) and (
            self.statuses is None or finding.status in self.statuses
        )


class NewWaiver(Struct, frozen=True, kw_only=True):
    """A waiver to be written; ``risks`` are sorted, each with the statuses that its findings have.

    ``level`` is the worst one.
    """

    repository: str
    kind: str
    risks: dict[str, frozenset[Status]]
    level: Level
    expires: date = date.max


class Unwaived(Struct, frozen=True):
    """What is not waived, and why: an image that is undecided, or one of its risks."""

    image: ImageReference
    why: str
    risk: str = ""


class Baseline(Struct, frozen=True, kw_only=True):
    """The waivers in their order, what is not waived, and the entries that count their own only.

    ``decided`` is how many images were passed or blocked. ``passing`` counts the findings of the
    wanted statuses that don't block.
    """

    waivers: tuple[NewWaiver, ...]
    unwaived: tuple[Unwaived, ...]
    own_only: tuple[PolicyPlace, ...]
    decided: int
    passing: int


class BlockedGroup(Struct):
    """What blocks in one repository, of one kind."""

    levels: dict[str, Level]
    statuses: dict[str, set[Status]]


class BaselineCollection:
    """Collects what blocks, image by image. The policies judge as on the day."""

    def __init__(self, policies: Policies, criteria: Criteria) -> None:
        self._policies = policies
        self._criteria = criteria
        self._trials = [_Trial.of(policy, policies.today) for policy in policies.policies]
        self._groups: dict[tuple[str, str], BlockedGroup] = {}
        self._unwaived: dict[Unwaived, None] = {}
        self._own_only: dict[PolicyPlace, None] = {}
        self._decided = self._passing = 0

    def read(self, file: CaseFile) -> int:
        """Take all images of a file; return how many there are. Raises ``InvalidCases``."""
        images = 0
        for case in file.images():
            images += 1
            self._add(case)
        return images

    def _add(self, case: Case) -> None:
        if not self._criteria.hold(case.names):
            return
        verdict = judge_again(case, self._policies)
        if verdict.outcome is Outcome.UNDECIDED:
            self._unwaived[Unwaived(case.image, verdict.reason)] = None
            return
        self._decided += 1
        if case.evidence is not None and verdict.outcome is Outcome.BLOCK:  # it may have more
            self._unwaived[Unwaived(case.image, case.evidence.value)] = None
        wanted = [each for each in verdict.decisions if self._criteria.take(each.finding)]
        blocked = [each.finding for each in wanted if each.action is Action.BLOCK]
        self._passing += len(wanted) - len(blocked)
        for finding in dict.fromkeys(blocked):
            why = self._why_not(finding, case)
            if why:
                self._unwaived[Unwaived(case.image, why, finding.risk)] = None
            else:
                self._take(finding, case)

    def baseline(self, first: date, last: date) -> Baseline:
        """Return what was collected, as waivers that end from the first day to the last.

        The worst end first, each a whole number of days after the first one.
        """
        waivers = [waiver for key in sorted(self._groups) for waiver in self._waivers(*key)]
        ranked = sorted(range(len(waivers)), key=lambda at: _WORST_FIRST.index(waivers[at].level))
        steps = max(1, len(waivers) - 1)
        for rank, at in enumerate(ranked):
            days = rank * (last - first).days // steps
            waivers[at] = replace(waivers[at], expires=first + timedelta(days))
        return Baseline(
            waivers=tuple(waivers),
            unwaived=tuple(self._unwaived),
            own_only=tuple(self._own_only),
            decided=self._decided,
            passing=self._passing,
        )

    def _why_not(self, finding: Finding, case: Case) -> str:
        """Return why no waiver can cover a finding that blocks; empty if one can."""
        for word, value in (("level", finding.level), ("status", finding.status)):
            if value in {Level.UNKNOWN, Status.UNKNOWN}:
                return _UNKNOWN.format(word)
        if not _LITERAL.fullmatch(finding.risk):
            return _NOT_LITERAL
        if not _names_a_repository(case.image.path):
            return _NO_NAME
        for trial in self._trials:
            if place := trial.refusing(finding, case.names):
                return _SAYS_NONE.format(place.path, place.line)
        return ""

    def _take(self, finding: Finding, case: Case) -> None:
        for trial in self._trials:
            if place := trial.counting_its_own(finding, case.names):
                self._own_only[place] = None
        group = self._groups.setdefault((case.image.path, finding.kind), BlockedGroup({}, {}))
        levels = (finding.level, group.levels.get(finding.risk, finding.level))
        group.levels[finding.risk] = min(levels, key=_WORST_FIRST.index)
        group.statuses.setdefault(finding.risk, set()).add(finding.status)

    def _waivers(self, repository: str, kind: str) -> Iterator[NewWaiver]:
        group = self._groups[repository, kind]
        risks = sorted(group.levels)
        for start in range(0, len(risks), _MOST_RISKS):
            part = risks[start : start + _MOST_RISKS]
            yield NewWaiver(
                repository=repository,
                kind=kind,
                risks={risk: frozenset(group.statuses[risk]) for risk in part},
                level=min((group.levels[risk] for risk in part), key=_WORST_FIRST.index),
            )


class _Trial(Struct, frozen=True):
    """One policy as it would judge if everything were waived: in its own file, or in another."""

    waived_in_it: Policies
    waived_elsewhere: Policies

    @classmethod
    def of(cls, policy: Policy, today: date) -> _Trial:
        return cls(_waived(policy, policy.path, today), _waived(policy, _ELSEWHERE, today))

    def refusing(self, finding: Finding, names: Names) -> PolicyPlace | None:
        """Return the entry that blocks a finding whatever is waived, if one does."""
        return _blocking(self.waived_in_it, finding, names)

    def counting_its_own(self, finding: Finding, names: Names) -> PolicyPlace | None:
        """Return the entry that blocks a finding unless its own file waives it, if one does."""
        return _blocking(self.waived_elsewhere, finding, names)


def _waived(policy: Policy, path: str, today: date) -> Policies:
    """Return a policy alone, with a waiver for everything that it accepts, in the file ``path``."""
    everything = Waiver(match=Match(), reason="-", expires=today, owner="-", ticket="-", path=path)
    return Policies([replace(policy, waivers=(*policy.waivers, everything))], today)


def _blocking(policies: Policies, finding: Finding, names: Names) -> PolicyPlace | None:
    [decision] = policies.judge([finding], names)
    return decision.policy if decision.action is Action.BLOCK else None


def _names_a_repository(path: str) -> bool:
    """Tell whether ``namespace/repository`` matches just that, and can't mean a host's."""
    namespace, _, repository = path.partition("/")
    may_be_host = namespace == "localhost" or any(mark in namespace for mark in ".:[")
    is_literal = ":" not in path and _LITERAL.fullmatch(path) is not None
    return is_literal and not (may_be_host and "/" in repository)
