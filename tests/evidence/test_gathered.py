"""What a look knows of an image whatever the policies say, so that others can judge it again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from gate.errors import PermissionMissing, ServiceFailing
from gate.evidence import EvidenceReader, Look, Target
from gate.findings import Gathered, Reason, Scanned, Unscanned
from gate.security_center import CheckConfiguration
from tests.evidence.making import AT, detail, listing, record, row, target
from tests.evidence.test_looking import LOW, LOW_ROW, Center
from tests.simulated import SimulatedTime

pytestmark = pytest.mark.anyio

OLD = target(max_age=timedelta(hours=1))
FOUND: dict[str, Any] = {"details": [listing([LOW])], "rows": [listing([LOW_ROW])]}
DENIED = PermissionMissing("a", "Nobody may ask.", "Grant it.")


async def looks(center: Center, wanted: Target) -> list[Look]:
    """Return all that one look tells, the last of it last."""
    reader = EvidenceReader(center, SimulatedTime().clock)  # type: ignore[arg-type]
    told: list[Look] = []
    result = await reader.look([wanted], lambda _, look: told.append(look))
    assert told[-1] is result[wanted]
    return told


async def known(center: Center, wanted: Target) -> tuple[Reason | None, Gathered]:
    look = (await looks(center, wanted))[-1]
    assert look.read_on is None
    return look.reason, look.evidence.gathered


async def test_of_a_pass_everything_is_known() -> None:
    reason, gathered = await known(Center(**FOUND), target())

    assert (None, None) == (reason, gathered.reason)
    assert (("build_risk",), ("no_user",)) == (gathered.kinds, gathered.checks)
    assert ["no_healthcheck"] == [one.risk for one in gathered.findings]


@pytest.mark.parametrize(
    ("wanted", "center", "reason", "checks"),
    [
        (OLD, {}, Reason.STALE, ("no_user",)),
        (target(checks=frozenset({"sudo"})), {}, Reason.CHECKS_OFF, ("no_user",)),
        (target(), {"checks": CheckConfiguration(rule_tree=())}, Reason.CHECKS_OFF, ()),
        (target(require_checks=True), {"checks": DENIED}, Reason.ACCESS, None),
    ],
)
async def test_what_only_a_policy_refuses_is_complete(
    wanted: Target, center: dict[str, Any], reason: Reason, checks: tuple[str, ...] | None
) -> None:
    first, last = await looks(Center(**FOUND, **center), wanted)

    assert (reason, reason) == (first.reason, last.reason)
    assert Reason.INCOMPLETE is first.evidence.gathered.reason  # until it is read on
    gathered = last.evidence.gathered
    assert (None, ("build_risk",), checks) == (gathered.reason, gathered.kinds, gathered.checks)
    assert ["no_healthcheck"] == [one.risk for one in gathered.findings]
    assert () == last.evidence.findings


CHANGED = record(last_scan_time=AT + 3_000_000)


@pytest.mark.parametrize(
    ("center", "because"),
    [
        ({"rows": [listing()]}, Reason.DISAGREEING),
        ({"rows": [listing(problem="A page came twice.")]}, Reason.INCOMPLETE),
        ({"rows": [ServiceFailing("It is down.", "")]}, Reason.INCOMPLETE),
        ({"checks": ServiceFailing("It is down.", "")}, Reason.INCOMPLETE),
        ({"details": [listing([LOW], "A page came twice.")]}, Reason.INCOMPLETE),
        ({"records": [listing([record()]), listing([CHANGED])]}, Reason.INCOMPLETE),
        ({"records": [listing([record()]), ServiceFailing("It is down.", "")]}, Reason.INCOMPLETE),
    ],
)
async def test_what_can_not_be_confirmed_is_not_complete_and_refused_as_before(
    center: dict[str, Any], because: Reason
) -> None:
    reason, gathered = await known(Center(**(FOUND | center)), OLD)

    assert (Reason.STALE, because) == (reason, gathered.reason)


async def test_rows_that_were_not_read_to_their_end_are_no_findings() -> None:
    """They could block when judged again, and did not here."""
    broken = listing([detail()], "A page came twice.")
    reason, gathered = await known(Center(details=[broken]), target())

    assert (Reason.INCOMPLETE, (), ()) == (reason, gathered.kinds, gathered.findings)


@pytest.mark.parametrize("thorough", [False, True])
async def test_a_block_is_told_at_once_and_read_to_the_end_for_a_record(*, thorough: bool) -> None:
    center = Center(details=[listing([detail()])], rows=[listing([row()])])
    first, *others = await looks(center, target(thorough=thorough))

    assert first.blocks
    assert Reason.INCOMPLETE is first.evidence.gathered.reason
    assert ("build_risk",) == first.evidence.gathered.kinds
    assert thorough == bool(others)
    for look in others:
        assert look.blocks
        assert first.evidence.findings == look.evidence.findings
        assert None is look.evidence.gathered.reason


async def test_a_block_of_a_scan_that_runs_again_is_running_in_a_record() -> None:
    again = record(sca_status="DOWNLOAD")
    center = Center(records=[listing([again])], details=[listing([detail()])])
    look = (await looks(center, target(thorough=True)))[-1]

    assert (True, Reason.RUNNING) == (look.blocks, look.evidence.gathered.reason)


async def test_what_a_scan_before_found_is_known_while_another_runs() -> None:
    again = record(sca_status="DOWNLOAD")
    reason, gathered = await known(Center(records=[listing([again])], **FOUND), target())

    assert (Reason.RUNNING, Reason.RUNNING) == (reason, gathered.reason)
    assert ["no_healthcheck"] == [one.risk for one in gathered.findings]


async def test_and_still_when_it_is_looked_at_again() -> None:
    center = Center(records=[listing([record(sca_status="DOWNLOAD")])], **FOUND)
    reader = EvidenceReader(center, SimulatedTime().clock)  # type: ignore[arg-type]
    wanted = target()
    for _ in range(2):
        look = (await reader.look([wanted], lambda *_: None))[wanted]
    assert ["no_healthcheck"] == [one.risk for one in look.evidence.gathered.findings]
    assert 1 == center.requests.count("details None")


async def test_by_tag_alone_an_old_scan_may_be_another_images() -> None:
    by_tag = target(None, require_digest=False, max_age=timedelta(hours=1))
    reason, gathered = await known(Center(**FOUND), by_tag)

    assert (Reason.STALE, Reason.INCOMPLETE) == (reason, gathered.reason)
    assert ((), ()) == (gathered.kinds, gathered.findings)


async def test_a_young_scan_is_not_complete_though_only_a_policy_refuses_it() -> None:
    wanted = target(checks=frozenset({"sudo"}), settle=timedelta(days=9))
    reason, gathered = await known(Center(**FOUND), wanted)

    assert (Reason.CHECKS_OFF, Reason.INCOMPLETE) == (reason, gathered.reason)


async def test_what_was_never_looked_at_is_what_its_reason_says() -> None:
    missing = Unscanned(reason=Reason.MISSING, message="Nobody knows it.")
    assert Gathered(reason=Reason.MISSING) == missing.gathered

    look = (await looks(Center(**FOUND), target()))[-1]
    assert isinstance(look.evidence, Scanned)
    assert None is replace(look.evidence, kinds=()).gathered.reason
