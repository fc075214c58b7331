"""What starts real programs, or builds environments: all of it carries one marker."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate import __version__
from tests.rigs.repository import Repository
from tests.rigs.shipped import SHIPPED, ship

FOLDER = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(FOLDER):
            item.add_marker(pytest.mark.end_to_end)


@pytest.fixture(scope="session")
def pre_commit_home(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return where pre-commit keeps the hooks that it has installed."""
    return str(tmp_path_factory.mktemp("pre-commit"))


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a repository with what this project ships, tagged with its version."""
    folder = ship(tmp_path_factory.mktemp("buildrisk-gate"), (*SHIPPED, "pyproject.toml"))
    repository = Repository.make(folder)
    repository.commit()
    repository.git("tag", f"v{__version__}")
    return repository
