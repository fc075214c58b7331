from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.evidence.kinds.build_risk import combine
from gate.findings import Level, Status
from tests.evidence.making import detail, listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.evidence.kinds.kind import Details
    from gate.security_center import BuildRiskDetail

HIGH, LOW = detail(), detail("no_healthcheck", "low")


def combined(
    everything: Sequence[BuildRiskDetail],
    unhandled: Sequence[BuildRiskDetail] = (),
    ignored: Sequence[BuildRiskDetail] = (),
    false: Sequence[BuildRiskDetail] = (),
    problem: str = "",
) -> Details:
    return combine(
        {
            None: listing(everything, problem),
            0: listing(unhandled),
            1: listing(ignored),
            2: listing(false),
        }
    )


def test_each_row_has_the_status_of_its_list() -> None:
    details = combined([HIGH, LOW, HIGH], [HIGH], [LOW], [HIGH])
    assert [
        (Level.HIGH, Status.FALSE_POSITIVE),
        (Level.HIGH, Status.UNHANDLED),
        (Level.LOW, Status.IGNORED),
    ] == [(finding.level, finding.status) for finding in details.findings]
    assert details.complete


def test_the_list_without_a_status_may_lack_handled_rows() -> None:
    details = combined([HIGH], [HIGH], [LOW])
    assert (2, True) == (len(details.findings), details.complete)


def test_rows_beyond_the_lists_by_status_have_an_unknown_status() -> None:
    details = combined([HIGH, HIGH], [HIGH])
    assert [Status.UNHANDLED, Status.UNKNOWN] == [one.status for one in details.findings]


def test_an_unhandled_row_that_the_whole_list_lacks_is_a_contradiction() -> None:
    details = combined([], [HIGH])
    assert not details.complete
    assert "1 unhandled" in details.contradiction


def test_a_list_that_is_not_complete_makes_the_details_incomplete() -> None:
    details = combined([], problem="Rows moved.")
    assert (False, "Rows moved.") == (details.complete, details.problem)


def test_an_unknown_level_stays_unknown_and_keeps_its_word() -> None:
    (finding,) = combined([detail(level="critical")], [detail(level="critical")]).findings
    assert (Level.UNKNOWN, "critical") == (finding.level, finding.level_word)


rows = st.lists(st.sampled_from([HIGH, LOW, detail("add_cmd", "medium")]), max_size=5)


@given(rows, rows, rows)
@settings(max_examples=100, deadline=None)
def test_no_row_is_lost(
    unhandled: list[BuildRiskDetail], ignored: list[BuildRiskDetail], false: list[BuildRiskDetail]
) -> None:
    for everything in ([*unhandled, *ignored, *false], unhandled):
        details = combined(everything, unhandled, ignored, false)
        assert details.complete
        assert len(unhandled) + len(ignored) + len(false) == len(details.findings)
        assert not [one for one in details.findings if one.status is Status.UNKNOWN]
