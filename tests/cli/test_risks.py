"""``gate risks KEY`` explains a risk; what no account knows is wrong usage."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gate.report import risk_address, risk_guides
from gate.sandbox import Fault, Faults, SampleCheck, SampleFinding, SampleImage, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox
    from tests.rigs.command import Result

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]


@pytest.mark.parametrize("risk", risk_guides())
def test_a_risk_is_explained_with_what_the_account_has(gate: Gate, risk: str) -> None:
    result = gate("risks", risk, "--sandbox")
    guide = risk_guides()[risk]
    assert 0 == result.code, result.err
    assert result.out.startswith(f"{risk}: {guide.title}\n")
    for text in (guide.what, guide.why, guide.fix, risk_address(risk)):
        assert text in result.out
    for line in (*guide.before.splitlines(), *guide.after.splitlines()):
        assert line in result.out
    for label in ("level", "class", "check", "images"):
        assert f"\n{label} " in result.out


def test_the_counts_are_those_of_the_list(gate: Gate) -> None:
    [one] = json.loads(gate("risks", "no_user", "--sandbox", "--format", "json").out)["risks"]
    every = json.loads(gate("risks", "--sandbox", "--format", "json").out)["risks"]
    [listed] = [entry for entry in every if entry["risk"] == "no_user"]
    assert listed.items() <= one.items()
    assert "USER" in one["explanation"]["after"]
    assert risk_address("no_user") == one["page"]


def test_without_an_account_a_risk_is_explained_all_the_same(gate: Gate) -> None:
    result = gate("risks", "no_user")
    assert (0, "") == (result.code, result.err)
    assert "No Security Center was asked" in result.out
    assert "\nimages" not in result.out


def test_without_access_a_risk_is_explained_and_the_trouble_told(gate: Gate, serve: Serve) -> None:
    with serve(faults=Faults(Fault("denied"))) as sandbox:
        result = gate("risks", "no_user", "--endpoint", sandbox.url)
        unknown = gate("risks", "no_usr", "--endpoint", sandbox.url)
    assert (4, 4) == (result.code, unknown.code)
    assert result.out.startswith("no_user: ")
    assert "permission" in result.err
    assert "" == unknown.out


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("no-user", "no_user"),
        ("nouser", "no_user"),
        ("NO_USER", "no_user"),
        ("aptcache", "apt_cache"),
    ],
)
@pytest.mark.parametrize("account", [(), ("--sandbox",)], ids=["nobody asked", "sandbox"])
def test_an_unknown_key_is_answered_with_the_nearest(
    gate: Gate, key: str, nearest: str, account: tuple[str, ...]
) -> None:
    result = gate("risks", key, *account)
    assert (2, "") == (result.code, result.out)
    assert f"Did you mean {nearest}" in result.err


def test_a_risk_that_only_the_account_knows_is_shown_without_a_text(
    gate: Gate, serve: Serve
) -> None:
    check = SampleCheck(key="new\nrisk", level="high")
    image = SampleImage(
        namespace="a", repository="b", findings=(SampleFinding(risk="new\nrisk", level="high"),)
    )
    with serve(world=World(images=[image], checks=(check,))) as sandbox:
        result = gate("risks", "new\nrisk", "--endpoint", sandbox.url)
        other = gate("risks", "no_user", "--endpoint", sandbox.url)
    assert 0 == result.code, result.err
    assert "the gate has no text on it" in result.out
    assert "\nrisk" not in result.out
    assert "1 image with it" in result.out
    assert "Security Center does not list this risk." in other.out


def test_a_class_that_there_is_not_is_answered_with_those_that_there_are(gate: Gate) -> None:
    result = gate("risks", "--sandbox", "--class", "othr", "--class", "network")
    assert (2, "") == (result.code, result.out)
    assert "no class 'othr'. Did you mean other?" in result.err
    assert "network, other, package, sensitive" in result.err


def test_a_key_and_a_choice_of_risks_contradict_one_another(gate: Gate) -> None:
    assert 2 == gate("risks", "no_user", "--level", "high", "--sandbox").code
