"""The report for people, on a terminal or in a log; its last line is the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from gate.findings import Shown, Status
from gate.report import wording
from gate.report.layout import Layout
from gate.untrusted import for_terminal
from gate.verdict import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.findings import Fact
    from gate.report import Style
    from gate.verdict import Decision, ImageVerdict, Verdict

_OUTCOME_STYLES = {
    Outcome.PASS: "bold green",
    Outcome.BLOCK: "bold red",
    Outcome.UNDECIDED: "bold yellow",
}
_ACTION_STYLES = {
    Action.BLOCK: "bold red",
    Action.WARN: "yellow",
    Action.WAIVED: "cyan",
    Action.ALLOW: "green",
}
_IN_FIRST_LINE = ("level", "status")  # facts that the line above them shows
_DECISIONS = 8
_DETAILS = 9
_ALL_DETAILS = 13
# A build command can be a whole script.
_LONGEST_CODE = 400
_SHORT_SHA256 = 12
# Beside these, a digest fits into 80 columns.
_LABELS = 8


def render(verdict: Verdict, style: Style) -> str:
    """Return the report; no line but a quiet one is wider than the style's width."""
    page = Layout(style.width, colour=style.colour)
    if not style.quiet:
        _write_sandbox(verdict, page)
        for number, image in enumerate(verdict.images):
            if number:
                page.gap()
                page.line(("-" if style.ascii else "\u2500") * page.width, wrap=False)
            _write_image(image, page, style)
        page.gap()
        _write_run(verdict, page)
        page.gap()
        if len(verdict.images) > 1:
            _write_summary(verdict, page)
            page.gap()
    _write_verdict(verdict, page, style)
    return page.written()


def _write_sandbox(verdict: Verdict, page: Layout) -> None:
    if verdict.service.sandbox:
        page.line(
            (wording.SANDBOX, "bold magenta"),
            f": {wording.ABOUT_SAMPLE_DATA}",
        )
        page.gap()


def _write_image(image: ImageVerdict, page: Layout, style: Style) -> None:
    """Write the image, its scan, the verdict on it, and the findings, the worst first."""
    _write_name(image, page)
    page.entry(
        "verdict",
        (
            f"{image.outcome.value.upper()}{wording.let_through(image)}",
            _OUTCOME_STYLES[image.outcome],
        ),
        f"{_reason(image)}: {wording.sentence(image.message)}",
        indent=1,
        room=_LABELS,
    )
    for label, text in _evidence(image, style):
        page.entry(label, text, indent=1, room=_LABELS)
    for note in image.notes:
        page.entry("note", wording.sentence(note), indent=1, room=_LABELS, style="yellow")
    decisions = sorted(image.decisions, key=_worst_first)
    shown = [d for d in decisions if style.verbose or d.action in {Action.BLOCK, Action.WARN}]
    if decisions:
        page.gap()
    for decision in shown:
        _write_decision(decision, page, style)
    _write_hidden(image, len(decisions) - len(shown), page)


def _write_name(image: ImageVerdict, page: Layout) -> None:
    """Write the reference, with its digest on a line of its own where there is no room."""
    whole = for_terminal(wording.full_name(image))
    name, at, digest = whole.rpartition("@")
    if cell_len(whole) > page.width and name:
        page.line((name, "bold"))
        page.entry("", (at + digest, "bold"), indent=1, room=0)
    else:
        page.line((whole, "bold"))


def _reason(image: ImageVerdict) -> str:
    return "" if image.outcome is Outcome.BLOCK else f" ({image.reason})"


def _evidence(image: ImageVerdict, style: Style) -> Iterator[tuple[str, str]]:
    record = image.image
    if record is None:
        yield "record", "none of Security Center's was identified as this image"
    else:
        ties = wording.identification(image)
        how = f"identified by {ties}" if ties else "not identified"
        if style.verbose:
            uuid, *where = wording.record_in_parts(record)
            how += f"; {uuid}, {', '.join(where)}"
        yield "digest", for_terminal(record.digest) or "unknown"
        yield "record", for_terminal(how)
    yield "scan", wording.scan_in_full(image.scan)
    if image.scan.checks_off:
        yield "off", for_terminal(f"{', '.join(image.scan.checks_off)} (not checked)")


