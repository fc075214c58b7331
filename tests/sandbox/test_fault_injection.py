from __future__ import annotations

from random import Random

import pytest

from gate.sandbox.fault_injection import Fault, FaultInjector, FaultKind, Faults


def _strikes(faults: Faults, operations: list[str], seed: int = 0) -> list[bool]:
    injector = FaultInjector(faults, Random(seed))  # noqa: S311 - repeatable
    return [bool(injector.strike(operation, 0.0)) for operation in operations]


def test_the_first_requests_may_be_spared_and_the_rest_too() -> None:
    faults = Faults(Fault("reset", skip=1, first=2))
    assert _strikes(faults, ["A"] * 5) == [False, True, True, False, False]


def test_only_the_named_operations_are_struck() -> None:
    faults = Faults(Fault("reset", operations={"A"}, first=1))
    assert _strikes(faults, ["B", "A", "A"]) == [False, True, False]


def test_the_registry_is_struck_by_its_name_only() -> None:
    assert _strikes(Faults(Fault("reset")), ["Registry", "A"]) == [False, True]
    assert _strikes(Faults(Fault("reset", operations=["Registry"])), ["Registry"]) == [True]


def test_the_same_seed_strikes_alike() -> None:
    faults = Faults(Fault("reset", probability=0.5))
    first = _strikes(faults, ["A"] * 40, seed=7)
    assert first == _strikes(faults, ["A"] * 40, seed=7)
    assert {True, False} == set(first)


def test_a_quota_counts_each_operation_for_a_second() -> None:
    injector = FaultInjector(Faults(Fault("quota", per_second=2)), Random(0))  # noqa: S311 - unused
    requests = [("A", 0.0), ("A", 0.1), ("A", 0.2), ("B", 0.2), ("A", 1.05)]
    struck = [FaultKind.QUOTA in injector.strike(operation, at) for operation, at in requests]
    assert struck == [False, False, True, False, False]


def test_an_accounts_quota_counts_all_operations_together() -> None:
    injector = FaultInjector(Faults(Fault("account_quota", per_second=2)), Random(0))  # noqa: S311 - unused
    requests = [("A", 0.0), ("B", 0.1), ("A", 0.2), ("B", 0.3), ("A", 1.05), ("B", 1.06)]
    struck = [
        FaultKind.ACCOUNT_QUOTA in injector.strike(operation, at) for operation, at in requests
    ]
    assert struck == [False, False, True, True, False, True]


def test_of_several_faults_of_a_kind_the_first_that_strikes_counts() -> None:
    early, late = Fault("latency", first=1, seconds=1), Fault("latency", seconds=2)
    injector = FaultInjector(Faults(early, late), Random(0))  # noqa: S311 - unused
    assert injector.strike("A", 0)[FaultKind.LATENCY] is early
    assert injector.strike("A", 0)[FaultKind.LATENCY] is late


def test_a_misspelt_fault_is_an_error() -> None:
    with pytest.raises(ValueError, match="restet"):
        Fault("restet")
    with pytest.raises(TypeError, match="collection"):
        Fault("reset", operations="DescribeImageInstances")
