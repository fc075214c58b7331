from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gate.checkout import path_in_checkout

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR", "WORKSPACE"])
def test_the_root_is_the_one_that_the_ci_system_names(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    assert "app/Dockerfile" == path_in_checkout("Dockerfile", {name: str(tmp_path)}, folder)


def test_else_the_root_is_the_repository_around(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    assert "a/Dockerfile" == path_in_checkout("../Dockerfile", {}, folder)


def test_else_the_root_is_the_working_directory(tmp_path: Path) -> None:
    assert "a/Dockerfile" == path_in_checkout("./a/Dockerfile", {}, tmp_path)


def test_a_root_that_does_not_hold_the_file_is_not_taken(tmp_path: Path) -> None:
    environment = {"CI_PROJECT_DIR": str(tmp_path / "gone")}
    assert "Dockerfile" == path_in_checkout("Dockerfile", environment, tmp_path)


def test_a_file_outside_stays_as_it_was_given(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    assert "../Dockerfile" == path_in_checkout("../Dockerfile", {}, folder)
