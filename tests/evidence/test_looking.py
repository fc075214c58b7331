"""Looks at images, against a Security Center whose every answer is written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from gate.errors import PermissionMissing, ServiceFailing
from gate.evidence import EvidenceReader, Look
from gate.findings import Level, Reason, Scanned, Status, Unscanned
from gate.security_center import CheckConfiguration
from tests.evidence.making import detail, listing, record, row, target
from tests.simulated import SimulatedTime

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gate.evidence import Target
    from gate.security_center import ImageRecord

pytestmark = pytest.mark.anyio

LOW = detail("no_healthcheck", "low")
LOW_ROW = row(level="low")


def configured() -> CheckConfiguration:
    from gate.security_center import Check, CheckClass  # noqa: PLC0415 - only this needs them

    checks = (Check(rule_key="no_user", rule_name="", selected=True),)
    tree = (CheckClass(class_key="other", class_name="", rule_list=checks),)
    return CheckConfiguration(rule_tree=tree)


@dataclass
class Center:
    """Answers what it is told; of several answers the last one stays. Errors are raised."""

    records: list[Any] = field(default_factory=lambda: [listing([record()])])
    rows: list[Any] = field(default_factory=lambda: [listing()])
    details: list[Any] = field(default_factory=lambda: [listing()])
    checks: Any = field(default_factory=configured)
    requests: list[str] = field(default_factory=list)
    throttled: int = 0

    def now(self) -> datetime:
        return datetime(1970, 1, 2, tzinfo=UTC)

    def _answer(self, name: str, answers: list[Any]) -> Any:
        number = self.requests.count(name)
        self.requests.append(name)
        answer = answers[min(number, len(answers) - 1)]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def image_records(
        self, _criteria: Mapping[str, str], *, keep: Callable[[ImageRecord], bool]
    ) -> Any:
        answer = self._answer("records", self.records)
        return replace(answer, rows=tuple(one for one in answer.rows if keep(one)))

    async def images_by_build_risk(self, **_asked: object) -> Any:
        return self._answer("rows", self.rows)

    async def build_risks_of(self, _uuid: str, *, status: int | None) -> Any:
        answer = self._answer(f"details {status}", self.details)
        return answer if status in {None, 0} else listing()

    async def check_configuration(self) -> Any:
        return self._answer("checks", [self.checks])


async def look(center: Center, wanted: Target | None = None) -> Look:
    wanted = wanted or target()
    reader = EvidenceReader(center, SimulatedTime().clock)  # type: ignore[arg-type]
    reported: list[Target] = []
    looks = await reader.look([wanted], lambda one, _: reported.append(one))
    assert [wanted] == reported
    return looks[wanted]


def reason(look: Look) -> Reason:
    assert isinstance(look.evidence, Unscanned)
    return look.evidence.reason


async def test_all_that_agrees_is_evidence() -> None:
    center = Center()
    result = await look(center)
    assert isinstance(result.evidence, Scanned)
    assert 2 == center.requests.count("records")


async def test_a_record_that_keeps_changing_is_moved() -> None:
    center = Center(records=[listing([record(last_scan_time=2_000_000 + n)]) for n in range(9)])
    result = await look(center)
    assert (Reason.MOVED, True) == (reason(result), result.waiting)
    assert 4 == center.requests.count("records")


async def test_a_record_that_changed_once_is_looked_at_again() -> None:
    center = Center(records=[listing([record()]), listing([record(last_scan_time=3_000_000)])])
    result = await look(center)
    assert isinstance(result.evidence, Scanned)
    assert 2 == center.requests.count("details None")


async def test_a_record_that_disappeared_is_missing() -> None:
    assert Reason.MISSING is reason(await look(Center(records=[listing([record()]), listing()])))


async def test_the_last_look_in_trouble_is_trouble() -> None:
    center = Center(records=[listing([record()]), ServiceFailing("Broken.", "Wait.")])
    assert Reason.SERVICE is reason(await look(center))


async def test_witnesses_that_agree_at_the_third_reading_are_believed() -> None:
    empty, full = listing(), listing([LOW_ROW])
    center = Center(rows=[empty, empty, full], details=[listing([LOW])])
    assert isinstance((await look(center)).evidence, Scanned)
    assert 3 == center.requests.count("rows")


async def test_witnesses_that_never_agree_are_no_evidence() -> None:
    result = await look(Center(details=[listing([LOW])]))
    assert (Reason.DISAGREEING, True) == (reason(result), result.waiting)


async def test_findings_that_arrive_between_two_readings_and_block_are_a_block() -> None:
    center = Center(rows=[listing([row()])], details=[listing(), listing([detail()])])
    result = await look(center)
    assert 1 == len(result.evidence.findings)


async def test_rows_that_keep_moving_are_believed_if_two_readings_hold_the_same() -> None:
    moving = [
        listing([LOW_ROW, row("u2", digest="c" * 64)], "Rows moved.", moved=True),
        listing([LOW_ROW], "Rows moved.", moved=True),
    ]
    center = Center(rows=moving, details=[listing([LOW])])
    assert isinstance((await look(center)).evidence, Scanned)


async def test_rows_that_keep_moving_and_differ_are_incomplete() -> None:
    moving = [listing([LOW_ROW] * (n % 2), "Rows moved.", moved=True) for n in range(6)]
    result = await look(Center(rows=moving, details=[listing([LOW])]))
    assert Reason.INCOMPLETE is reason(result)
    assert "Rows moved." in result.evidence.message  # type: ignore[union-attr]


async def test_rows_that_stay_short_of_their_total_are_incomplete() -> None:
    short = [listing([LOW_ROW], "It has 2 rows, and 1 came.")]
    result = await look(Center(rows=short, details=[listing([LOW])]))
    assert Reason.INCOMPLETE is reason(result)


async def test_what_was_read_of_too_many_rows_must_not_contradict() -> None:
    long = [listing([row(level="low"), row(level="low")], too_long=True)]
    result = await look(Center(rows=long, details=[listing([LOW])]))
    assert Reason.DISAGREEING is reason(result)
    part = [listing([LOW_ROW], too_long=True)]
    result = await look(Center(rows=part, details=[listing([LOW, LOW])]))
    assert isinstance(result.evidence, Scanned)


@pytest.mark.parametrize("too_long", [False, True])
async def test_a_blocking_row_of_the_digest_under_another_uuid_is_no_pass(
    *, too_long: bool
) -> None:
    rows = [listing([row("u2")], too_long=too_long)]
    assert Reason.DISAGREEING is reason(await look(Center(rows=rows)))


async def test_a_row_of_the_digest_whose_record_has_another_one_is_not_about_it() -> None:
    moved_on = record(uuid="u2", tag="2", digest="c" * 64)
    center = Center(records=[listing([record(), moved_on])], rows=[listing([row("u2")])])
    assert isinstance((await look(center)).evidence, Scanned)


@pytest.mark.parametrize("fields", [{"digest": "c" * 64}, {"instance_id": "i2"}, {"level": "low"}])
async def test_a_row_about_something_else_changes_nothing(fields: dict[str, Any]) -> None:
    center = Center(rows=[listing([row("u2", **fields)])])
    assert isinstance((await look(center)).evidence, Scanned)


def two_tags(*, last_scan: int, other: Any) -> Center:
    """Return a center that knows the digest under two tags, of which the other has details."""
    records = [record(), record(uuid="u2", tag="2", last_scan_time=last_scan)]
    center = Center(records=[listing(records)], rows=[listing([row("u2")])])

    async def of_other(uuid: str, *, status: int | None) -> Any:
        return other if uuid == "u2" and status in {None, 0} else listing()

    center.build_risks_of = of_other  # type: ignore[method-assign, assignment]
    return center


async def test_another_record_of_the_digest_that_blocks_contradicts_a_pass() -> None:
    center = two_tags(last_scan=record().last_scan_time or 0, other=listing([detail()]))
    result = await look(center)
    assert Reason.DISAGREEING is reason(result)
    assert "with the tag 2 holds what a policy blocks: no_user" in result.evidence.message  # type: ignore[union-attr]


async def test_an_older_scan_of_the_digest_that_blocks_is_a_note() -> None:
    result = await look(two_tags(last_scan=1_000_000, other=listing([detail()])))
    assert isinstance(result.evidence, Scanned)
    assert "an older scan says otherwise" in result.evidence.notes[-1]


async def test_another_record_of_the_digest_that_cannot_be_read_is_no_pass() -> None:
    center = two_tags(last_scan=record().last_scan_time or 0, other=listing([], "Rows lack."))
    assert Reason.INCOMPLETE is reason(await look(center))


async def test_what_the_chosen_record_holds_in_any_status_contradicts_nothing() -> None:
    center = two_tags(last_scan=record().last_scan_time or 0, other=listing([detail()]))
    center.rows = [listing([row(status=1), row("u2")])]

    async def handled(uuid: str, *, status: int | None) -> Any:
        return listing([detail()] * (status in ({None, 0} if uuid == "u2" else {None, 1})))

    center.build_risks_of = handled  # type: ignore[method-assign, assignment]
    unhandled = lambda some: any(  # noqa: E731 - the policy's default
        one.level is Level.HIGH and one.status is Status.UNHANDLED for one in some
    )
    assert isinstance((await look(center, target(blocks=unhandled))).evidence, Scanned)


async def test_too_many_rows_are_replaced_by_a_second_reading_that_must_agree() -> None:
    long = [listing(too_long=True)]
    same = await look(Center(rows=long, details=[listing([LOW])]))
    assert isinstance(same.evidence, Scanned)
    assert "2000 rows" in same.evidence.notes[0]
    changing = [listing([LOW] * number) for number in range(9)]
    assert Reason.DISAGREEING is reason(await look(Center(rows=long, details=changing)))


async def test_details_that_contradict_themselves_are_no_evidence() -> None:
    center = Center()

    async def contradicting(_uuid: str, *, status: int | None) -> Any:
        return listing([LOW]) if status == 0 else listing()

    center.build_risks_of = contradicting  # type: ignore[method-assign]
    assert Reason.DISAGREEING is reason(await look(center))


async def test_trouble_with_one_record_does_not_hide_a_block_of_another() -> None:
    center = Center(records=[listing([record(uuid="broken"), record(uuid="bad")])])

    async def partly(uuid: str, *, status: int | None) -> Any:
        if uuid == "broken":
            raise ServiceFailing("Broken.", "Wait.")
        return listing([detail()]) if status in {None, 0} else listing()

    center.build_risks_of = partly  # type: ignore[method-assign, assignment]
    result = await look(center)
    assert ("bad", 1) == (
        result.record.uuid if result.record else "",
        len(result.evidence.findings),
    )


async def test_trouble_with_details_is_trouble_if_nothing_blocks() -> None:
    result = await look(Center(details=[PermissionMissing("a:b", "No.", "Grant.")]))
    assert Reason.ACCESS is reason(result)
    assert result.evidence.image is not None


async def test_checks_are_asked_for_once_in_a_run() -> None:
    center = Center()
    reader = EvidenceReader(center, SimulatedTime().clock)  # type: ignore[arg-type]
    one, other = target(), target()
    for _ in range(2):
        looks = await reader.look([one, other], lambda *_: None)
        assert all(isinstance(result.evidence, Scanned) for result in looks.values())
    assert 1 == center.requests.count("checks")


async def test_a_poll_reads_no_details_that_cannot_have_changed() -> None:
    center = Center(records=[listing([record(sca_status="START")])])
    reader = EvidenceReader(center, SimulatedTime().clock)  # type: ignore[arg-type]
    wanted = target()
    for _ in range(3):
        await reader.look([wanted], lambda *_: None)
    assert 1 == center.requests.count("details None")
    assert 3 == center.requests.count("records")
    assert not {"rows", "checks"} & set(center.requests)


async def test_an_image_that_is_not_known_costs_no_more_than_its_records() -> None:
    center = Center(records=[listing([])])
    await look(center)
    assert {"records"} == set(center.requests)


async def test_a_first_round_is_a_single_request() -> None:
    center = Center()
    await look(center)
    assert "records" == center.requests[0]
    assert {"rows", "checks", "details None", "details 0"} < set(center.requests[1:-1])
    assert "records" == center.requests[-1]
