"""What of policies ends or begins soon, and what depends on it.

On the images of case files, what depends on an entry are the findings that are decided more
strictly on the day after, also where their image blocks already.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct, field

from gate.cases.changed_rules import called
from gate.cases.changed_waivers import waived_by
from gate.cases.comparing import End, side_of
from gate.cases.image_names import ImageName, image_name
from gate.cases.judging_again import judge_again
from gate.errors import ExitCode
from gate.policy import Entry, GlobIndex, Waiver
from gate.verdict import STRICTEST_FIRST, Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.cases.case import Case
    from gate.cases.opening import CaseFile
    from gate.findings import Finding
    from gate.policy import Policies, Policy
    from gate.verdict import PolicySource

_DAY = timedelta(days=1)
_MOST_UNTOLD = 1_000  # images that are kept for one entry; more tell nobody anything


class Boundary(Struct, eq=False):
    """An entry that ends, or begins, on a day: from the day ``after`` it is otherwise.

    ``part`` ``None`` is `undecided.until`. ``images`` are those with findings that are decided more
    strictly then, by the action that they get, each once; for `undecided.until`, those that are no
    longer let through, under an empty text. ``untold`` are the images that it is about of which not
    everything was read.
    """

    day: date
    after: date
    path: str
    line: int
    words: str
    part: Waiver | Entry | None
    images: dict[str, dict[ImageName, str]] = field(default_factory=dict)
    untold: dict[ImageName, str] = field(default_factory=dict)

    @property
    def is_needed(self) -> bool:
        """Whether something depends on it, or may: then it counts."""
        return bool(self.images or self.untold)

    def add(self, action: str, name: ImageName, why: str = "") -> None:
        """Note an image that depends on it."""
        self.images.setdefault(action, {})[name] = why


class Forecast(Struct, kw_only=True):
    """What ends or begins from ``at`` to ``until``, in the order of the days.

    ``told`` is the number of images that could be told on the day ``at``; without case files
    nothing is said of what depends on what.
    """

    policies: tuple[PolicySource, ...]
    at: date
    until: date
    boundaries: list[Boundary]
    on: list[tuple[CaseFile, int]] = field(default_factory=list)
    told: int = 0

    @property
    def counting(self) -> list[Boundary]:
        """The entries that count: with case files, those on which something depends."""
        return [each for each in self.boundaries if each.is_needed or not self.on]

    @property
    def sandbox(self) -> bool:
        """Whether some of the images are sample data."""
        return any(file.recorded is not None and file.recorded.sandbox for file, _ in self.on)

    @property
    def exit_code(self) -> ExitCode:
        """10 where something ends that counts, 3 where no image could be told."""
        if self.counting:
            return ExitCode.BLOCKED
        return ExitCode.UNDECIDED if self.on and not self.told else ExitCode.PASSED

    @property
    def named(self) -> set[ImageName]:
        """All images that an entry is about in some way."""
        return {
            name
            for each in self.boundaries
            for images in (*each.images.values(), each.untold)
            for name in images
        }

    def images(self, action: str) -> int:
        """Return how many images get this action then; an empty one: are let through no longer."""
        return len({name for each in self.boundaries for name in each.images.get(action, ())})


def forecast(
    policies: Policies, files: Sequence[CaseFile], *, at: date, within: timedelta
) -> Forecast:
    """Return what ends or begins within some days, and what depends on it in case files."""
    # The last day of the calendar has no day after.
    until = min(at.toordinal() + within.days, date.max.toordinal() - 1)
    result = Forecast(
        policies=policies.sources,
        at=at,
        until=date.fromordinal(until),
        boundaries=sorted(
            _boundaries(policies, at, date.fromordinal(until)), key=lambda each: each.day
        ),
    )
    dependence = _Dependence(policies, result)
    for file in files:
        number = 0
        for case in file.images():
            dependence.add(case)
            number += 1
        result.on.append((file, number))
    return result


def _boundaries(policies: Policies, at: date, until: date) -> Iterator[Boundary]:
    for policy in policies.policies:
        yield from _of_policy(policy, at, until)


def _of_policy(policy: Policy, at: date, until: date) -> Iterator[Boundary]:
    for entry in policy.entries:
        if entry.begins is not None and at < entry.begins <= until:
            words = f"{called(entry)} begins to block"
            yield Boundary(entry.begins, entry.begins, policy.path, entry.line, words, entry)
    for waiver in policy.waivers:
        if at <= waiver.expires <= until:
            after = waiver.expires + _DAY
            yield Boundary(
                waiver.expires, after, policy.path, waiver.line, waived_by(waiver), waiver
            )
    tolerance = policy.undecided
    if tolerance is not None and tolerance.warn_on and at <= tolerance.until <= until:
        line = policy.lines.get("undecided.until", 1)
        words = f"undecided.until ends: {', '.join(sorted(tolerance.warn_on))}"
        yield Boundary(tolerance.until, tolerance.until + _DAY, policy.path, line, words, None)


class _Dependence:
    """Finds what depends on the entries, image by image."""

    def __init__(self, policies: Policies, result: Forecast) -> None:
        self._policies = policies
        self._result = result
        self._by_day: dict[date, Policies] = {}
        self._of_images = [each for each in result.boundaries if each.part is None]
        self._of_findings = [each for each in result.boundaries if each.part is not None]
        self._index = GlobIndex(
            each.part.match.images.as_meant for each in self._of_findings if each.part is not None
        )

    def add(self, case: Case) -> None:
        """Note what of an image depends on which entry."""
        side = side_of(judge_again(case, self._on(self._result.at)))
        self._result.told += side.is_told
        names = case.names
        tagged = names.with_tags(names.tags)
        about = [self._of_findings[at] for at in self._index.about([*names.untagged, *tagged])]
        if about:
            self._add_findings(case, about)
        if side.end is not End.PASS:  # what lacks nothing today needs nobody's patience later
            for each in self._of_images:
                self._add_tolerated(case, each)

    def _add_findings(self, case: Case, about: Sequence[Boundary]) -> None:
        incomplete = _incomplete(case)
        for each in about:
            actions = self._stricter(case, each)
            if actions:
                each.add(min(actions, key=STRICTEST_FIRST.index), image_name(case))
            elif incomplete and len(each.untold) < _MOST_UNTOLD:
                each.untold[image_name(case)] = incomplete

    def _stricter(self, case: Case, boundary: Boundary) -> set[Action]:
        """Return what the findings get that are decided more strictly once an entry is otherwise.

        Of several that end on one day, all that cover a finding are what it depends on.
        """
        part = boundary.part
        if part is None:
            return set()
        findings = [finding for finding in case.findings if part.match.takes(finding)]
        if not findings:
            return set()
        before = self._on(boundary.after - _DAY)
        after = self._on(boundary.after)
        return {
            new.action
            for old, new in zip(
                before.judge(findings, case.names), after.judge(findings, case.names), strict=True
            )
            if STRICTEST_FIRST.index(new.action) < STRICTEST_FIRST.index(old.action)
            and _takes_part(part, old.finding, case, before)
        }

    def _add_tolerated(self, case: Case, boundary: Boundary) -> None:
        before = side_of(judge_again(case, self._on(boundary.after - _DAY)))
        if before.end is End.LET_THROUGH:
            after = side_of(judge_again(case, self._on(boundary.after)))
            if after.end is End.UNDECIDED:
                boundary.add("", image_name(case), after.reason)

    def _on(self, day: date) -> Policies:
        policies = self._by_day.get(day)
        if policies is None:
            policies = self._by_day[day] = self._policies.on(day)
        return policies


def _takes_part(part: Waiver | Entry, finding: Finding, case: Case, before: Policies) -> bool:
    """Tell whether a waiver counts for a finding; an entry that matches always does."""
    return isinstance(part, Entry) or part in before.waivers_on(finding, case.names)


def _incomplete(case: Case) -> str:
    """Return why there may be more findings than are known; empty if there can't be."""
    if case.evidence is not None:
        return case.evidence.value
    return "" if case.kinds else "incomplete"
