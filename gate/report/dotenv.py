"""The report for later jobs of GitLab CI, ``artifacts:reports:dotenv``: variables, one a line.

``GATE_IMAGE`` names the images by digest, several joined by a space: what a later job may deploy
if ``GATE_VERDICT`` is ``pass``. It is empty if no digest is known, or if not all of them fit:
half a list could be taken for the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.report.deployable import deployable
from gate.untrusted import for_dotenv
from gate.verdict import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.report import Look
    from gate.verdict import Verdict

# GitLab takes files that are smaller than 5 KiB; the other lines need less than 120 of them.
_MOST_IMAGES = 5 * 1024 - 200


def render(verdict: Verdict, _look: Look) -> str:
    """Return the variables; ``GATE_SANDBOX`` is only there if they are about sample data."""
    return "".join(f"{name}={for_dotenv(value)}\n" for name, value in _variables(verdict))


def _variables(verdict: Verdict) -> Iterator[tuple[str, str]]:
    counts = [image.count() for image in verdict.images]
    images = " ".join(deployable(verdict))
    yield "GATE_VERDICT", verdict.outcome.value
    yield "GATE_EXIT_CODE", str(int(verdict.exit_code))
    yield "GATE_IMAGE", images if len(images) <= _MOST_IMAGES else ""
    yield "GATE_BLOCKED", str(sum(count[Action.BLOCK] for count in counts))
    yield "GATE_WARNED", str(sum(count[Action.WARN] for count in counts))
    if verdict.service.sandbox:
        yield "GATE_SANDBOX", "SANDBOX"
