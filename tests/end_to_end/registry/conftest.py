from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rigs.registry import running_registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.rigs.registry import RunningRegistry


@pytest.fixture(scope="module")
def open_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with running_registry(tmp_path_factory.mktemp("open")) as registry:
        yield registry


@pytest.fixture(scope="module")
def basic_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with running_registry(tmp_path_factory.mktemp("basic"), "basic") as registry:
        yield registry


@pytest.fixture(scope="module")
def token_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with running_registry(tmp_path_factory.mktemp("token"), "token") as registry:
        yield registry
