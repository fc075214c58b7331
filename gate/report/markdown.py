"""The report for job summaries and merge requests: Markdown as GitHub and GitLab read it.

The verdict stands first. What makes the report too large is left out, the least important first,
and the last line says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from gate.findings import Shown
from gate.report import wording
from gate.untrusted import for_markdown, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gate.report import Style
    from gate.verdict import Decision, ImageVerdict, Verdict

# GitHub drops a job summary over 1 MiB whole, GitLab refuses a comment over 1,000,000 characters.
MOST_BYTES = 950_000

_CELL = 300
_PARAGRAPH = 2000
_IN_ROW = ("why", "level")  # facts that the table shows
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


def render(verdict: Verdict, _style: Style) -> str:
    """Return the report, which is never larger than a job summary may be."""
    room = _Room(MOST_BYTES)
    head = _head(verdict)
    room.fits(head)
    foot = [line for line in _foot(verdict) if room.fits(line)]
    sections = [
        _Section(image, sorted(image.decisions, key=wording.weight)) for image in verdict.images
    ]
    _fill(sorted(sections, key=lambda section: wording.outcome_weight(section.image)), room)
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
    text = f"## {_cell(wording.verdict_line(verdict, full=True), _PARAGRAPH)}\n"
    if verdict.service.sandbox:
        text += f"\n> **{wording.SANDBOX}**: {wording.ABOUT_SAMPLE_DATA}\n"
    return text + _totals(verdict)


def _totals(verdict: Verdict) -> str:
    """Return how many findings each level has, by what was decided; empty for none."""
    heading, *rows = wording.totals(verdict.images) or [()]
    levels = []
    for at, level in enumerate(heading, start=1):
        counts = [f"{row[at]} {row[0]}" for row in rows if row[at] != "0"]
        if counts:
            levels.append(f"{level}: {', '.join(counts)}")
    return f"\nFindings by level: {'; '.join(levels)}.\n" if levels else ""


def _heading(image: ImageVerdict) -> str:
    outcome = image.outcome.value.upper() + wording.let_through(image)
    name = _code(image.reference, _PARAGRAPH) + (
        f" ({_cell(image.platform)})" if image.platform else ""
    )
    text = (
        f"\n### {outcome} {name}\n\n**{_cell(image.reason)}**: {_cell(image.message, _PARAGRAPH)}\n"
    )
    return text + "".join(f"\nNote: {_cell(note, _PARAGRAPH)}\n" for note in image.notes)


def _row(decision: Decision) -> str:
    finding = decision.finding
    risk = f"{_cell(finding.name)} ({_code(finding.risk)})"
    cells = (
        f"**{decision.action.value}**",
        finding.level.value,
        risk,
        _code(wording.code_of(finding)),
        _cell(decision.because),
    )
    return f"| {' | '.join(cells)} |\n"


def _detail(decision: Decision) -> str:
    text = f"- **{decision.action.value}** {_code(decision.finding.risk)}\n"
    for fact in wording.facts_of(decision, without=_IN_ROW):
        shown = _cell if fact.shown is Shown.PROSE else _code
        text += f"  - {fact.label}: {shown(fact.text, _PARAGRAPH)}\n"
    return text


def _foot(verdict: Verdict) -> Iterator[str]:
    """Say what holds for the whole run, the policies first."""
    for policy in verdict.policies:
        yield f"- Policy {_code(policy.path)} {_code(f'sha256:{policy.sha256}')}\n"
    yield f"- Asked {_cell(wording.service_in_words(verdict.service))}\n"
    for note in verdict.notes:
        yield f"- Note: {_cell(note, _PARAGRAPH)}\n"


def _pointer(sections: Iterable[_Section]) -> str:
    images = sum(not section.heading for section in sections)
    findings = sum(len(section.decisions) - len(section.rows) for section in sections)
    details = sum(len(section.rows) - len(section.details) for section in sections)
    missing = [
        wording.counted(number, noun)
        for number, noun in ((images, "image"), (findings, "finding"), (details, "detail"))
        if number
    ]
    if not missing:
        return ""
    return (
        f"\n**Cut here: {', '.join(missing)} left out.** "
        f"{wording.REST_IS_IN_JSON} Write it with `--report json=PATH`.\n"
    )


def _code(text: str, most: int = _CELL) -> str:
    return f"<code>{for_markdown(wording.cut(visible(text), most))}</code>" if text else ""


def _cell(text: str, most: int = _CELL) -> str:
    return for_markdown(wording.cut(wording.folded(text), most))
