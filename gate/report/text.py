"""The report for people, on a terminal or in a log; its last line is the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from gate.report import wording
from gate.report.layout import Layout
from gate.report.text_image import OUTCOME_STYLES, write_image
from gate.untrusted import for_terminal

if TYPE_CHECKING:
    from gate.report import Style
    from gate.verdict import Verdict

_SHORT_SHA256 = 12
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
            write_image(image, page, style)
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
            style=OUTCOME_STYLES[image.outcome],
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
    page.line((word, OUTCOME_STYLES[verdict.outcome]), f" {rest}", wrap=False)


def _cut(line: str, width: int) -> str:
    """Cut a line before its exit code."""
    start, exit_code = line[: line.rindex(" (")], line[line.rindex(" (") :]
    return set_cell_size(start, width - len(exit_code) - 3).rstrip() + "..." + exit_code
