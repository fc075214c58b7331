"""A policy that is found by its name is never passed over without a word."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from gate.errors import InvalidPolicy, UsageError
from gate.policy import BUILT_IN, Policies, load_policies

if TYPE_CHECKING:
    from pathlib import Path

VALID = "version: 1\nblock: {levels: [high], statuses: [unhandled]}\n"
NAMES = [".buildrisk-gate.yaml", ".buildrisk-gate.yml"]
REFUSED = [".buildrisk-gate.json", ".buildrisk-gate.toml", ".buildrisk-gate"]


def load(directory: Path) -> Policies:
    return load_policies([], directory=directory, today=date(2026, 3, 1))


def path_of(directory: Path) -> str:
    (source,) = load(directory).sources
    return source.path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "checkout" / ".git").mkdir(parents=True)
    (tmp_path / "checkout" / "a" / "b").mkdir(parents=True)
    return tmp_path / "checkout"


@pytest.mark.parametrize("name", NAMES)
def test_the_nearest_folder_of_the_checkout_has_the_policy(checkout: Path, name: str) -> None:
    (checkout / name).write_text(VALID)
    assert f"../../{name}" == path_of(checkout / "a" / "b")
    assert name == path_of(checkout)


def test_a_nearer_policy_replaces_one_further_up_and_says_so(checkout: Path) -> None:
    (checkout / NAMES[0]).write_text(VALID)
    (checkout / "a" / NAMES[1]).write_text(VALID)
    policies = load(checkout / "a" / "b")
    assert f"../{NAMES[1]}" == policies.sources[0].path
    (note,) = [note for note in policies.notes([]) if "further up" in note]
    assert f"../{NAMES[1]} replaces ../../{NAMES[0]}" in note
    following = policies.following(lambda: date(2026, 4, 1))
    assert note in following.notes([])
    assert note in following.settled().notes([])


def test_nothing_above_the_checkout_counts(checkout: Path) -> None:
    (checkout.parent / NAMES[0]).write_text(VALID)
    assert BUILT_IN == path_of(checkout / "a")


def test_without_a_checkout_only_the_working_directory_counts(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / NAMES[0]).write_text(VALID)
    assert BUILT_IN == path_of(tmp_path / "below")
    assert NAMES[0] == path_of(tmp_path)


@pytest.mark.parametrize("below", ["", "a/b"])
def test_both_names_in_one_folder_are_refused(checkout: Path, below: str) -> None:
    for name in NAMES:
        (checkout / name).write_text(VALID)
    with pytest.raises(UsageError, match="remove one"):
        load(checkout / below)


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_is_not_read_is_refused(checkout: Path, name: str) -> None:
    (checkout / name).write_text("{}")
    with pytest.raises(UsageError, match="does not read"):
        load(checkout / "a")


def test_a_link_out_of_the_checkout_is_refused_further_up_too(checkout: Path) -> None:
    (checkout.parent / "secret").write_text(VALID)
    (checkout / NAMES[0]).symlink_to(checkout.parent / "secret")
    with pytest.raises(InvalidPolicy, match="leads out of the checkout"):
        load(checkout / "a" / "b")
