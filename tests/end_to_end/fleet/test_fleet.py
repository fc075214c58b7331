"""Forty gates at once under one quota, in virtual time: see benchmarks/fleet.py."""

from __future__ import annotations

from functools import cache

import pytest

from benchmarks.fleet import TIMEOUT, Fleet, run_fleet

GATES = 40


@cache
def fleet(quota: int | None) -> Fleet:
    return run_fleet(GATES, quota)


@pytest.mark.parametrize("quota", [None, 20, 5, 3])
def test_every_gate_gets_the_right_verdict_in_time(quota: int | None) -> None:
    assert GATES == fleet(quota).right
    assert fleet(quota).seconds(1) < TIMEOUT


@pytest.mark.parametrize(("quota", "most"), [(20, 1.5), (5, 1.4), (3, 1.5)])
def test_few_requests_are_throttled(quota: int, most: float) -> None:
    assert fleet(quota).requests <= most * fleet(quota).needed


@pytest.mark.parametrize("quota", [5, 3])
def test_no_gate_is_throttled_out_of_all_proportion(quota: int) -> None:
    assert max(gate.throttled for gate in fleet(quota).gates) <= 15


def test_without_a_quota_nothing_is_throttled() -> None:
    assert 0 == sum(gate.throttled for gate in fleet(None).gates)


def test_a_gate_whose_image_is_scanned_asks_no_more_than_it_must() -> None:
    ready = [gate for number, gate in enumerate(fleet(None).gates) if number % 2 == 0]
    assert 8 == max(gate.answered.total() for gate in ready)


def test_a_lone_gate_that_is_throttled_once_loses_little_more_than_the_time_told() -> None:
    for seed in range(5):
        alone = run_fleet(1, None, seed, told=2500, once=True)
        (gate,) = alone.gates
        assert (1, 1) == (alone.right, gate.throttled)
        assert 2.5 <= alone.seconds(1) <= 4.0


def test_a_fleet_that_is_told_when_to_come_again_fares_no_worse() -> None:
    told = run_fleet(GATES, 5, told=2500)
    assert GATES == told.right
    assert told.requests <= 1.5 * told.needed
    assert told.seconds(1) < TIMEOUT
