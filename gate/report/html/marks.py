"""Marks of outcomes, decisions and levels: each differs from the others not by colour alone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from gate.report.html.markup import NOTHING, Markup, element, joined, word
from gate.report.wording import DECIDED
from gate.verdict import Outcome

if TYPE_CHECKING:
    from gate.findings import Level
    from gate.verdict import Action

# An octagon with a bar, a disk with a tick, a diamond with a question mark, on 24 by 24.
_SHAPES = {
    Outcome.BLOCK: (
        "M8 2h8l6 6v8l-6 6H8l-6-6V8z",
        "M7 12h10",
    ),
    Outcome.PASS: (
        "M12 2a10 10 0 1 1 0 20a10 10 0 1 1 0-20z",
        "M7 12.5l3.4 3.4L17 9",
    ),
    Outcome.UNDECIDED: (
        "M12 1l11 11-11 11L1 12z",
        "M9.3 9.6c0-3.6 5.4-3.6 5.4-.2 0 2.2-2.7 2.2-2.7 4.4M12 16.5v2.8",
    ),
}
# Colours that can be seen on light and dark tabs.
_TAB_COLOURS = {
    Outcome.BLOCK: ("#d1242f", "#fff"),
    Outcome.PASS: ("#1f883d", "#fff"),
    Outcome.UNDECIDED: ("#f5b82e", "#221800"),
}


def icon(outcome: Outcome) -> Markup:
    """Return the shape as an inline image, which a word must stand beside."""
    shape, sign = _SHAPES[outcome]
    return Markup(
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
        f'<path class="shape" d="{shape}"/><path class="sign" d="{sign}"/></svg>'
    )


def tab_icon(outcome: Outcome) -> str:
    """Return the address of the icon for the browser's tab, which holds the icon itself."""
    shape, sign = _SHAPES[outcome]
    fill, stroke = _TAB_COLOURS[outcome]
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
        f'<path fill="{fill}" d="{shape}"/>'
        f'<path fill="none" stroke="{stroke}" stroke-width="3" d="{sign}"/></svg>'
    )
    return f"data:image/svg+xml,{quote(drawing)}"


def mark(action: Action, tag: str = "span", **attributes: str) -> Markup:
    """Return the word for a decision, beside the shape and colour that stand for it."""
    return element(
        tag, word(DECIDED[action].capitalize()), class_=f"mark {action.value}", **attributes
    )


def level_mark(
    level: Level, tag: str = "span", more: Markup = NOTHING, **attributes: str
) -> Markup:
    """Return the word for a level, beside a meter that shows it, and what is to follow it."""
    content = joined(word(level.value), more)
    return element(tag, content, class_=f"level {level.value}", **attributes)
