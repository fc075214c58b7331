"""The part of the text report about one image: what was judged, and each finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from gate.findings import IdentifiedBy, Level, ScanState, Status
from gate.report.wording import age, counted, is_let_through, moment, sentence
from gate.untrusted import for_terminal
from gate.verdict import STRICTEST_FIRST, Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.findings import Finding, Scan
    from gate.report import Look
    from gate.report.page import Page
    from gate.verdict import Decision, ImageVerdict, WaiverUse

OUTCOME_STYLES = {
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
_WORST_FIRST = (Level.UNKNOWN, Level.HIGH, Level.MEDIUM, Level.LOW)
# Beside these, a digest fits into 80 columns.
_LABELS = 8
_DECISIONS = 8
_DETAILS = 9
# A build command can be a whole script.
_LONGEST_COMMAND = 400


def write_image(image: ImageVerdict, page: Page, look: Look) -> None:
    """Write the image, its scan, the verdict on it, and the findings, the worst first."""
    _write_name(image, page)
    let_through = ", LET THROUGH by the policy's warn_on" if is_let_through(image) else ""
    page.entry(
        "verdict",
        (f"{image.outcome.value.upper()}{let_through}", OUTCOME_STYLES[image.outcome]),
        f"{_reason(image)}: {sentence(image.message)}",
        indent=1,
        room=_LABELS,
    )
    for label, text in (*_identity(image, look), *_scan(image.scan)):
        page.entry(label, text, indent=1, room=_LABELS)
    decisions = sorted(image.decisions, key=_worst_first)
    shown = [d for d in decisions if look.verbose or d.action in {Action.BLOCK, Action.WARN}]
    if decisions:
        page.gap()
    for decision in shown:
        _write_decision(decision, page, look)
    _write_hidden(image, len(decisions) - len(shown), page)


def _write_name(image: ImageVerdict, page: Page) -> None:
    """Write the reference, with its digest on a line of its own where there is no room."""
    platform = image.image.platform if image.image else None
    whole = for_terminal(image.reference + (f" ({platform})" if platform else ""))
    name, at, digest = whole.rpartition("@")
    if cell_len(whole) > page.width and name:
        page.line((name, "bold"))
        page.entry("", (at + digest, "bold"), indent=1, room=0)
    else:
        page.line((whole, "bold"))


def _reason(image: ImageVerdict) -> str:
    return "" if image.outcome is Outcome.BLOCK else f" ({image.reason})"


def _identity(image: ImageVerdict, look: Look) -> Iterator[tuple[str, str]]:
    record = image.image
    if record is None:
        yield "record", "none of Security Center's was identified as this image"
        return
    how = f"identified by {image.identified_by.value}" if image.identified_by else "not identified"
    if image.identified_by is IdentifiedBy.TAG:
        how += " only: a later push may have moved it"
    if look.verbose:
        name = f"{record.namespace}/{record.repository}:{record.tag}"
        where = ", ".join(filter(None, (name, record.region, record.instance)))
        how += f"; {record.uuid}, {where}"
    yield "digest", for_terminal(record.digest) or "unknown"
    yield "record", for_terminal(how)


def _scan(scan: Scan) -> Iterator[tuple[str, str]]:
    parts = [scan.state.value]
    last = "" if scan.state is ScanState.FINISHED else "the last one finished "
    if scan.age is not None:
        parts.append(f"{last}{age(scan.age)} ago")
    if scan.finished_at is not None:
        parts.append(f"{last if scan.age is None else ''}at {moment(scan.finished_at)}")
    if scan.checks_on is not None:
        parts.append(f"{counted(scan.checks_on, 'check')} on")
    yield "scan", ", ".join(parts)
    if scan.checks_off:
        yield "off", for_terminal(f"{', '.join(scan.checks_off)} (not checked)")


def _worst_first(decision: Decision) -> tuple[int, int, str, str]:
    finding = decision.finding
    return (
        STRICTEST_FIRST.index(decision.action),
        _WORST_FIRST.index(finding.level),
        finding.risk,
        finding.command,
    )


def _write_decision(decision: Decision, page: Page, look: Look) -> None:
    finding = decision.finding
    handled = "" if finding.status is Status.UNHANDLED else f" [{finding.status.value}]"
    name = f"{finding.risk}: {finding.name}" if finding.name else finding.risk
    page.entry(
        decision.action.value.upper(),
        f"{_level(finding):6}  {sentence(name)}{handled}",
        indent=2,
        room=_DECISIONS,
        style=_ACTION_STYLES[decision.action],
    )
    for label, text in _details(decision, look):
        page.entry(label, text, indent=2 + _DECISIONS, room=_DETAILS)


def _level(finding: Finding) -> str:
    if finding.level is Level.UNKNOWN and finding.level_word:
        return f"unknown ({for_terminal(finding.level_word)})"
    return finding.level.value


def _details(decision: Decision, look: Look) -> Iterator[tuple[str, str]]:
    """Yield label and text of what is to be said below a finding."""
    finding = decision.finding
    if finding.command:
        yield "command", _command(finding.command, look)
    if finding.location:
        yield "at", for_terminal(f"{finding.location.path}:{finding.location.line}")
    if finding.advice and (look.verbose or decision.action is Action.BLOCK):
        yield "advice", sentence(finding.advice)
    if decision.waiver and (look.verbose or decision.waiver.expired):
        yield "waiver", _waiver(decision.waiver)
    if look.verbose:
        more = {
            "about": sentence(finding.description),
            "layer": for_terminal(finding.layer),
            "because": sentence(decision.because),
            "rule": for_terminal(decision.rule or ""),
        }
        yield from ((label, text) for label, text in more.items() if text)


def _command(command: str, look: Look) -> str:
    if look.verbose or len(command) <= _LONGEST_COMMAND:
        return for_terminal(command)
    more = len(command) - _LONGEST_COMMAND
    return f"{for_terminal(command[:_LONGEST_COMMAND])}... ({more} more characters: -v)"


def _waiver(waiver: WaiverUse) -> str:
    until = f"{'EXPIRED on' if waiver.expired else 'until'} {waiver.expires.isoformat()}"
    who = ", ".join(filter(None, (waiver.owner, waiver.ticket)))
    return sentence(f"{until}: {waiver.reason}" + (f" ({who})" if who else ""))


def _write_hidden(image: ImageVerdict, hidden: int, page: Page) -> None:
    if hidden:
        counts = image.count()
        said = f"{counts[Action.WAIVED]} waived, {counts[Action.ALLOW]} allowed (-v shows them)"
        page.line(f"  {said}")
