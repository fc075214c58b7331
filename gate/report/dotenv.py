"""The report for later jobs of GitLab CI, ``artifacts:reports:dotenv``: variables, one a line.

``GATE_IMAGE`` names the images by digest, several joined by a comma: what a later job may deploy
if ``GATE_VERDICT`` is ``pass``. It is empty if no digest is known, or if not all of them fit:
half a list could be taken for the whole. ``GATE_POLICY`` names the policies in the same way.

A shell can source the file, too. GitLab takes quotes for a part of the value, so there are none,
and no value may have what a shell would take for more than text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.report.naming import deployable
from gate.untrusted import for_dotenv
from gate.verdict import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.report import Style
    from gate.verdict import PolicySource, Verdict

# GitLab takes files that are smaller than 5 KiB; the other lines need less than 150 of them.
_MOST = 5 * 1024 - 200
_MOST_POLICIES = 1000
_NOT_IN_PATH = re.compile(r"[^A-Za-z0-9_./+-]")


def render(verdict: Verdict, _style: Style) -> str:
    """Return the variables; ``GATE_SANDBOX`` is only there if they are about sample data."""
    return "".join(f"{name}={for_dotenv(value)}\n" for name, value in _variables(verdict))


def _variables(verdict: Verdict) -> Iterator[tuple[str, str]]:
    counts = verdict.count()
    images = ",".join(deployable(verdict))
    policies = ",".join(map(_policy, verdict.policies))
    policies = policies if len(policies) <= _MOST_POLICIES else ""
    yield "GATE_VERDICT", verdict.outcome.value
    yield "GATE_EXIT_CODE", str(int(verdict.exit_code))
    yield "GATE_IMAGE", images if len(images) + len(policies) <= _MOST else ""
    yield "GATE_BLOCKED", str(counts[Action.BLOCK])
    yield "GATE_WARNED", str(counts[Action.WARN])
    yield "GATE_POLICY", policies
    if verdict.service.sandbox:
        yield "GATE_SANDBOX", "SANDBOX"


def _policy(policy: PolicySource) -> str:
    """Return ``path@sha256:<hex>``; no shell takes anything in it for more than text."""
    return f"{_NOT_IN_PATH.sub('_', policy.path.strip('()'))}@sha256:{policy.sha256}"
