"""The report for job summaries and merge requests: Markdown as GitHub and GitLab read it.

The verdict stands first. What makes the report too large is left out, the least important first,
and the last line says so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from gate.report.verdict_line import verdict_line
from gate.report.wording import counted, is_let_through
from gate.untrusted import for_markdown, visible
from gate.verdict import STRICTEST_FIRST, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gate.report import Look
    from gate.verdict import Decision, ImageVerdict, Verdict

# GitHub drops a job summary over 1 MiB whole, GitLab refuses a comment over 1,000,000 characters.
MOST_BYTES = 950_000

_SPACE = re.compile(r"\s+")
_CELL = 300
_PARAGRAPH = 2000
_WORST_FIRST = (Outcome.BLOCK, Outcome.UNDECIDED, Outcome.PASS)
_TABLE = "\n| Decision | Level | Risk | Build command | Why |\n|---|---|---|---|---|\n"
_FOLD = "\n<details><summary>Details</summary>\n\n"
_FOLD_END = "\n</details>\n"


class _Room:
    """The bytes that are left for the report."""

    def __init__(self, size: int) -> None:
        self._left = size

    def fits(self, text: str) -> bool:
        """Tell whether there is room for that text, and take it if so."""
        size = len(text.encode("utf-8"))
        if size > self._left:
            return False
        self._left -= size
        return True


class _Section(Struct):
    """What is shown of one image."""

    image: ImageVerdict
    decisions: list[Decision]
    heading: str = ""
    rows: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        table = _TABLE + "".join(self.rows) if self.rows else ""
        fold = _FOLD + "".join(self.details) + _FOLD_END if self.details else ""
        return self.heading + table + fold


def render(verdict: Verdict, _look: Look) -> str:
    """Return the report, which is never larger than a job summary may be."""
    room = _Room(MOST_BYTES)
    head = _head(verdict)
    room.fits(head)
    foot = [line for line in _foot(verdict) if room.fits(line)]
    sections = [
        _Section(image, sorted(image.decisions, key=lambda d: STRICTEST_FIRST.index(d.action)))
        for image in verdict.images
    ]
    by_weight = sorted(sections, key=lambda section: _WORST_FIRST.index(section.image.outcome))
    _fill(by_weight, room)
    shown = "".join(map(str, sections))
    return f"{head}{shown}\n{''.join(foot)}{_pointer(sections)}"


def _fill(sections: Iterable[_Section], room: _Room) -> None:
    """Take headings first, then tables, then details, as long as there is room."""
    for section in sections:
        heading = _heading(section.image)
        if room.fits(heading + _TABLE + _FOLD + _FOLD_END):
            section.heading = heading
    shown = [section for section in sections if section.heading]
    for section in shown:
        section.rows = _taken(map(_row, section.decisions), room)
    for section in shown:
        section.details = _taken(map(_detail, section.decisions), room)


def _taken(texts: Iterable[str], room: _Room) -> list[str]:
    """Return the first texts that fit."""
    taken = []
    for text in texts:
        if not room.fits(text):
            break
        taken.append(text)
    return taken


def _head(verdict: Verdict) -> str:
    text = f"## {_cell(verdict_line(verdict, full=True), _PARAGRAPH)}\n"
    if verdict.service.sandbox:
        text += "\n> **SANDBOX**: this is about sample data, and says nothing about a real image.\n"
    return text


def _heading(image: ImageVerdict) -> str:
    platform = image.image.platform if image.image else None
    said = f"{image.outcome.value.upper()}{' (LET THROUGH by policy)' * is_let_through(image)}"
    name = f"{_code(image.reference)}{f' ({_cell(platform)})' if platform else ''}"
    text = f"\n### {said} {name}\n\n**{_cell(image.reason)}**: {_cell(image.message, _PARAGRAPH)}\n"
    return text + "".join(f"\nNote: {_cell(note, _PARAGRAPH)}\n" for note in image.notes)


def _row(decision: Decision) -> str:
    finding = decision.finding
    risk = f"{_cell(finding.name)} ({_code(finding.risk)})"
    cells = (
        f"**{decision.action.value}**",
        finding.level.value,
        risk,
        _code(finding.command),
        _cell(decision.because),
    )
    return f"| {' | '.join(cells)} |\n"


def _detail(decision: Decision) -> str:
    finding, waiver, location = decision.finding, decision.waiver, decision.finding.location
    ended = "expired " if waiver and waiver.expired else "until "
    known = {
        "Command": finding.command and _code(finding.command, _PARAGRAPH),
        "Place": location and _code(f"{location.path}:{location.line}"),
        "Description": _cell(finding.description, _PARAGRAPH),
        "Advice": _cell(finding.advice, _PARAGRAPH),
        "Status": _cell(finding.status.value),
        "Layer": finding.layer and _code(finding.layer),
        "Rule": _cell(decision.rule or ""),
        "Waiver": waiver
        and _cell(f"{waiver.reason}, {ended}{waiver.expires} {waiver.owner} {waiver.ticket}"),
    }
    lines = [f"  - {label}: {text}\n" for label, text in known.items() if text]
    return f"- **{decision.action.value}** {_code(finding.risk)}\n" + "".join(lines)


def _foot(verdict: Verdict) -> Iterator[str]:
    """Say what holds for the whole run, the policies first."""
    for policy in verdict.policies:
        sha256 = policy.sha256.removeprefix("sha256:")
        yield f"- Policy {_code(policy.path)} {_code(f'sha256:{sha256}')}\n"
    service = verdict.service
    who = _code(f"{service.endpoint} {service.region}".strip()) if service.endpoint else "nobody"
    yield f"- Asked {who}\n"
    for note in verdict.notes:
        yield f"- Note: {_cell(note, _PARAGRAPH)}\n"


def _pointer(sections: Iterable[_Section]) -> str:
    images = sum(not section.heading for section in sections)
    findings = sum(len(section.decisions) - len(section.rows) for section in sections)
    details = sum(len(section.rows) - len(section.details) for section in sections)
    missing = [
        counted(number, noun)
        for number, noun in ((images, "image"), (findings, "finding"), (details, "detail"))
        if number
    ]
    if not missing:
        return ""
    return (
        f"\n**Cut here: {', '.join(missing)} left out.** "
        "The JSON report (`--report json=PATH`) has all of them.\n"
    )


def _code(text: str, most: int = _CELL) -> str:
    return f"<code>{_escaped(visible(text), most)}</code>" if text else ""


def _cell(text: str, most: int = _CELL) -> str:
    return _escaped(_SPACE.sub(" ", text).strip(), most)


def _escaped(text: str, most: int) -> str:
    return for_markdown(text if len(text) <= most else text[: most - 3] + "...")
