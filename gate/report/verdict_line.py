"""The verdict in one line: the last of the text report, and all of it if it is to be quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.report.wording import counted, counts_in_brief, is_let_through, scan_in_brief, sentence
from gate.untrusted import for_terminal
from gate.verdict import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gate.verdict import ImageVerdict, Verdict

_MOST_NAMES = 3


def verdict_line(verdict: Verdict, *, name: Callable[[str], str] = str, full: bool = False) -> str:
    """Return the verdict with the image's or images' names, and its exit code.

    ``name`` makes a reference's name out of it. ``full`` adds what to do where nothing else says
    it.
    """
    if len(verdict.images) == 1:
        said = _one(verdict.images[0], name, full=full)
    else:
        said = _several(verdict, name)
    sandbox = "SANDBOX  " if verdict.service.sandbox else ""
    return for_terminal(
        f"{verdict.outcome.value.upper()}  {sandbox}{said} (exit {int(verdict.exit_code)})"
    )


def _one(image: ImageVerdict, name: Callable[[str], str], *, full: bool) -> str:
    findings = len(image.decisions)
    if image.outcome is Outcome.BLOCK:
        said = f"{image.count()[Action.BLOCK]} of {counted(findings, 'finding')} blocked"
    elif image.outcome is Outcome.PASS:
        counts = counts_in_brief(image)
        said = f"{scan_in_brief(image.scan)}, {counted(findings, 'finding')}"
        said += f" ({counts})" if counts else ""
    else:
        said = image.reason + (", LET THROUGH by policy" if is_let_through(image) else "")
        said += f": {sentence(image.message)}" if full else ""
    return f"{name(image.reference)}: {said}"


def _several(verdict: Verdict, name: Callable[[str], str]) -> str:
    total = len(verdict.images)
    if not total:
        return "no image was judged"
    if verdict.outcome is Outcome.PASS:
        findings = sum(len(image.decisions) for image in verdict.images)
        return f"all {total} images: {counted(findings, 'finding')}, none blocked"
    those = [image for image in verdict.images if image.outcome is verdict.outcome]
    said = f"{len(those)} of {counted(total, 'image')}: {_names(those, name)}"
    if verdict.outcome is Outcome.BLOCK:
        undecided = sum(image.outcome is Outcome.UNDECIDED for image in verdict.images)
        return said + (f"; {undecided} undecided" if undecided else "")
    return said + (", LET THROUGH by policy" if not verdict.exit_code else "")


def _names(images: Sequence[ImageVerdict], name: Callable[[str], str]) -> str:
    references = list(dict.fromkeys(image.reference for image in images))
    shown = dict.fromkeys(map(name, references[:_MOST_NAMES]))
    more = len(references) - _MOST_NAMES
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
