"""The requirement files pin everything by hash, and fit what pyproject.toml asks for."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import dev

ROOT = Path(__file__).parents[2]


def pinned(lock: Path) -> dict[Requirement, list[str]]:
    """Return the requirements of a lock file, each with its hashes."""
    lines = lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    parts = [[part.strip() for part in line.split("--hash=sha256:")] for line in lines]
    return {Requirement(requirement): hashes for requirement, *hashes in parts}


def versions(lock: Path) -> set[tuple[str, str]]:
    """Return name and version of all that a lock file pins."""
    return {
        (canonicalize_name(requirement.name), pin.version)
        for requirement in pinned(lock)
        for pin in requirement.specifier
    }


def unfulfilled(requirements: list[str], lock: Path) -> list[str]:
    """Return the requirements that no pinned version fulfils."""
    return [
        text
        for text in requirements
        if not any(
            canonicalize_name(Requirement(text).name) == name
            and Requirement(text).specifier.contains(version, prereleases=True)
            for name, version in versions(lock)
        )
    ]


@pytest.mark.parametrize(
    "lock", [dev.BUILD, dev.PACKAGE, dev.RUNTIME, dev.TEST], ids=lambda lock: lock.name
)
def test_every_requirement_is_one_version_with_hashes(lock: Path) -> None:
    assert pinned(lock)
    for requirement, hashes in pinned(lock).items():
        assert {"=="} == {pin.operator for pin in requirement.specifier}, requirement
        assert {64} == {len(digest) for digest in hashes}, requirement


@pytest.mark.parametrize("lock", [dev.RUNTIME, dev.TEST], ids=lambda lock: lock.name)
def test_the_locks_fulfil_what_the_project_depends_on(lock: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert not unfulfilled(project["dependencies"], lock)


@pytest.mark.parametrize("lock", [dev.BUILD, dev.PACKAGE, dev.TEST], ids=lambda lock: lock.name)
def test_the_locks_fulfil_their_sources(lock: Path) -> None:
    source = lock.with_suffix(".in").read_text(encoding="utf-8")
    lines = [line.partition("#")[0].strip() for line in source.splitlines()]

    assert not unfulfilled([line for line in lines if line], lock)


def test_the_tests_run_with_the_versions_that_users_get() -> None:
    assert versions(dev.RUNTIME) <= versions(dev.TEST)
    assert versions(dev.PACKAGE) <= versions(dev.TEST)
