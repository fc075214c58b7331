"""Let the findings of a verdict point at the lines of the Dockerfile that they come from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from gate.dockerfile.matching import Matcher
from gate.findings import Location

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.verdict import Decision, ImageVerdict, Verdict

_SPACE = re.compile(r"\s+")
_MOST_SHOWN = 3
_MOST_COMMAND = 80


def locate(verdict: Verdict, path: str, text: str) -> Verdict:
    """Return the verdict with a location for each finding that one instruction alone fits.

    ``text`` is the Dockerfile's, ``path`` its name in reports. An image with other findings gets a
    note that says so; decisions and all else stay as they are.
    """
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
        said = f"{finding.risk}: {_command(command)}"
        if len(lines) == 1:
            finding = replace(finding, location=Location(path, lines[0]))
        elif lines:
            several.append(f"{said}, lines {_listed(list(map(str, lines)), ', ')}")
        else:
            nowhere.append(said)
        decisions.append(replace(decision, finding=finding))
    total = len(decisions)
    said_of = (
        (_match(nowhere, total), "no instruction of it", nowhere),
        (_match(several, total), "several instructions of it", several),
    )
    parts = [f"{who} {what} ({_listed(which, '; ')})" for who, what, which in said_of if which]
    note = f"{path}: {'; '.join(parts)}."
    notes = (*image.notes, note) if parts and note not in image.notes else image.notes
    return replace(image, decisions=tuple(decisions), notes=notes)


def _match(which: Sequence[str], total: int) -> str:
    noun = "finding" if total == 1 else "findings"
    return f"{len(which)} of {total} {noun} {'matches' if len(which) == 1 else 'match'}"


def _listed(texts: Sequence[str], divider: str) -> str:
    more = len(texts) - _MOST_SHOWN
    rest = [f"and {more} more"] if more > 0 else []
    return divider.join([*texts[:_MOST_SHOWN], *rest])


def _command(command: str) -> str:
    text = _SPACE.sub(" ", command).strip() or "no build command"
    return text if len(text) <= _MOST_COMMAND else text[: _MOST_COMMAND - 3] + "..."
