"""The table of findings, whose rows a script can filter and sort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.findings import Level, Status
from gate.report.html.chart import DECIDED, WORST_FIRST, level_mark, mark
from gate.report.html.facts import entry
from gate.report.html.images import row_names
from gate.report.html.markup import NOTHING, Markup, element, language, lines, prose, word
from gate.report.wording import scan_in_brief
from gate.verdict import STRICTEST_FIRST, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gate.findings import Finding
    from gate.verdict import Decision, ImageVerdict, WaiverUse

_PREVIEW = 160
_LEVEL_WORD = 40
_HANDLED = {
    Status.UNHANDLED: "unhandled",
    Status.IGNORED: "ignored",
    Status.FALSE_POSITIVE: "false positive",
    Status.UNKNOWN: "unknown",
}
_STATUSES = tuple(_HANDLED)


def findings_section(images: Sequence[ImageVerdict]) -> Markup:
    """Return all findings, the worst first, or a sentence that says what it means to have none."""
    number = sum(len(image.decisions) for image in images)
    if not number:
        return _section("Findings", element("p", word(_why_none(images)), class_="none-found"))
    risks = _numbered(images)
    names = row_names(images)
    rows = [(decision, at) for at, image in enumerate(images) for decision in image.decisions]
    rows.sort(key=lambda row: (_weight(row[0]), risks[row[0].finding.risk]))
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
    heading = f"{number:,} finding{'s' * (number > 1)}"
    return _section(heading, filters, shown, table, none)


def _section(heading: str, *content: Markup) -> Markup:
    return element(
        "section",
        element("h2", word(heading), id="findings"),
        *content,
        aria_labelledby="findings",
    )


def _why_none(images: Sequence[ImageVerdict]) -> str:
    if not images:
        return "There are none because no image was judged."
    if any(image.outcome is not Outcome.PASS for image in images):
        return "None is known, which proves nothing: the evidence isn't complete."
    scans = "; ".join(dict.fromkeys(scan_in_brief(image.scan) for image in images))
    return f"No build risks were found ({scans})."


def _numbered(images: Sequence[ImageVerdict]) -> Mapping[str, int]:
    """Give each risk a number, in the order of their keys."""
    risks = {decision.finding.risk for image in images for decision in image.decisions}
    return {risk: number for number, risk in enumerate(sorted(risks))}


def _weight(decision: Decision) -> tuple[int, int]:
    return STRICTEST_FIRST.index(decision.action), WORST_FIRST.index(decision.finding.level)


def _headings(*, several: bool) -> Iterator[Markup]:
    known = {"action": "Decision", "level": "Level", "risk": "Risk", "status": "Status"}
    if several:
        known["image"] = "Image"
    for key, said in known.items():
        order = "ascending" if key == "action" else None
        yield element("th", word(said), role="columnheader", data_sort=key, aria_sort=order)


def _row(
    decision: Decision,
    at: int,
    risks: Mapping[str, int],
    names: Sequence[str],
) -> Markup:
    """Return a row; what it is filtered and sorted by are numbers, never texts of others."""
    finding = decision.finding
    action, level = _weight(decision)
    return element(
        "tr",
        mark(decision.action, "td", role="cell"),
        level_mark(finding.level, "td", _unknown_word(finding), role="cell"),
        element("td", _risk(decision), role="cell", class_="risk"),
        element("td", word(_HANDLED[finding.status]), role="cell"),
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
    if finding.level is Level.UNKNOWN and finding.level_word:
        return element("span", prose(f"({finding.level_word[:_LEVEL_WORD]})"), class_="word")
    return NOTHING


def _risk(decision: Decision) -> Markup:
    """Return the risk's name, beginning and place of its command, and the rest folded."""
    finding = decision.finding
    name = finding.name or finding.risk
    place = f"{finding.location.path}:{finding.location.line}" if finding.location else ""
    command = finding.fact("command")[:_PREVIEW]
    return element(
        "details",
        element(
            "summary",
            element("span", prose(name), class_="name", lang=language(name)),
            element("code", prose(finding.risk), class_="key"),
            element("code", prose(place), class_="place") if place else NOTHING,
            element("code", prose(command), class_="preview") if command else NOTHING,
        ),
        element("dl", *_details(decision)),
    )


def _details(decision: Decision) -> Iterator[Markup]:
    finding, waiver = decision.finding, decision.waiver
    known = {
        "Because": decision.because,
        "Rule": decision.rule or "",
        "Waiver": _waiver(waiver) if waiver else "",
        "About": finding.fact("description"),
        "Advice": finding.fact("advice"),
        "Class": _class(finding),
    }
    if finding.fact("command"):
        yield entry("Command", element("code", lines(finding.fact("command"))))
    for label, text in known.items():
        if text:
            yield entry(label, lines(text), language(text))
    if finding.fact("layer"):
        yield entry("Layer", element("code", prose(finding.fact("layer"))))


def _class(finding: Finding) -> str:
    names = dict.fromkeys(filter(None, (finding.class_name, finding.risk_class)))
    return ", ".join(names)


def _waiver(waiver: WaiverUse) -> str:
    ends = f"{'EXPIRED on' if waiver.expired else 'until'} {waiver.expires.isoformat()}"
    who = ", ".join(filter(None, (waiver.owner, waiver.ticket)))
    return f"{ends}: {waiver.reason}" + (f" ({who})" if who else "")


def _filters(names: Sequence[str], risks: Mapping[str, int]) -> Markup:
    """Return the controls, which are of no use without the script and so hidden until it runs."""
    search = element("input", id="search", type="search", autocomplete="off", spellcheck="false")
    choices = {
        "action": ("Decision", [DECIDED[action] for action in STRICTEST_FIRST]),
        "level": ("Level", [level.value for level in WORST_FIRST]),
        "status": ("Status", list(_HANDLED.values())),
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
