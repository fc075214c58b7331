"""The report for people, on a terminal or in a log; its last line is the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from gate.report.page import Page
from gate.report.text_image import OUTCOME_STYLES, write_image
from gate.report.verdict_line import verdict_line
from gate.report.wording import asked, counts_in_brief, is_let_through, sentence, short, shortest
from gate.untrusted import for_terminal

if TYPE_CHECKING:
    from gate.report import Look
    from gate.verdict import Verdict

_SHORT_SHA256 = 12
_LABELS = 8


def render(verdict: Verdict, look: Look) -> str:
    """Return the report; no line but a quiet one is wider than the look's width."""
    page = Page(look.width, colour=look.colour)
    if not look.quiet:
        _write_sandbox(verdict, page)
        for number, image in enumerate(verdict.images):
            if number:
                page.gap()
                page.line(("-" if look.ascii else "\u2500") * page.width, wrap=False)
            write_image(image, page, look)
        page.gap()
        _write_run(verdict, page)
        page.gap()
        if len(verdict.images) > 1:
            _write_summary(verdict, page)
            page.gap()
    _write_verdict(verdict, page, look)
    return page.written()


def _write_sandbox(verdict: Verdict, page: Page) -> None:
    if verdict.service.sandbox:
        page.line(
            ("SANDBOX", "bold magenta"),
            ": this verdict is about sample data, and says nothing about a real image.",
        )
        page.gap()


def _write_run(verdict: Verdict, page: Page) -> None:
    """Write what holds for the whole run: notes, policies, and who was asked."""
    for note in verdict.notes:
        page.entry("note", sentence(note), room=_LABELS, style="yellow")
    for policy in verdict.policies:
        sha256 = policy.sha256.removeprefix("sha256:")[:_SHORT_SHA256]
        page.entry("policy", for_terminal(f"{policy.path} sha256:{sha256}"), room=_LABELS)
    page.entry("asked", for_terminal(asked(verdict.service)), room=_LABELS)


def _write_summary(verdict: Verdict, page: Page) -> None:
    for image in verdict.images:
        said = counts_in_brief(image) or image.reason
        if is_let_through(image):
            said += ", LET THROUGH by policy"
        platform = image.image.platform if image.image else None
        name = short(image.reference) + (f" ({platform})" if platform else "")
        page.entry(
            image.outcome.value.upper(),
            for_terminal(f"{name}: {said}"),
            room=11,
            style=OUTCOME_STYLES[image.outcome],
        )


def _write_verdict(verdict: Verdict, page: Page, look: Look) -> None:
    """Write the verdict on one line; names are shortened, then cut, where there is no room."""
    if look.quiet:
        line = verdict_line(verdict, full=True)
    else:
        lines = [verdict_line(verdict, name=name) for name in (str, short, shortest)]
        fitting = [line for line in lines if cell_len(line) <= page.width]
        line = fitting[0] if fitting else _cut(lines[-1], page.width)
    word, rest = line.split(" ", 1)
    page.line((word, OUTCOME_STYLES[verdict.outcome]), f" {rest}", wrap=False)


def _cut(line: str, width: int) -> str:
    """Cut a line before its exit code."""
    start, exit_code = line[: line.rindex(" (")], line[line.rindex(" (") :]
    return set_cell_size(start, width - len(exit_code) - 3).rstrip() + "..." + exit_code
