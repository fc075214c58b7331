"""The images of an audit, a few lines for each: as many as have room, the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.report import wording
from gate.report.html.controls import controls
from gate.report.html.markup import (
    NOTHING,
    Markup,
    element,
    language,
    mark,
    name,
    outcome_mark,
    prose,
    section,
    word,
)
from gate.report.html.risk_groups import grouped, risk_groups
from gate.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gate.verdict import Action, Decision, ImageVerdict

_LONGEST_MESSAGE = 500  # characters
_MOST_RISKS = 12  # of one decision in one image
# An image whose details take more room, in bytes, is shown without them.
_LARGEST_DETAILS = 50_000
_CONTROLS = 2_000  # bytes, and more than what stands around the rows


def rows_section(images: Sequence[ImageVerdict], room: int) -> Markup:
    """Return as many images as fit into ``room`` bytes, in the given order."""
    if not images:
        return NOTHING
    rows = list(_fitting(map(_row, images), room - _CONTROLS))
    outcomes = [outcome.value for outcome in wording.OUTCOMES_WORST_FIRST]
    left_out = (
        f"The page holds the {len(rows):,} worst of {len(images):,} images. "
        f"{wording.REST_IS_IN_JSON}"
    )
    return section(
        "images",
        wording.counted(len(images), "image"),
        element("p", word(left_out), class_="panel") if len(rows) < len(images) else NOTHING,
        controls(".image", len(rows), {"outcome": ("Verdict", outcomes)}, foldable=False),
        element("ul", *rows, class_="rows"),
    )


def _fitting(rows: Iterable[Markup], room: int) -> Iterator[Markup]:
    for row in rows:
        room -= len(row.encode())
        if room < 0:
            return
        yield row


def _row(image: ImageVerdict) -> Markup:
    undecided = image.outcome is Outcome.UNDECIDED
    message = wording.cut(image.message, _LONGEST_MESSAGE)
    return element(
        "li",
        element(
            "div",
            outcome_mark(image.outcome),
            name(wording.full_name(image)),
            element("small", word(wording.scan_in_brief(image.scan))),
        ),
        element(
            "p",
            word(f"{image.reason}{wording.let_through(image)}: "),
            element("span", prose(message), lang=language(message)),
        )
        if undecided
        else NOTHING,
        *_risks(image.decisions),
        _details(image.decisions),
        class_=f"image {image.outcome.value}",
        data_outcome=wording.outcome_weight(image),
    )


def _risks(decisions: Sequence[Decision]) -> Iterator[Markup]:
    """Yield the risks of each decision in a line."""
    by_action: dict[Action, list[str]] = {}
    for group in grouped(decisions):
        finding = group[0].finding
        times = f" \u00d7{len(group):,}" if len(group) > 1 else ""
        text = f"{wording.cut(finding.risk, 80)} ({finding.level.value}){times}"
        by_action.setdefault(group[0].action, []).append(text)
    for action, texts in by_action.items():
        more = len(texts) - _MOST_RISKS
        listed = ", ".join(texts[:_MOST_RISKS]) + (f" and {more} more" if more > 0 else "")
        yield element("p", mark(action), prose(listed))


def _details(decisions: Sequence[Decision]) -> Markup:
    """Return the findings in full, if they were read so."""
    if not any(wording.code_of(each.finding) for each in decisions):
        return NOTHING
    details = element(
        "details", element("summary", word("Details")), risk_groups(decisions, {}, "h3")
    )
    return details if len(details) < _LARGEST_DETAILS else NOTHING
