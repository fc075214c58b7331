from __future__ import annotations

from collections import Counter

import anyio
import pytest

from gate.audit import Scope
from gate.audit.collecting import Collected, Collector, PossibleRisk
from gate.audit.risk_lists import CountedRows, ListedRow, ListQuery
from gate.findings import Status

LISTS = dict[tuple[str | None, int | None], list[str]]


class Lists:
    """Lists of images by risk and status, as one finds them in an answer."""

    def __init__(self, lists: LISTS, problem: str = "") -> None:
        self.lists = lists
        self.problem = problem
        self.read_whole: list[tuple[str | None, int | None]] = []

    async def read(self, query: ListQuery) -> CountedRows:
        self.read_whole.append((query.risk, query.status))
        names = self.lists.get((query.risk, query.status), [])
        rows = Counter(ListedRow(name, "high", query.status) for name in names)
        return CountedRows(rows, len(names), self.problem if query.risk is None else "")

    async def total(self, query: ListQuery) -> int:
        return len(self.lists.get((query.risk, query.status), []))


def gather(lists: Lists, *risks: PossibleRisk, scope: Scope = Scope()) -> Collected:  # noqa: B008 - frozen
    collected = Collected()
    anyio.run(Collector(lists, scope, risks, collected).run)  # type: ignore[arg-type]
    return collected


def statuses(collected: Collected, name: str) -> list[Status]:
    return [finding.status for finding in collected.findings[name]]


def test_rows_become_findings_of_their_status() -> None:
    lists = Lists(
        {
            ("no_user", 0): ["a", "b"],
            ("no_user", 1): ["a"],
            ("no_user", None): ["a", "b", "a"],
            (None, 0): ["a", "b"],
            (None, 1): ["a"],
        }
    )
    collected = gather(lists, PossibleRisk("no_user", "Container runs as root", "other"))
    assert [Status.UNHANDLED, Status.IGNORED] == statuses(collected, "a")
    assert "Container runs as root" == collected.findings["b"][0].name
    assert (set(), []) == (collected.doubtful, collected.problems)
    assert {("no_user", 0), ("no_user", 1), ("no_user", 2)} == set(lists.read_whole)


def test_a_status_that_nobody_asked_for_makes_its_image_doubtful() -> None:
    lists = Lists({("no_user", 0): ["a"], ("no_user", None): ["a", "b", "b"], (None, 0): ["a"]})
    assert {"b"} == gather(lists, PossibleRisk("no_user")).doubtful


def test_a_risk_that_no_catalogue_names_makes_its_image_doubtful() -> None:
    lists = Lists({("no_user", 0): ["a"], ("no_user", None): ["a"], (None, 0): ["a", "a", "b"]})
    assert {"a", "b"} == gather(lists, PossibleRisk("no_user")).doubtful


def test_one_row_for_each_image_agrees() -> None:
    lists = Lists(
        {
            ("no_user", 0): ["a"],
            ("sudo", 0): ["a", "b"],
            ("no_user", None): ["a"],
            ("sudo", None): ["a", "b"],
            (None, 0): ["a", "b"],
        }
    )
    assert set() == gather(lists, PossibleRisk("no_user"), PossibleRisk("sudo")).doubtful


def test_an_image_that_only_one_list_has_is_doubtful() -> None:
    lists = Lists(
        {("no_user", 0): ["a", "b"], ("no_user", None): ["a", "b"], (None, 0): ["a"]},
    )
    assert {"b"} == gather(lists, PossibleRisk("no_user")).doubtful


def test_fewer_images_than_the_catalogue_counts_are_a_problem() -> None:
    lists = Lists({("no_user", 0): ["a"], ("no_user", None): ["a"], (None, 0): ["a"]})
    [problem] = gather(lists, PossibleRisk("no_user", images=2)).problems
    assert "2 images have no_user, and the lists name 1" in problem
    assert not gather(lists, PossibleRisk("no_user", images=2), scope=Scope("shop")).problems


@pytest.mark.parametrize("total", [["a", "b", "c"]])
def test_a_list_that_cannot_be_read_is_a_problem(total: list[str]) -> None:
    lists = Lists({("no_user", 0): ["a"], ("no_user", None): ["a"], (None, 0): total}, "It moved.")
    [problem] = gather(lists, PossibleRisk("no_user")).problems
    assert "It moved." in problem
