"""The kinds of findings that the gate knows: one file, and one line here, for each.

A new kind is a module with a class that satisfies ``FindingKind``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.evidence.kinds.build_risk import BuildRisks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gate.evidence.kinds.kind import FindingKind
    from gate.security_center import SecurityCenter

KINDS: Mapping[str, Callable[[SecurityCenter], FindingKind]] = {BuildRisks.name: BuildRisks}
