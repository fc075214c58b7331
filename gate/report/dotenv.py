"""The report for later jobs of GitLab CI, ``artifacts:reports:dotenv``: variables, one a line.

``GATE_IMAGE`` names the images by digest, several joined by a comma: what a later job may deploy
if ``GATE_VERDICT`` is ``pass``. It is empty if no digest is known, or if not all of them fit:
half a list could be taken for the whole.

A shell can source the file, too. GitLab takes quotes for a part of the value, so there are none,
and no value may have what a shell would take for more than text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.report.naming import deployable
from gate.untrusted import for_dotenv
from gate.verdict import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.report import Style
    from gate.verdict import Verdict

# GitLab takes files that are smaller than 5 KiB; the other lines need less than 120 of them.
_MOST_IMAGES = 5 * 1024 - 200


def render(verdict: Verdict, _style: Style) -> str:
    """Return the variables; ``GATE_SANDBOX`` is only there if they are about sample data."""
    return "".join(f"{name}={for_dotenv(value)}\n" for name, value in _variables(verdict))


def _variables(verdict: Verdict) -> Iterator[tuple[str, str]]:
    counts = verdict.count()
    images = ",".join(deployable(verdict))
    yield "GATE_VERDICT", verdict.outcome.value
    yield "GATE_EXIT_CODE", str(int(verdict.exit_code))
    yield "GATE_IMAGE", images if len(images) <= _MOST_IMAGES else ""
    yield "GATE_BLOCKED", str(counts[Action.BLOCK])
    yield "GATE_WARNED", str(counts[Action.WARN])
    if verdict.service.sandbox:
        yield "GATE_SANDBOX", "SANDBOX"
