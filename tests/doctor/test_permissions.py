"""What doctor tries are the very operations that the gate declares."""

from __future__ import annotations

from gate.doctor import PROBES
from gate.evidence.kinds import KINDS
from gate.evidence.kinds.build_risk import BuildRisks
from gate.security_center import OPERATIONS, Purpose


def test_each_permission_to_read_is_tried() -> None:
    assert {each.name for each in OPERATIONS if not each.asks_for_scans} == PROBES.keys()


def test_a_kind_of_findings_asks_only_what_every_verdict_needs_and_is_declared() -> None:
    assert {"build_risk": BuildRisks} == KINDS
    assert all(
        operation in OPERATIONS and Purpose.VERDICT in operation.needed_for
        for operation in BuildRisks.operations
    )