def _worst_first(decision: Decision) -> tuple[int, int, str, str]:
    return (*wording.weight(decision), decision.finding.risk, wording.code_of(decision.finding))


def _write_decision(decision: Decision, page: Layout, style: Style) -> None:
    finding = decision.finding
    unhandled = finding.status is Status.UNHANDLED
    handled = "" if unhandled else f" [{wording.status_in_words(finding.status)}]"
    name = f"{finding.risk}: {finding.name}" if finding.name else finding.risk
    page.entry(
        decision.action.value.upper(),
        f"{wording.sentence(wording.level_in_words(finding)):6}  {wording.sentence(name)}{handled}",
        indent=2,
        room=_DECISIONS,
        style=_ACTION_STYLES[decision.action],
    )
    room = _ALL_DETAILS if style.verbose else _DETAILS
    for fact in _shown_facts(decision, style):
        page.entry(fact.key, _text(fact, style), indent=2 + _DECISIONS, room=room)


def _shown_facts(decision: Decision, style: Style) -> list[Fact]:
    """Return what is to be said below a finding; without ``-v`` only what is acted on."""
    facts = wording.facts_of(decision, without=_IN_FIRST_LINE)
    if style.verbose:
        return facts
    keys = {"place"}
    if decision.action is Action.BLOCK:
        keys.add("advice")
    if decision.waiver and decision.waiver.expired:
        keys.add("waiver")
    return [fact for fact in facts if fact.shown is Shown.CODE or fact.key in keys]


def _text(fact: Fact, style: Style) -> str:
    if fact.shown is not Shown.CODE:
        return wording.sentence(fact.text)
    if style.verbose or len(fact.text) <= _LONGEST_CODE:
        return for_terminal(fact.text)
    more = len(fact.text) - _LONGEST_CODE
    return f"{for_terminal(fact.text[:_LONGEST_CODE])}... ({more} more characters: -v)"


def _write_hidden(image: ImageVerdict, hidden: int, page: Layout) -> None:
    if hidden:
        counts = image.count()
        waived, allowed = counts[Action.WAIVED], counts[Action.ALLOW]
        page.line(f"  {waived} waived, {allowed} allowed (-v shows them)")


def _write_run(verdict: Verdict, page: Layout) -> None:
    """Write what holds for the whole run: notes, policies, and who was asked."""
    for note in verdict.notes:
        page.entry("note", wording.sentence(note), room=_LABELS, style="yellow")
    for policy in verdict.policies:
        text = for_terminal(wording.policy_in_words(policy, _SHORT_SHA256))
        page.entry("policy", text, room=_LABELS)
    page.entry("asked", for_terminal(wording.service_in_words(verdict.service)), room=_LABELS)


def _write_summary(verdict: Verdict, page: Layout) -> None:
    for image in verdict.images:
        brief = (wording.counts_in_brief(image) or image.reason) + wording.let_through(image)
        page.entry(
            image.outcome.value.upper(),
            for_terminal(f"{wording.short(wording.full_name(image))}: {brief}"),
            room=11,
            style=_OUTCOME_STYLES[image.outcome],
        )


def _write_verdict(verdict: Verdict, page: Layout, style: Style) -> None:
    """Write the verdict on one line; names are shortened, then cut, where there is no room."""
    if style.quiet:
        line = wording.verdict_line(verdict, full=True)
    else:
        lines = [
            wording.verdict_line(verdict, name=name)
            for name in (str, wording.short, wording.shortest)
        ]
        fitting = [line for line in lines if cell_len(line) <= page.width]
        line = fitting[0] if fitting else _cut(lines[-1], page.width)
    word, rest = line.split(" ", 1)
    page.line((word, _OUTCOME_STYLES[verdict.outcome]), f" {rest}", wrap=False)


def _cut(line: str, width: int) -> str:
    """Cut a line before its exit code."""
    start, exit_code = line[: line.rindex(" (")], line[line.rindex(" (") :]
    return set_cell_size(start, width - len(exit_code) - 3).rstrip() + "..." + exit_code
