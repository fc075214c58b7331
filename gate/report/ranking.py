"""What of many images matters most: repositories, risks, and reasons for being undecided."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct, field

from gate.findings import Level
from gate.report.naming import repository_of
from gate.report.wording import LEVELS_WORST_FIRST
from gate.verdict import STRICTEST_FIRST, Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gate.verdict import ImageVerdict

Counts = Counter[tuple[Level, Action]]
_Place = tuple[str, str, str]  # repository, region, instance


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


class RiskTotals(Struct):
    """A risk at a level, its name and advice, and in how many images it is."""

    risk: str
    level: Level
    name: str = ""
    advice: str = ""
    images: int = 0
    counts: Counter[Action] = field(default_factory=Counter)


class ReasonTotals(Struct):
    """Why images are undecided, in a word, and the message of the first of them."""

    reason: str
    message: str
    images: int = 0


class Ranking(Struct, frozen=True):
    """Totals of many images; each list has the worst first."""

    outcomes: Counter[Outcome]
    counts: Counts
    repositories: Sequence[RepositoryTotals]
    risks: Sequence[RiskTotals]
    reasons: Sequence[ReasonTotals]


def ranking(images: Iterable[ImageVerdict]) -> Ranking:
    """Add the images up, in one pass over them."""
    outcomes: Counter[Outcome] = Counter()
    repositories: dict[_Place, RepositoryTotals] = {}
    risks: dict[tuple[str, Level], RiskTotals] = {}
    reasons: dict[str, ReasonTotals] = {}
    for image in images:
        outcomes[image.outcome] += 1
        place = _place(image)
        repository = repositories.setdefault(place, RepositoryTotals(place[0]))
        repository.outcomes[image.outcome] += 1
        _add_findings(image, repository.counts, risks)
        if image.outcome is Outcome.UNDECIDED:
            reason = reasons.setdefault(image.reason, ReasonTotals(image.reason, image.message))
            reason.images += 1
    _tell_apart(repositories)
    counts: Counts = Counter()
    for each in repositories.values():
        counts.update(each.counts)
    return Ranking(
        outcomes,
        counts,
        sorted(repositories.values(), key=_repository_weight),
        sorted(risks.values(), key=_risk_weight),
        sorted(reasons.values(), key=lambda each: (-each.images, each.reason)),
    )


def _place(image: ImageVerdict) -> _Place:
    record = image.image
    return (repository_of(image), *((record.region, record.instance) if record else ("", "")))


def _add_findings(
    image: ImageVerdict, counts: Counts, risks: dict[tuple[str, Level], RiskTotals]
) -> None:
    keys = set()
    for decision in image.decisions:
        finding, action = decision.finding, decision.action
        key = finding.risk, finding.level
        risk = risks.setdefault(key, RiskTotals(*key))
        risk.name = risk.name or finding.name
        risk.advice = risk.advice or finding.fact("advice")
        risk.counts[action] += 1
        counts[finding.level, action] += 1
        keys.add(key)
    for key in keys:
        risks[key].images += 1


def _tell_apart(repositories: dict[_Place, RepositoryTotals]) -> None:
    """Say where repositories of the same name are."""
    places: dict[str, list[_Place]] = defaultdict(list)
    for place in repositories:
        places[place[0]].append(place)
    for several in places.values():
        for place in several if len(several) > 1 else ():
            repositories[place].where = f" ({', '.join(filter(None, place[1:])) or 'unknown'})"


def _repository_weight(totals: RepositoryTotals) -> tuple[object, ...]:
    by_level = (
        -sum(totals.counts[level, action] for action in Action) for level in LEVELS_WORST_FIRST
    )
    outcomes = (-totals.outcomes[each] for each in (Outcome.BLOCK, Outcome.UNDECIDED))
    return (-totals.blocked, *outcomes, *by_level, totals.name)


def _risk_weight(totals: RiskTotals) -> tuple[object, ...]:
    actions = (-totals.counts[action] for action in STRICTEST_FIRST)
    return (*actions, LEVELS_WORST_FIRST.index(totals.level), totals.risk)
