"""How many findings there are of each level and decision: a table with a bar in each row."""

from __future__ import annotations

from collections import Counter
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
    from collections.abc import Sequence

    from gate.verdict import Decision

# Per cent of the room; of thousands of findings, a single one must still be seen.
_NARROWEST = 1.5


def chart_section(decisions: Sequence[Decision]) -> Markup:
    """Return the chart; each number leads to its findings. Nothing if there are none."""
    counts = Counter((each.finding.level, each.action) for each in decisions)
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
    head = element("tr", first, element("td", class_="bar"), *headings, last)
    body = (_row(level_mark(level), row, _bar(row, largest), level) for level, row in rows.items())
    table = element(
        "table",
        element("thead", head),
        element("tbody", *body),
        element("tfoot", _row(word("All"), sums)),
        class_="chart",
        aria_labelledby="counts",
    )
    scroll = element("div", table, class_="scroll")
    return section("counts", "Findings by level and decision", scroll)


def _row(
    heading: Markup, shares: dict[Action, int], bar: Markup = NOTHING, level: Level | None = None
) -> Markup:
    return element(
        "tr",
        element("th", heading, scope="row"),
        element("td", bar, class_="bar"),
        *(_number(number, level, action) for action, number in shares.items()),
        _number(sum(shares.values()), level),
    )


def _number(number: int, level: Level | None = None, action: Action | None = None) -> Markup:
    """Return a cell with a number that, with a script, filters the findings."""
    if not number:
        return element("td", word("0"), class_="none")
    link = element(
        "a",
        word(f"{number:,}"),
        href="#findings",
        data_level="" if level is None else LEVELS_WORST_FIRST.index(level),
        data_action="" if action is None else STRICTEST_FIRST.index(action),
    )
    return element("td", link)


def _bar(shares: dict[Action, int], largest: int) -> Markup:
    """Draw the shares side by side; the largest level takes all the room."""
    widths = {
        action: max(_NARROWEST, 100 * number / largest)
        for action, number in shares.items()
        if number
    }
    scale = min(1.0, 100 / (sum(widths.values()) or 1))
    left, parts = 0.0, []
    for action, width in widths.items():
        parts.append(
            element(
                "rect",
                x=f"{left:.2f}%",
                width=f"{width * scale:.2f}%",
                height="100%",
                class_=action.value,
            )
        )
        left += width * scale
    return element("svg", joined(*parts), aria_hidden="true", focusable="false")
