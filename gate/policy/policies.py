"""Several policies as one: each judges alone, the strictest decision wins."""

from __future__ import annotations

from collections import OrderedDict
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from gate.findings import Reason, Requirements
from gate.policy.because import Wording
from gate.policy.index import Index
from gate.policy.judge import ImageJudge
from gate.policy.model import Whose
from gate.policy.notes import Covered, notes_on
from gate.verdict import STRICTEST_FIRST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from gate.findings import Finding
    from gate.policy.judge import Ruling
    from gate.policy.model import Policy, Waiver
    from gate.verdict import Decision, PolicySource

# What an image can be undecided for and a policy may let through nevertheless.
TOLERABLE = frozenset({Reason.MISSING, Reason.RUNNING, Reason.UNSUPPORTED, Reason.STALE})

_MOST_KEPT = 64  # kinds of images, by the rules and waivers that are about them
_MOST_DECIDED = 1024  # findings that images share are few: risks, levels and statuses
_STRICTNESS = {action: rank for rank, action in enumerate(STRICTEST_FIRST)}


class Policies:
    """The policies of a run, at least one, and the day on which they judge."""

    def __init__(self, policies: Sequence[Policy], today: date) -> None:
        self.today = today
        self._policies = tuple(policies)
        self._judges: OrderedDict[tuple[_About, ...], _Bench] = OrderedDict()
        self._scan = reduce(Requirements.stricter, (policy.scan for policy in self._policies))
        self._requirements: dict[frozenset[str], Requirements] = {}
        self.tell_images_apart = any(policy.tells_images_apart for policy in self._policies)
        """Whether some rule or waiver is not about all images."""
        self._name_checks = any(policy.rules for policy in self._policies)
        self._indexes = tuple(_Indexes.of(policy) for policy in self._policies)
        self._about_all = tuple(one.about(()) for one in self._indexes)

    def __repr__(self) -> str:
        return f"Policies({', '.join(source.path for source in self.sources)})"

    @property
    def sources(self) -> tuple[PolicySource, ...]:
        """Where the policies came from, in the order in which they were given."""
        return tuple(policy.source for policy in self._policies)

    def requirements(self, names: Sequence[str]) -> Requirements:
        """Return what evidence must fulfil for the image with these names."""
        checks = frozenset(self._named_checks(names)) if self._name_checks else frozenset()
        if checks not in self._requirements:
            self._requirements[checks] = replace(self._scan, checks=checks)
        return self._requirements[checks]

    def judge(self, findings: Sequence[Finding], names: Sequence[str]) -> tuple[Decision, ...]:
        """Decide on each finding of the image with these names, in their order."""
        return self._bench(names).decide_all(findings)

    def tolerates(self, reason: Reason) -> bool:
        """Tell whether an image that is undecided for this reason is let through today."""
        return reason in TOLERABLE and all(
            policy.undecided is not None
            and reason in policy.undecided.warn_on
            and self.today <= policy.undecided.until
            for policy in self._policies
        )

    def notes(self, images: Iterable[tuple[Sequence[str], Iterable[Finding]]]) -> tuple[str, ...]:
        """Say what a reader should know of the policies after judging these images.

        Each image is its names and all its findings.
        """
        covered = Covered()
        for names, findings in images:
            bench = self._bench(names)
            covered.add_about(bench.about)
            if bench.about:
                for finding in findings:
                    covered.add_used(bench.waivers_on(finding))
        return notes_on(self._policies, covered, self.today)

    def _bench(self, names: Sequence[str]) -> _Bench:
        """Return the judges for an image; those that the same rules and waivers are about share."""
        about = self._about_all
        if self.tell_images_apart:
            about = tuple(one.about(names) for one in self._indexes)
        bench = self._judges.get(about)
        if bench is None:
            bench = self._judges[about] = _Bench(self._policies, about, self.today)
            if len(self._judges) > _MOST_KEPT:
                self._judges.popitem(last=False)
        return bench

    def _named_checks(self, names: Sequence[str]) -> Iterable[str]:
        for policy in self._policies:
            for rule in policy.rules:
                images, risks = rule.match.images, rule.match.risks
                if risks is not None and (images is None or images.match_any(names)):
                    yield from risks.literals


class _About(NamedTuple):
    """Which of a policy's rules and waivers are about an image, by their numbers."""

    rules: tuple[int, ...]
    waivers: tuple[int, ...]


class _Indexes(NamedTuple):
    """A policy's rules and waivers, by the images that they are about."""

    rules: Index
    waivers: Index

    @classmethod
    def of(cls, policy: Policy) -> _Indexes:
        return cls(
            Index(rule.match.images for rule in policy.rules),
            Index(waiver.images for waiver in policy.waivers),
        )

    def about(self, names: Sequence[str]) -> _About:
        return _About(self.rules.about(names), self.waivers.about(names))


class _Bench:
    """The judges of all policies; ``about`` are all waivers that name their images."""

    def __init__(self, policies: Sequence[Policy], about: Sequence[_About], today: date) -> None:
        several = len(policies) > 1
        own = [
            tuple(policy.waivers[number] for number in of.waivers)
            for policy, of in zip(policies, about, strict=True)
        ]
        self.about = tuple(waiver for waivers in own for waiver in waivers)
        self._decided: dict[int, Decision] = {}
        self._together: dict[int, tuple[tuple[Finding, ...], tuple[Decision, ...]]] = {}
        self._judges = [
            ImageJudge(
                policy,
                [policy.rules[number] for number in of.rules],
                _that_count(policy, waivers, self.about, today),
                today,
                Wording(policy.path if several else ""),
            )
            for policy, of, waivers in zip(policies, about, own, strict=True)
        ]

    def decide_all(self, findings: Sequence[Finding]) -> tuple[Decision, ...]:
        """Decide on findings; the same tuple gets the same decisions, as in ``decide``."""
        if not isinstance(findings, tuple):
            return tuple(map(self.decide, findings))
        known = self._together.get(id(findings))
        if known is None:
            known = findings, tuple(map(self.decide, findings))
            if len(self._together) < _MOST_DECIDED:
                self._together[id(findings)] = known
        return known[1]

    def decide(self, finding: Finding) -> Decision:
        """Decide on a finding; the same object gets the same decision, which an audit needs.

        A decision holds its finding, so no other object has its identity as long as it is kept.
        """
        known = self._decided.get(id(finding))
        if known is None:
            known = self.rule_on(finding).on(finding)
            if len(self._decided) < _MOST_DECIDED:
                self._decided[id(finding)] = known
        return known

    def rule_on(self, finding: Finding) -> Ruling:
        rulings = [judge.rule_on(finding) for judge in self._judges]
        # Of the same decisions, one that names a waiver tells the reader more.
        return min(rulings, key=lambda each: (_STRICTNESS[each.action], each.waiver is None))

    def waivers_on(self, finding: Finding) -> Iterable[Waiver]:
        for judge in self._judges:
            yield from judge.rule_on(finding).used


def _that_count(
    policy: Policy, own: tuple[Waiver, ...], of_all: tuple[Waiver, ...], today: date
) -> dict[Whose, tuple[Waiver, ...]]:
    """Return the waivers that a policy accepts, its own first.

    Those of other files must keep this policy's limit too, else they are void for it.
    """
    others = tuple(
        waiver
        for waiver in of_all
        if waiver.path != policy.path and policy.allows_until(waiver.expires, today)
    )
    return {Whose.OWN: own, Whose.ANY: own + others, Whose.NONE: ()}
