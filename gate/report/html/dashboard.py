"""What stands above the images of an audit: totals, what matters most, and what changed."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from math import ceil, log
from typing import TYPE_CHECKING

from gate.findings import Level
from gate.report import wording
from gate.report.html.chart import bar, chart_section
from gate.report.html.markup import (
    NOTHING,
    Markup,
    code,
    element,
    joined,
    language,
    level_mark,
    name,
    outcome_mark,
    prose,
    section,
    word,
)
from gate.report.ranking import ranking
from gate.verdict import STRICTEST_FIRST, Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gate.report.ranking import Ranking, ReasonTotals, RepositoryTotals, RiskTotals
    from gate.verdict import Changes, ImageVerdict

# So many entries of a list are shown, and so many of the others are folded.
_SHOWN, _FOLDED = 8, 40
_REPOSITORIES = 25  # in the heat map
_SHADES = 5
_LONGEST = 120  # characters of a name
_LONGEST_SENTENCE = 500
_NOT_PASSED = (Outcome.BLOCK, Outcome.UNDECIDED)
_HEAT = "Findings that are blocked or warned of, of each level; the darker, the more."
_UNCHANGED = "No image changed its verdict."


def overview(images: Sequence[ImageVerdict], changes: Changes | None) -> Markup:
    """Return all sections; nothing if there are no images."""
    if not images:
        return NOTHING
    totals = ranking(images)
    return joined(
        _board(
            element("div", _verdicts(totals), _changes(changes) if changes else NOTHING),
            chart_section(totals.counts, linked=False),
        ),
        _heat_map(totals.repositories),
        _board(_repositories(totals.repositories), _risks(totals.risks)),
        _reasons(totals.reasons),
    )


def _board(*sections: Markup) -> Markup:
    return element("div", *sections, class_="board")


def _verdicts(totals: Ranking) -> Markup:
    outcomes = {each: totals.outcomes[each] for each in wording.OUTCOMES_WORST_FIRST}
    every = sum(outcomes.values())
    links = (
        element(
            "li",
            element(
                "a",
                element("strong", word(f"{outcomes[outcome]:,}")),
                outcome_mark(outcome),
                href="#images",
                data_outcome=number,
            ),
        )
        for number, outcome in enumerate(outcomes)
    )
    return section(
        "verdicts",
        "Verdicts",
        element("ul", *links, class_="tiles"),
        bar(outcomes.items(), every),
    )


def _heat_map(repositories: Sequence[RepositoryTotals]) -> Markup:
    """Return the worst repositories with their open findings by level."""
    rows = repositories[:_REPOSITORIES]
    counts = [Counter(dict(_open(each))) for each in rows]
    levels = [
        level
        for level in wording.LEVELS_WORST_FIRST
        if level is not Level.UNKNOWN or any(each[level] for each in counts)
    ]
    most = max(max(each.values()) for each in counts)
    headings = (
        *(
            element("th", each, scope="col")
            for each in (word("Repository"), *map(level_mark, levels))
        ),
        element("th", word("Images"), scope="col", class_="minor"),
        *(element("th", outcome_mark(each), scope="col", class_="minor") for each in _NOT_PASSED),
    )
    body = (
        element(
            "tr",
            element("th", _link(each.name, _code(_named(each))), scope="row"),
            *(_shaded(by_level[level], most) for level in levels),
            _minor(each.outcomes.total()),
            *(_minor(each.outcomes[outcome]) for outcome in _NOT_PASSED),
        )
        for each, by_level in zip(rows, counts, strict=True)
    )
    table = element(
        "table",
        element("thead", element("tr", *headings)),
        element("tbody", *body),
        class_="heat",
        aria_labelledby="heat",
    )
    more = _more(len(repositories) - len(rows))
    return section("heat", "Repositories by level", _caption(_HEAT), table, more)


def _open(totals: RepositoryTotals) -> Iterable[tuple[Level, int]]:
    for level in Level:
        yield level, totals.counts[level, Action.BLOCK] + totals.counts[level, Action.WARN]


def _shaded(number: int, most: int) -> Markup:
    """Return a cell; of numbers up to ``most``, a larger one has a darker shade."""
    shade = ceil(_SHADES * log(1 + number) / log(1 + most)) if number else 0
    return element("td", word(f"{number:,}"), class_=f"shade-{shade}" if shade else "none")


def _minor(number: int) -> Markup:
    """Return a cell that is left out where there is no room for it."""
    return element("td", word(f"{number:,}"), class_="minor" if number else "minor none")


def _repositories(repositories: Sequence[RepositoryTotals]) -> Markup:
    blocking = [each for each in repositories if each.outcomes[Outcome.BLOCK]]
    most = max((each.blocked for each in blocking), default=0)
    entries = (
        _ranked(
            _link(each.name, _code(_named(each))),
            f"{wording.counted(each.blocked, 'finding')} blocked in "
            f"{wording.counted(each.outcomes[Outcome.BLOCK], 'image')}",
            bar([("block", each.blocked)], most),
        )
        for each in blocking
    )
    return section("repositories", "Repositories that block", _list(entries, len(blocking)))


def _risks(risks: Sequence[RiskTotals]) -> Markup:
    most = max((each.counts.total() for each in risks), default=0)
    return section("risks", "Risks", _list((_risk(each, most) for each in risks), len(risks)))


def _risk(risk: RiskTotals, most: int) -> Markup:
    numbers = [(action, risk.counts[action]) for action in STRICTEST_FIRST]
    parts = ", ".join(f"{number:,} {wording.DECIDED[each]}" for each, number in numbers if number)
    title = wording.cut(risk.name, _LONGEST)
    return _ranked(
        joined(
            level_mark(risk.level),
            _link(risk.risk, _code(risk.risk)),
            element("span", prose(title), lang=language(title)),
            by=" ",
        ),
        f"{parts} in {wording.counted(risk.images, 'image')}",
        bar(numbers, most),
        _message(risk.advice),
    )


def _changes(changes: Changes) -> Markup:
    entries = [
        _changed(f"{len(names):,} {kind}", ((each, "") for each in names), len(names))
        for kind, names in changes.images.items()
    ]
    if changes.risks:
        risks = ((risk, f" {number:+,}") for risk, number in changes.risks.items())
        entries.append(_changed("Findings that block", risks, len(changes.risks)))
    heading = f"Since the report of {wording.cut(changes.since, _LONGEST)}"
    return section("changes", heading, _list(entries, len(entries)) or _caption(_UNCHANGED))


def _changed(what: str, names: Iterable[tuple[str, str]], number: int) -> Markup:
    items = (element("li", _link(each, _code(each)), word(more)) for each, more in names)
    return _ranked(element("strong", word(what)), "", _list(items, number, "inline"))


def _reasons(reasons: Sequence[ReasonTotals]) -> Markup:
    entries = (
        _ranked(
            _link(f"undecided {each.reason}", code(each.reason)),
            wording.counted(each.images, "image"),
            _message(each.message),
        )
        for each in reasons
    )
    return section("reasons", "Undecided, by reason", _list(entries, len(reasons)))


def _ranked(what: Markup, numbers: str, *more: Markup) -> Markup:
    text = element("span", word(numbers), class_="brief") if numbers else NOTHING
    return element("li", element("div", what), text, *more)


def _message(text: str) -> Markup:
    if not text:
        return NOTHING
    shown = wording.cut(text, _LONGEST_SENTENCE)
    return element("p", prose(shown), class_="message", lang=language(shown))


def _list(entries: Iterable[Markup], number: int, class_: str = "ranking") -> Markup:
    """Return the first of ``number`` entries, some others folded, and how many more there are."""
    if not number:
        return NOTHING
    made = list(islice(entries, _SHOWN + _FOLDED))
    shown, folded = made[:_SHOWN], made[_SHOWN:]
    rest = element(
        "details",
        element("summary", word(f"{number - _SHOWN:,} more")),
        element("ul", *folded, class_=class_),
        _more(number - len(made)),
    )
    return joined(element("ul", *shown, class_=class_), rest if folded else NOTHING)


def _more(number: int) -> Markup:
    return _caption(f"and {number:,} more. {wording.REST_IS_IN_JSON}") if number > 0 else NOTHING


def _caption(text: str) -> Markup:
    return element("p", word(text), class_="caption")


def _named(repository: RepositoryTotals) -> str:
    return repository.name + repository.where


def _code(text: str) -> Markup:
    return name(wording.cut(text, _LONGEST))


def _link(search: str, content: Markup) -> Markup:
    """Return a link to the images that, with a script, searches them for a text."""
    return element("a", content, href="#images", data_search=wording.cut(search, _LONGEST))
