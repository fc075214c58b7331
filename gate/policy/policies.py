"""Several policies as one, on the day that a clock tells."""

from __future__ import annotations

from collections import OrderedDict
from copy import copy
from functools import reduce
from typing import TYPE_CHECKING

from msgspec.structs import replace

from gate.findings import Requirements, Status
from gate.policy.globs import GlobIndex
from gate.policy.judge import Applied, ImageJudge, PolicyJudge
from gate.policy.model import Entry, Waiver, Whose
from gate.policy.notes import clicks_note, is_toothless, notes_on, remarks_on
from gate.verdict import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from gate.findings import Finding, Reason
    from gate.policy.explaining import Explanation
    from gate.policy.model import Policy
    from gate.reference import Names
    from gate.verdict import Decision, PolicySource

_MOST_KEPT = 512  # judges, by the entries and waivers that are about their images
_Parts = tuple[int, ...]


class Policies:
    """The policies of a run, at least one: each judges alone, the strictest decision wins."""

    def __init__(
        self,
        policies: Sequence[Policy],
        today: date,
        clock: Callable[[], date] | None = None,
        *,
        notes: tuple[str, ...] = (),
    ) -> None:
        self._first_day = self._loaded = today
        self._notes = notes
        self._clock = clock
        self.tell_images_apart = any(policy.tells_images_apart for policy in policies)
        """Whether some entry or waiver is not about all images."""
        self._policies = tuple(policies)
        self._scan = reduce(Requirements.stricter, (policy.scan for policy in policies))
        self._parts = [(policy, part) for policy in policies for part in policy.parts]
        images = [part.match.images.as_meant for _, part in self._parts]
        self._index = GlobIndex(images)
        self._of_tags = GlobIndex(globs.heeding_tags for globs in images)
        self._judges: OrderedDict[tuple[date, _Parts, _Parts], ImageJudge] = OrderedDict()

    def following(self, clock: Callable[[], date]) -> Policies:
        """Return the policies as they judge by a clock, on no day before their own."""
        return self._judging(self._first_day, clock)

    def settled(self) -> Policies:
        """Return the policies as they judge today, whatever the clock says later."""
        return self._judging(self.today)

    def on(self, day: date) -> Policies:
        """Return the policies as they judge on a day, which may have passed.

        How long a waiver may hold counts from the day on which they were loaded, if that is later.
        """
        return self._judging(day)

    def _judging(self, day: date, clock: Callable[[], date] | None = None) -> Policies:
        """Return the same policies on another day; they share what was prepared of them."""
        other = copy(self)
        vars(other).update(_first_day=day, _clock=clock)
        return other

    @property
    def _waivers_from(self) -> date:
        """The day from which the length of waivers counts."""
        return max(self.today, self._loaded)

    @property
    def policies(self) -> tuple[Policy, ...]:
        """What each file says, in the order in which they were given."""
        return self._policies

    @property
    def today(self) -> date:
        """The day on which they judge."""
        return max(self._first_day, self._clock()) if self._clock else self._first_day

    def __repr__(self) -> str:
        return f"Policies({', '.join(source.path for source in self.sources)})"

    @property
    def sources(self) -> tuple[PolicySource, ...]:
        """Where the policies came from, in the order in which they were given."""
        today = self.today
        return tuple(
            replace(
                policy.source,
                blocks_nothing=is_toothless(
                    policy, [other for other in self._policies if other is not policy], today
                ),
            )
            for policy in self._policies
        )

    def requirements(self, names: Names) -> Requirements:
        """Return what evidence must fulfil for the image with these names."""
        return self._judge_of(names).requirements

    def judge(self, findings: Sequence[Finding], names: Names) -> tuple[Decision, ...]:
        """Decide on each finding of the image with these names, in their order."""
        return tuple(map(self._judge_of(names).decide, findings))

    def explain(self, finding: Finding, names: Names) -> Explanation:
        """Decide on one finding as ``judge`` does, and tell each step on the way."""
        return self._judge_of(names).explain(finding, self._waivers_from)

    def demanding(self, key: str) -> tuple[Policy, int | None]:
        """Return the policy whose `scan.KEY` holds, and its line; ``None`` where it is default."""
        holds = getattr(self._scan, key)
        policy = next(each for each in self._policies if getattr(each.scan, key) == holds)
        return policy, policy.lines.get(f"scan.{key}")

    def reached_by(
        self, findings: Iterable[Finding], names: Names
    ) -> Iterator[tuple[Policy, Entry | Waiver]]:
        """Yield the entries and waivers that decide on findings, each within its own policy.

        Waivers are those that count there, ended ones too; what decides twice is yielded twice.
        """
        judge = self._judge_of(names)
        for finding in findings:
            yield from judge.reached_by(finding)

    def tolerates(self, reason: Reason) -> bool:
        """Tell whether an image that is undecided for this reason is let through."""
        today = self.today
        return all(
            policy.undecided is not None
            and reason in policy.undecided.warn_on
            and today <= policy.undecided.until
            for policy in self._policies
        )

    def waivers_on(self, finding: Finding, names: Names) -> tuple[Waiver, ...]:
        """Return the waivers that cover a finding where they count, ended ones too."""
        return self._judge_of(names).waivers_on(finding)

    def notes(self, images: Iterable[tuple[Names, Iterable[Finding]]]) -> tuple[str, ...]:
        """Say what a reader should know of the policies after judging these images.

        Each image is its names and all its findings.
        """
        about: set[Waiver] = set()
        used: set[Waiver] = set()
        for names, findings in images:
            judge = self._judge_of(names)
            if judge.waivers:
                about.update(judge.waivers)
                for finding in findings:
                    used.update(judge.waivers_on(finding))
        return (
            *self._notes,
            *notes_on(self._policies, about - used, self.today, self._waivers_from),
        )

    def clicks(self, images: Iterable[tuple[str, Names, Iterable[Decision]]]) -> tuple[str, ...]:
        """Say which findings would block if nobody had clicked them away in the console.

        Each image is what it is called, its names, and the decisions on all its findings.
        """
        number = 0
        clicked: dict[str, None] = {}
        for called, names, decisions in images:
            for decision in decisions:
                finding = decision.finding
                if decision.action is Action.BLOCK or not finding.status.is_clicked:
                    continue
                if self._blocks(replace(finding, status=Status.UNHANDLED), names):
                    number += 1
                    clicked[f"{finding.risk} of {called} ({finding.status})"] = None
        return (clicks_note(number, clicked),) if number else ()

    def _blocks(self, finding: Finding, names: Names) -> bool:
        return self._judge_of(names).decide(finding).action is Action.BLOCK

    def remarks(self) -> tuple[str, ...]:
        """Say what a reader should know of the files themselves, whatever is judged by them."""
        return (*self._notes, *remarks_on(self._policies, self.today))

    def _judge_of(self, names: Names) -> ImageJudge:
        """Return the judge of an image; those that the same parts are about share one.

        An account has many images and few kinds of them: a policy tells teams and stages apart,
        not tags. Finding the parts costs a look into the index, and a judge remembers its rulings.
        """
        sure = self._index.about(names.untagged)
        possible, certain = sure, sure
        if self._of_tags:
            possible = _sorted(sure, self._of_tags.about(names.with_tags(names.tags)))
            certain = possible if possible == sure else self._certain(sure, names)
        today = self.today
        key = (today, possible, certain)
        judge = self._judges.get(key)
        if judge is None:
            judge = self._judges[key] = self._make_judge(possible, certain, today)
            if len(self._judges) > _MOST_KEPT:
                self._judges.popitem(last=False)
        return judge

    def _certain(self, sure: tuple[int, ...], names: Names) -> tuple[int, ...]:
        """Add to what is sure without a tag what each of the certain tags is sure of."""
        each = [frozenset(self._of_tags.about(names.with_tags([tag]))) for tag in names.certain]
        return _sorted(sure, frozenset.intersection(*each) if each else ())

    def _make_judge(
        self, possible: Sequence[int], certain: Collection[int], today: date
    ) -> ImageJudge:
        """Make the judge of images that these parts may be about; a waiver has to be certain."""
        about = [(*self._parts[number], number in certain) for number in possible]
        waivers = [part for _, part, sure in about if sure and isinstance(part, Waiver)]
        doubtful = [part for _, part, sure in about if not sure and isinstance(part, Waiver)]
        several = len(self._policies) > 1
        judges = []
        checks: set[str] = set()
        for policy in self._policies:
            entries = [
                Applied(part, sure)
                for owner, part, sure in about
                if owner is policy and isinstance(part, Entry)
            ]
            checks.update(
                *(entry.match.risks.literals for entry, _ in entries if not entry.is_ahead(today))
            )
            counting = _that_count(policy, waivers, self._waivers_from)
            path = policy.path if several else ""
            judges.append(PolicyJudge(policy, entries, counting, today, path))
        return ImageJudge(judges, waivers, replace(self._scan, checks=frozenset(checks)), doubtful)


def _sorted(*numbers: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(frozenset[int]().union(*numbers)))


def _that_count(
    policy: Policy, waivers: Sequence[Waiver], today: date
) -> Mapping[Whose, Sequence[Waiver]]:
    """Return the waivers that a policy accepts, its own first.

    They must keep this policy's limit and have what it asks for, else they are void for it. Its own
    always do on the day on which it was loaded.
    """
    valid = [waiver for waiver in waivers if policy.accepts(waiver, today)]
    own = [waiver for waiver in valid if waiver.path == policy.path]
    others = [waiver for waiver in valid if waiver.path != policy.path]
    return {Whose.OWN: own, Whose.ANY: own + others, Whose.NONE: ()}
