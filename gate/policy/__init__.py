"""Policy files: load them, judge findings by them.

text ─▶ parse (data with places) ─▶ schema ─▶ meaning ─▶ Policy ─▶ Policies.judge

A finding becomes a decision in ``judge``: each policy walks its entries, the strictest wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.policy.loading import BUILT_IN, DEFAULT_FILE, load_files
from gate.policy.policies import Policies
from gate.policy.schema import policy_schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

__all__ = ["BUILT_IN", "DEFAULT_FILE", "Policies", "load_policies", "policy_schema"]


def load_policies(specs: Sequence[str], *, directory: Path, today: date) -> Policies:
    """Load policy files, ``FILE`` or ``FILE#sha256=HEX``, relative to ``directory``.

    With none given: ``DEFAULT_FILE`` in ``directory`` if there is one, else the built-in policy.
    They judge as on ``today``, and keep it.
    Raises ``gate.errors.InvalidPolicy``, whose message lists the problems of all files, one a line.
    """
    return Policies(load_files(specs, directory=directory, today=today), today)
