"""How many findings there are of each level and decision: a table with a bar in each row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.findings import Level
from gate.report.html.markup import (
    NOTHING,
    Markup,
    element,
    joined,
    level_mark,
    mark,
    section,
    word,
)
from gate.report.wording import LEVELS_WORST_FIRST
from gate.verdict import STRICTEST_FIRST, Action

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

# Per cent of the room; of thousands of findings, a single one must still be seen.
_NARROWEST = 1.5


def chart_section(counts: Counter[tuple[Level, Action]], *, linked: bool) -> Markup:
    """Return the chart, nothing without findings.

    ``linked`` makes each number a link that, with a script, filters the findings.
    """
    if not counts:
        return NOTHING
    rows = {
        level: {action: counts[level, action] for action in STRICTEST_FIRST}
        for level in LEVELS_WORST_FIRST
    }
    if not any(rows[Level.UNKNOWN].values()):
        del rows[Level.UNKNOWN]
    sums = {action: sum(row[action] for row in rows.values()) for action in STRICTEST_FIRST}
    largest = max(sum(row.values()) for row in rows.values())
    headings = (element("th", mark(action), scope="col") for action in STRICTEST_FIRST)
    first, last = (element("th", word(name), scope="col") for name in ("Level", "All"))
    body = (
        _row(level_mark(level), row, bar(row.items(), largest), level, linked=linked)
        for level, row in rows.items()
    )
    table = element(
        "table",
        element("thead", element("tr", first, element("td", class_="bar"), *headings, last)),
        element("tbody", *body),
        element("tfoot", _row(word("All"), sums, linked=linked)),
        class_="chart",
        aria_labelledby="counts",
    )
    return section("counts", "Findings by level and decision", table)


def bar(shares: Iterable[tuple[str, int]], largest: int) -> Markup:
    """Draw the shares side by side, in the colours of their names; the largest takes all room."""
    widths = {name: max(_NARROWEST, 100 * number / largest) for name, number in shares if number}
    scale = min(1.0, 100 / (sum(widths.values()) or 1))
    left, parts = 0.0, []
    for name, width in widths.items():
        parts.append(
            element(
                "rect",
                x=f"{left:.2f}%",
                width=f"{width * scale:.2f}%",
                height="100%",
                class_=name,
            )
        )
        left += width * scale
    return element("svg", joined(*parts), aria_hidden="true", focusable="false")


def _row(
    heading: Markup,
    shares: dict[Action, int],
    drawn: Markup = NOTHING,
    level: Level | None = None,
    *,
    linked: bool,
) -> Markup:
    numbers = (*shares.items(), (None, sum(shares.values())))
    return element(
        "tr",
        element("th", heading, scope="row"),
        element("td", drawn, class_="bar"),
        *(_cell(number, level, action, linked=linked) for action, number in numbers),
    )


def _cell(number: int, level: Level | None, action: Action | None, *, linked: bool) -> Markup:
    shown = word(f"{number:,}")
    if not number:
        return element("td", shown, class_="none")
    if not linked:
        return element("td", shown)
    link = element(
        "a",
        shown,
        href="#findings",
        data_level="" if level is None else LEVELS_WORST_FIRST.index(level),
        data_action="" if action is None else STRICTEST_FIRST.index(action),
    )
    return element("td", link)
