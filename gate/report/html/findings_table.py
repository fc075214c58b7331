"""The table of findings, whose rows a script can filter and sort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.findings import Shown, Status
from gate.report import wording
from gate.report.html.markup import (
    NOTHING,
    Markup,
    code,
    element,
    entry,
    language,
    level_mark,
    lines,
    mark,
    prose,
    section,
    word,
)
from gate.verdict import STRICTEST_FIRST, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gate.findings import Fact, Finding
    from gate.verdict import Decision, ImageVerdict

_PREVIEW = 160
_STATUSES = tuple(Status)
# Facts that the row or its summary shows.
_IN_ROW = ("level", "status", "place")


def findings_section(images: Sequence[ImageVerdict]) -> Markup:
    """Return all findings, the worst first, or a sentence that says what it means to have none."""
    number = sum(len(image.decisions) for image in images)
    if not number:
        return section(
            "findings", "Findings", element("p", word(_why_none(images)), class_="none-found")
        )
    risks = _numbered(images)
    names = _row_names(images)
    rows = [(decision, at) for at, image in enumerate(images) for decision in image.decisions]
    rows.sort(key=lambda row: (wording.weight(row[0]), risks[row[0].finding.risk]))
    several = len(names) > 1
    table = element(
        "table",
        element("thead", element("tr", *_headings(several=several), role="row"), role="rowgroup"),
        element(
            "tbody",
            *(_row(*row, risks, names) for row in rows),
            role="rowgroup",
        ),
        class_="findings several" if several else "findings",
        id="table",
        role="table",
        aria_labelledby="findings",
    )
    filters = _filters(names if several else (), risks)
    shown = element("p", word(f"{number:,} of {number:,} shown"), id="shown", role="status")
    none = element("p", word("No finding matches the filter."), id="no-match", hidden=True)
    heading = f"{number:,} finding" if number == 1 else f"{number:,} findings"
    return section("findings", heading, filters, shown, table, none)


def _why_none(images: Sequence[ImageVerdict]) -> str:
    if not images:
        return "There are no findings because no image was judged."
    if any(image.outcome is not Outcome.PASS for image in images):
        return "No findings are known, which proves nothing: the evidence is incomplete."
    scans = "; ".join(dict.fromkeys(wording.scan_in_brief(image.scan) for image in images))
    return f"No build risks were found ({scans})."


def _numbered(images: Sequence[ImageVerdict]) -> Mapping[str, int]:
    """Give each risk a number, in the order of their keys."""
    risks = {decision.finding.risk for image in images for decision in image.decisions}
    return {risk: number for number, risk in enumerate(sorted(risks))}


def _row_names(images: Sequence[ImageVerdict]) -> list[str]:
    """Return a name for each image that fits into a row: without its host where that is clear."""
    full = [wording.full_name(image) for image in images]
    brief = [wording.short(name) for name in full]
    return brief if len(set(brief)) == len(set(full)) else full


def _headings(*, several: bool) -> Iterator[Markup]:
    headings = {"action": "Decision", "level": "Level", "risk": "Risk", "status": "Status"}
    if several:
        headings["image"] = "Image"
    for key, heading in headings.items():
        order = "ascending" if key == "action" else None
        yield element("th", word(heading), role="columnheader", data_sort=key, aria_sort=order)


def _row(
    decision: Decision,
    at: int,
    risks: Mapping[str, int],
    names: Sequence[str],
) -> Markup:
    """Return a row; what it is filtered and sorted by are numbers, never untrusted texts."""
    finding = decision.finding
    action, level = wording.weight(decision)
    return element(
        "tr",
        mark(decision.action, "td", role="cell"),
        level_mark(finding.level, "td", _unknown_word(finding), role="cell"),
        element("td", _risk(decision), role="cell", class_="risk"),
        element("td", word(wording.status_in_words(finding.status)), role="cell"),
        element("td", prose(names[at]), role="cell", class_="of") if len(names) > 1 else NOTHING,
        role="row",
        data_action=action,
        data_level=level,
        data_risk=risks[finding.risk],
        data_status=_STATUSES.index(finding.status),
        data_image=at,
    )


def _unknown_word(finding: Finding) -> Markup:
    """Return the service's own word for a level that the gate doesn't know."""
    own = wording.own_level_word(finding)
    return element("span", prose(own), class_="word") if own else NOTHING


def _risk(decision: Decision) -> Markup:
    """Return the risk's name, beginning and place of its command, and the rest folded."""
    finding = decision.finding
    name = finding.name or finding.risk
    place = wording.place_of(finding)
    preview = wording.code_of(finding)[:_PREVIEW]
    return element(
        "details",
        element(
            "summary",
            element("span", prose(name), class_="name", lang=language(name)),
            element("code", prose(finding.risk), class_="key"),
            element("code", prose(place), class_="place") if place else NOTHING,
            element("code", prose(preview), class_="preview") if preview else NOTHING,
        ),
        element("dl", *map(_entry, wording.facts_of(decision, without=_IN_ROW))),
    )


def _entry(fact: Fact) -> Markup:
    if fact.shown is Shown.CODE:
        return entry(fact.label, element("code", lines(fact.text)))
    if fact.shown is Shown.PLACE:
        return entry(fact.label, code(fact.text))
    return entry(fact.label, lines(fact.text), language(fact.text))


def _filters(names: Sequence[str], risks: Mapping[str, int]) -> Markup:
    """Return the controls, which are of no use without the script and so hidden until it runs."""
    search = element("input", id="search", type="search", autocomplete="off", spellcheck="false")
    choices = {
        "action": (
            "Decision",
            [wording.DECIDED[action].capitalize() for action in STRICTEST_FIRST],
        ),
        "level": ("Level", [level.value for level in wording.LEVELS_WORST_FIRST]),
        "status": ("Status", [wording.status_in_words(status) for status in _STATUSES]),
        "risk": ("Risk", list(risks)),
        "image": ("Image", names),
    }
    return element(
        "div",
        element("label", element("span", word("Search")), search, class_="search"),
        *(_choice(key, *choice) for key, choice in choices.items() if choice[1]),
        element(
            "p",
            element("button", word("Clear filter"), type="button", id="clear"),
            element("button", word("Open all details"), type="button", id="fold"),
        ),
        class_="filters",
        id="filters",
        role="search",
        hidden=True,
    )


def _choice(key: str, label: str, names: Sequence[str]) -> Markup:
    options = (element("option", prose(name), value=number) for number, name in enumerate(names))
    return element(
        "label",
        element("span", word(label)),
        element("select", element("option", word("any"), value=""), *options, data_filter=key),
    )
