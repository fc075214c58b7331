"""``gate policy init`` writes what is ready-made, and nothing over anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rigs.command import Result

    Gate = Callable[..., Result]

POLICIES = Path(__file__).parents[2] / "policies"
FILE = Path(".buildrisk-gate.yaml")


READY_MADE = [file.stem for file in POLICIES.glob("*.yaml") if ".test." not in file.name]


@pytest.mark.parametrize("name", READY_MADE)
def test_every_ready_made_policy_can_be_written(gate: Gate, name: str) -> None:
    assert 0 == gate("policy", "init", name).code
    assert (POLICIES / f"{name}.yaml").read_bytes() == FILE.read_bytes()
    assert 0 == gate("policy", "validate").code


def test_the_default_is_the_built_in_policy(gate: Gate) -> None:
    built_in = gate("policy", "validate").out.partition("sha256=")[2]
    assert 0 == gate("policy", "init").code
    assert built_in == gate("policy", "validate").out.partition("sha256=")[2]


def test_another_file_is_never_overwritten(gate: Gate) -> None:
    FILE.write_text("mine")
    result = gate("policy", "init")
    assert (2, "mine") == (result.code, FILE.read_text())
    assert f"{FILE} is there already." in result.err


def test_a_link_that_leads_nowhere_is_another_file(gate: Gate) -> None:
    FILE.symlink_to("elsewhere")
    assert 2 == gate("policy", "init").code
    assert not Path("elsewhere").exists()


def test_an_unknown_name_is_told_the_known_ones(gate: Gate) -> None:
    result = gate("policy", "init", "stirct")
    assert 2 == result.code
    assert "strict" in result.err
    assert ".test" not in result.err
    assert 2 == gate("policy", "init", "strict.test").code
    assert not FILE.exists()
