"""What of many images matters most: repositories, risks, waivers, reasons for being undecided."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct, field

from gate.findings import Level
from gate.report.naming import repository_of
from gate.report.wording import LEVELS_WORST_FIRST, counted
from gate.verdict import STRICTEST_FIRST, Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.verdict import Decision, ImageVerdict, WaiverUse

Counts = Counter[tuple[Level, Action]]


class PlaceNames:
    """Names images and repositories so that one means one of them.

    Where two places hold the same repository, its instance or region is named too.
    """

    def __init__(self, images: Sequence[ImageVerdict]) -> None:
        self._places: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for image in images:
            self._places[repository_of(image)].add(_place(image))
        self._tags = Counter(map(self._of_tag, images))

    def of_image(self, image: ImageVerdict) -> str:
        """Return host, repository and tag; the digest too, where two images have these."""
        name = self._of_tag(image)
        return name if self._tags[name] == 1 else image.reference + self.where(image)

    def _of_tag(self, image: ImageVerdict) -> str:
        name, _, digest = image.reference.partition("@")
        has_tag = ":" in name.rpartition("/")[2]
        return (name if has_tag or not digest else image.reference) + self.where(image)

    def where(self, image: ImageVerdict) -> str:
        """Return what follows the name, empty if that is in one place only."""
        places = self._places[repository_of(image)]
        if len(places) == 1:
            return ""
        region, instance = _place(image)
        parts = []
        if len({each for _, each in places}) > 1:
            parts.append(f"instance {instance}" if instance else "no instance")
        if len({each for each, _ in places}) > 1:
            parts.append(f"region {region}" if region else "no region")
        return f" ({', '.join(parts)})"


class RepositoryTotals(Struct):
    """A repository with its images by verdict, and its findings.

    ``where`` tells it from another one of the same name.
    """

    name: str
    where: str = ""
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    counts: Counts = field(default_factory=Counter)

    @property
    def blocked(self) -> int:
        """How many findings are blocked."""
        return sum(self.counts[level, Action.BLOCK] for level in Level)

    @property
    def blocked_in_words(self) -> str:
        """How many findings are blocked in how many images."""
        images = counted(self.outcomes[Outcome.BLOCK], "image")
        return f"{counted(self.blocked, 'finding')} blocked in {images}"


class RiskTotals(Struct):
    """A risk at a level, its name and advice, and in how many images it is."""

    risk: str
    level: Level
    name: str = ""
    advice: str = ""
    images: int = 0
    counts: Counter[Action] = field(default_factory=Counter)


class WaiverTotals(Struct):
    """A waiver of a risk, and how many findings it covers in how many images."""

    risk: str
    waiver: WaiverUse
    findings: int = 0
    images: int = 0


class ReasonTotals(Struct):
    """Why images are undecided, in a word, and the message of the first of them."""

    reason: str
    message: str
    images: int = 0


class Ranking(Struct):
    """Totals of many images, in dictionaries until they are sorted."""

    names: PlaceNames
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    counts: Counts = field(default_factory=Counter)
    _repositories: dict[str, RepositoryTotals] = field(default_factory=dict)
    _risks: dict[tuple[str, Level], RiskTotals] = field(default_factory=dict)
    _waivers: dict[tuple[str, WaiverUse], WaiverTotals] = field(default_factory=dict)
    _reasons: dict[str, ReasonTotals] = field(default_factory=dict)

    @classmethod
    def of(cls, images: Sequence[ImageVerdict]) -> Ranking:
        """Add the images up."""
        totals = cls(PlaceNames(images))
        for image in images:
            totals.add(image)
        return totals

    def add(self, image: ImageVerdict) -> None:
        """Add an image and its findings to all totals."""
        self.outcomes[image.outcome] += 1
        name, where = repository_of(image), self.names.where(image)
        repository = self._repositories.setdefault(name + where, RepositoryTotals(name, where))
        repository.outcomes[image.outcome] += 1
        there: dict[int, RiskTotals | WaiverTotals] = {}
        for decision in image.decisions:
            pair = decision.finding.level, decision.action
            self.counts[pair] += 1
            repository.counts[pair] += 1
            for totals in self._of(decision):
                there[id(totals)] = totals
        for totals in there.values():
            totals.images += 1
        if image.outcome is Outcome.UNDECIDED:
            reason = ReasonTotals(image.reason, image.message)
            self._reasons.setdefault(image.reason, reason).images += 1

    def _of(self, decision: Decision) -> Iterator[RiskTotals | WaiverTotals]:
        """Yield the totals of the decision's risk, and of its waiver, with it added."""
        finding, waiver = decision.finding, decision.waiver
        kind = finding.risk, finding.level
        risk = self._risks.setdefault(kind, RiskTotals(*kind))
        risk.name = risk.name or finding.name
        risk.advice = risk.advice or finding.fact("advice")
        risk.counts[decision.action] += 1
        yield risk
        if waiver and decision.action is Action.WAIVED:
            use = finding.risk, waiver
            covered = self._waivers.setdefault(use, WaiverTotals(*use))
            covered.findings += 1
            yield covered

    @property
    def repositories(self) -> list[RepositoryTotals]:
        """All repositories, the worst first."""
        return sorted(self._repositories.values(), key=_repository_weight)

    @property
    def risks(self) -> list[RiskTotals]:
        """All risks at their levels, the worst first."""
        return sorted(self._risks.values(), key=_risk_weight)

    @property
    def waivers(self) -> list[WaiverTotals]:
        """All waivers that cover findings, those that cover the most first."""
        return sorted(
            self._waivers.values(), key=lambda each: (-each.findings, each.risk, each.waiver.reason)
        )

    @property
    def reasons(self) -> list[ReasonTotals]:
        """All reasons for being undecided, the most frequent first."""
        return sorted(self._reasons.values(), key=lambda each: (-each.images, each.reason))


def _place(image: ImageVerdict) -> tuple[str, str]:
    record = image.image
    return (record.region, record.instance) if record else ("", "")


def _repository_weight(totals: RepositoryTotals) -> tuple[object, ...]:
    by_level = (
        -sum(totals.counts[level, action] for action in Action) for level in LEVELS_WORST_FIRST
    )
    outcomes = (-totals.outcomes[each] for each in (Outcome.BLOCK, Outcome.UNDECIDED))
    return (-totals.blocked, *outcomes, *by_level, totals.name)


def _risk_weight(totals: RiskTotals) -> tuple[object, ...]:
    actions = (-totals.counts[action] for action in STRICTEST_FIRST)
    return (*actions, LEVELS_WORST_FIRST.index(totals.level), totals.risk)
