"""The summary of an audit: which repositories and which risks matter most."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct, field

from gate.report import TextPage, coloured, counted, repository_of, sentence, waiver_in_words
from gate.untrusted import for_terminal
from gate.verdict import STRICTEST_FIRST, Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.findings import Level
    from gate.report import Style
    from gate.verdict import Decision, ImageVerdict, Verdict

_MOST = 10  # lines of a ranking, unless all are asked for
_Row = tuple[str | tuple[str, str], ...]


def summary(verdict: Verdict, style: Style) -> str:
    """Return the summary as text; ``style.verbose`` ranks everything, ``style.quiet`` nothing."""
    page = TextPage(style.width, colour=style.colour)
    names = _Names(verdict.images)
    if not style.quiet:
        page.sandbox(verdict)
        _write_counts(verdict, page)
        page.levels(verdict.images)
        most = len(verdict.images) if style.verbose else _MOST
        for title, rows in (
            ("repositories that block", _repositories(verdict.images, names)),
            ("risks", _risks(verdict.images)),
            ("waivers", _waivers(verdict.images)),
            ("undecided", _undecided(verdict.images)),
        ):
            _write_ranking(title, rows, most, page)
        page.run(verdict)
        page.gap()
    page.verdict(verdict, style, names.of_image)
    return page.written()


class _Names:
    """Names images and repositories so that one means one of them.

    Where two places hold the same repository, its instance or region is named too.
    """

    def __init__(self, images: Sequence[ImageVerdict]) -> None:
        self._places: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for image in images:
            self._places[repository_of(image)].add(_place(image))
        self._tags = Counter(map(self._of_tag, images))

    def of_repository(self, image: ImageVerdict) -> str:
        """Return ``namespace/repository``, and where it is if that name is in two places."""
        return repository_of(image) + self._where(image)

    def of_image(self, image: ImageVerdict) -> str:
        """Return host, repository and tag; the digest too, where two images have these."""
        name = self._of_tag(image)
        return name if self._tags[name] == 1 else image.reference + self._where(image)

    def _of_tag(self, image: ImageVerdict) -> str:
        name, _, digest = image.reference.partition("@")
        has_tag = ":" in name.rpartition("/")[2]
        return (name if has_tag or not digest else image.reference) + self._where(image)

    def _where(self, image: ImageVerdict) -> str:
        places = self._places[repository_of(image)]
        region, instance = _place(image)
        parts = []
        if len({each for _, each in places}) > 1:
            parts.append(f"instance {instance}" if instance else "no instance")
        if len({each for each, _ in places}) > 1:
            parts.append(f"region {region}" if region else "no region")
        return f" ({', '.join(parts)})" if parts else ""


def _place(image: ImageVerdict) -> tuple[str, str]:
    record = image.image
    return (record.region, record.instance) if record else ("", "")


def _write_counts(verdict: Verdict, page: TextPage) -> None:
    outcomes = Counter(image.outcome for image in verdict.images)
    page.line(
        f"images    {len(verdict.images):,}: ",
        *_enumerated((f"{outcomes[each]:,} {each.value}", each) for each in Outcome),
    )
    actions = verdict.count()
    page.line(
        f"findings  {actions.total():,}: ",
        *_enumerated((f"{actions[each]:,} {each.value}", each) for each in STRICTEST_FIRST),
    )
    page.gap()


def _enumerated(parts: Iterator[tuple[str, str]]) -> Iterator[str | tuple[str, str]]:
    for number, (text, word) in enumerate(parts):
        if number:
            yield ", "
        yield coloured(word, text)


def _write_ranking(title: str, rows: Sequence[_Row], most: int, page: TextPage) -> None:
    """Write a heading and rows of columns, the worst first; nothing for nothing."""
    if not rows:
        return
    page.line(f"{title}:")
    page.table(rows[:most], indent=2)
    if len(rows) > most:
        page.line(f"  and {len(rows) - most:,} more (-v shows them)")
    page.gap()


def _repositories(images: Sequence[ImageVerdict], names: _Names) -> list[_Row]:
    blocked: Counter[str] = Counter()
    findings: Counter[str] = Counter()
    for image in images:
        if image.outcome is Outcome.BLOCK:
            name = names.of_repository(image)
            blocked[name] += 1
            findings[name] += image.count()[Action.BLOCK]
    worst = sorted(findings, key=lambda name: (-findings[name], name))
    return [
        (
            for_terminal(name),
            f"{counted(findings[name], 'finding')} blocked in {counted(blocked[name], 'image')}",
        )
        for name in worst
    ]


class _Occurrences(Struct):
    """How often something was decided, in how many images, and what it is called."""

    name: str = ""
    images: int = 0
    actions: Counter[Action] = field(default_factory=Counter)

    def in_images(self) -> str:
        return f"in {counted(self.images, 'image')}"


def _risks(images: Sequence[ImageVerdict]) -> list[_Row]:
    occurrences: dict[tuple[str, Level], _Occurrences] = defaultdict(_Occurrences)
    for image in images:
        for kind in {_kind(decision) for decision in image.decisions}:
            occurrences[kind].images += 1
        for decision in image.decisions:
            these = occurrences[_kind(decision)]
            these.actions[decision.action] += 1
            these.name = decision.finding.name
    worst = sorted(
        occurrences, key=lambda kind: (*(-occurrences[kind].actions[each] for each in Action), kind)
    )
    return [(_of_risk(*kind), *_of_occurrences(occurrences[kind])) for kind in worst]


def _kind(decision: Decision) -> tuple[str, Level]:
    return decision.finding.risk, decision.finding.level


def _of_risk(risk: str, level: Level) -> tuple[str, str]:
    return coloured(level, for_terminal(f"{risk} ({level})"))


def _of_occurrences(these: _Occurrences) -> _Row:
    counts = (f"{these.actions[each]:,} {each}" for each in Action if these.actions[each])
    return f"{', '.join(counts)} {these.in_images()}", sentence(these.name)


def _waivers(images: Sequence[ImageVerdict]) -> list[_Row]:
    """Return the waivers that cover findings, with their risks: passes may rest on them."""
    occurrences: dict[tuple[str, str], _Occurrences] = defaultdict(_Occurrences)
    for image in images:
        uses = [
            (each.finding.risk, waiver_in_words(each.waiver))
            for each in image.decisions
            if each.action is Action.WAIVED and each.waiver
        ]
        for use in set(uses):
            occurrences[use].images += 1
        for use in uses:
            occurrences[use].actions[Action.WAIVED] += 1
    most_used = sorted(occurrences.items(), key=lambda item: (-item[1].actions.total(), item[0]))
    return [
        (
            for_terminal(risk),
            f"{counted(these.actions.total(), 'finding')} {these.in_images()}",
            sentence(waiver),
        )
        for (risk, waiver), these in most_used
    ]


def _undecided(images: Sequence[ImageVerdict]) -> list[_Row]:
    undecided = [image for image in images if image.outcome is Outcome.UNDECIDED]
    reasons = Counter(image.reason for image in undecided)
    first = {image.reason: image.message for image in reversed(undecided)}
    return [
        (reason, counted(number, "image"), f"such as: {sentence(first[reason])}")
        for reason, number in reasons.most_common()
    ]
