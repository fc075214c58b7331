"""The days of waivers and of ``undecided.until``: of two clocks, the later day counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.sandbox import Fault, Faults, SampleFinding, SampleImage, State
from tests.rigs.command import Result, reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

DAY = 24 * 60 * 60
SCANNED = (State(after=-5 * DAY),)
ROOT = SampleFinding(risk="no_user", command="USER root")
BAD = SampleImage(namespace="shop", repository="web", findings=(ROOT,), timeline=SCANNED)
UNKNOWN = SampleImage(namespace="shop", repository="new", timeline=())


def write(ends: int) -> None:
    day = datetime.now(UTC).date() + timedelta(days=ends)
    Path(".buildrisk-gate.yaml").write_text(
        "version: 1\nblock: {levels: [high, medium, low], statuses: [unhandled]}\n"
        f"waivers: [{{risks: [no_user], images: ['**'], reason: r, expires: {day}}}]\n"
        f"undecided: {{warn_on: [missing], until: {day}}}\n"
    )


@pytest.mark.parametrize(
    ("ends", "service", "holds"),
    [(1, 0, True), (1, 3, False), (-1, 0, False), (-1, -3, False), (4, 2, True)],
)
@pytest.mark.parametrize("command", ["check", "audit"])
def test_the_later_day_counts(  # noqa: PLR0913 - who runs what, and three days
    gate: Gate, serve: Serve, command: str, ends: int, service: int, *, holds: bool
) -> None:
    """``ends`` and ``service`` are days from the machine's own."""
    write(ends)
    skew = Faults(Fault("clock_skew", seconds=service * DAY))
    url = ("--format", "json", "--endpoint")
    with serve(BAD, faults=skew) as sandbox:
        named = ("--wait", "0", reference(BAD)) if command == "check" else ()
        judged = gate(command, *url, sandbox.url, *named)
        unknown = gate("check", "--wait", "0", *url, sandbox.url, reference(UNKNOWN))
    [found] = judged.image["findings"]
    assert (0 if holds else 10, not holds) == (judged.code, found["waiver"]["expired"])
    assert (0 if holds else 3) == unknown.code
