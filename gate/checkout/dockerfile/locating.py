"""Let the findings of a verdict point at the lines of the Dockerfile that they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from gate.checkout.dockerfile.matching import Matcher
from gate.findings import Location

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.verdict import Decision, ImageVerdict, Verdict

_MOST_SHOWN = 3
_MOST_COMMAND = 80


def locate_commands(verdict: Verdict, path: str, text: str) -> Verdict:
    """Return the verdict with a location for each finding that one instruction alone fits.

    ``text`` is the Dockerfile's, ``path`` its name in reports. An image with other findings gets a
    note that says so; decisions and all else stay as they are.
    """
    if not any(image.decisions for image in verdict.images):
        return verdict
    matcher = Matcher(text)
    images = tuple(_located(image, path, matcher) for image in verdict.images)
    return replace(verdict, images=images)


def _located(image: ImageVerdict, path: str, matcher: Matcher) -> ImageVerdict:
    decisions: list[Decision] = []
    nowhere: list[str] = []
    several: list[str] = []
    for decision in image.decisions:
        finding = decision.finding
        command = finding.fact("command")
        lines = matcher.lines(command)
        name = f"{finding.risk}: {_shown(command)}"
        if len(lines) == 1:
            finding = replace(finding, location=Location(path, lines[0]))
        elif lines:
            several.append(f"{name}, lines {_listed(list(map(str, lines)), ', ')}")
        else:
            nowhere.append(name)
        decisions.append(replace(decision, finding=finding))
    total = f"{len(decisions)} {'finding' if len(decisions) == 1 else 'findings'}"
    parts = [
        f"{len(names)} of {total} {'matches' if len(names) == 1 else 'match'} {what} of it "
        f"({_listed(names, '; ')})"
        for names, what in ((nowhere, "no instruction"), (several, "several instructions"))
        if names
    ]
    note = f"{path}: {'; '.join(parts)}."
    notes = (*image.notes, note) if parts and note not in image.notes else image.notes
    return replace(image, decisions=tuple(decisions), notes=notes)


def _listed(texts: Sequence[str], divider: str) -> str:
    more = len(texts) - _MOST_SHOWN
    rest = [f"and {more} more"] if more > 0 else []
    return divider.join([*texts[:_MOST_SHOWN], *rest])


def _shown(command: str) -> str:
    text = " ".join(command.split()) or "no build command"
    return text if len(text) <= _MOST_COMMAND else text[: _MOST_COMMAND - 3] + "..."
