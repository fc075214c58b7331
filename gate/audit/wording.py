"""The summary of an audit: which repositories and which risks matter most."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gate import report  # what draws texts is slow to import, so it is looked up when it is used
from gate.report import counted, sentence, waiver_in_words
from gate.untrusted import for_terminal
from gate.verdict import STRICTEST_FIRST, Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.report import Ranking, Style, TextPage
    from gate.verdict import Verdict

_MOST = 10  # lines of a ranking, unless all are asked for
_Row = tuple[str | tuple[str, str], ...]


def summary(verdict: Verdict, style: Style) -> str:
    """Return the summary as text; ``style.verbose`` ranks everything, ``style.quiet`` nothing."""
    page = report.TextPage(style.width, colour=style.colour)
    totals = report.Ranking.of(verdict.images)
    if not style.quiet:
        page.sandbox(verdict)
        _write_counts(totals, page)
        page.levels(verdict.images)
        most = len(verdict.images) if style.verbose else _MOST
        for title, rows in (
            ("repositories that block", _repositories(totals)),
            ("risks", _risks(totals)),
            ("waivers", _waivers(totals)),
            ("undecided", _undecided(totals)),
        ):
            _write_ranking(title, rows, most, page)
        page.run(verdict)
        page.gap()
    page.verdict(verdict, style, totals.names.of_image)
    return page.written()


def _write_counts(totals: Ranking, page: TextPage) -> None:
    actions: Counter[Action] = Counter()
    for (_, action), number in totals.counts.items():
        actions[action] += number
    page.line(
        f"images    {totals.outcomes.total():,}: ",
        *_enumerated((f"{totals.outcomes[each]:,} {each.value}", each) for each in Outcome),
    )
    page.line(
        f"findings  {actions.total():,}: ",
        *_enumerated((f"{actions[each]:,} {each.value}", each) for each in STRICTEST_FIRST),
    )
    page.gap()


def _enumerated(parts: Iterator[tuple[str, str]]) -> Iterator[str | tuple[str, str]]:
    for number, (text, word) in enumerate(parts):
        if number:
            yield ", "
        yield report.coloured(word, text)


def _write_ranking(title: str, rows: Sequence[_Row], most: int, page: TextPage) -> None:
    """Write a heading and rows of columns, the worst first; nothing for nothing."""
    if not rows:
        return
    page.line(f"{title}:")
    page.table(rows[:most], indent=2)
    if len(rows) > most:
        page.line(f"  and {len(rows) - most:,} more (-v shows them)")
    page.gap()


def _repositories(totals: Ranking) -> list[_Row]:
    return [
        (for_terminal(each.name + each.where), each.blocked_in_words)
        for each in totals.repositories
        if each.outcomes[Outcome.BLOCK]
    ]


def _risks(totals: Ranking) -> list[_Row]:
    rows: list[_Row] = []
    for each in totals.risks:
        counts = (f"{each.counts[action]:,} {action}" for action in Action if each.counts[action])
        risk = report.coloured(each.level, for_terminal(f"{each.risk} ({each.level})"))
        numbers = f"{', '.join(counts)} in {counted(each.images, 'image')}"
        rows.append((risk, numbers, sentence(each.name)))
    return rows


def _waivers(totals: Ranking) -> list[_Row]:
    """Return the waivers that cover findings, with their risks: passes may rest on them."""
    return [
        (
            for_terminal(each.risk),
            f"{counted(each.findings, 'finding')} in {counted(each.images, 'image')}",
            sentence(waiver_in_words(each.waiver)),
        )
        for each in totals.waivers
    ]


def _undecided(totals: Ranking) -> list[_Row]:
    return [
        (each.reason, counted(each.images, "image"), f"such as: {sentence(each.message)}")
        for each in totals.reasons
    ]
