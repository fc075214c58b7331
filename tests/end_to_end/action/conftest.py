from __future__ import annotations

import shutil
import tomllib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from anyio.from_thread import start_blocking_portal

import dev
from gate.sandbox import Sandbox, sample_world
from tests.end_to_end.action.cloud import SESSION, Cloud
from tests.end_to_end.action.consumer import EVIL, Consumer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Modules that a pull request could put into the checkout to be imported in place of the real ones.
HOSTILE = (
    "action",
    "click",
    "gate",
    "install",
    "json",
    "setuptools",
    "sitecustomize",
    "usercustomize",
)
HIJACK = "import os\nopen(os.environ['HIJACKED'], 'a').write(__name__ + '\\n')\n"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    world = sample_world()
    world.images.append(EVIL)
    with _served(Sandbox(world)) as service:
        yield service


@pytest.fixture(scope="session")
def keyless_sandbox() -> Iterator[Sandbox]:
    """Serve a Security Center that knows nobody but the session that STS hands out."""
    service = Sandbox(
        sample_world(),
        access_key_id=SESSION["AccessKeyId"],
        access_key_secret=SESSION["AccessKeySecret"],
        security_token=SESSION["SecurityToken"],
    )
    with _served(service):
        yield service


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    with Cloud().serving() as serving:
        yield serving


@contextmanager
def _served(sandbox: Sandbox) -> Iterator[Sandbox]:
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(sandbox):
        yield sandbox


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what this project ships."""
    project = tomllib.loads((dev.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    folder = tmp_path_factory.mktemp("released")
    for name in project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]:
        source = dev.ROOT / name
        if name == "tests":
            continue
        if source.is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / name, ignore=ignore)
        else:
            shutil.copy(source, folder)
    return folder


@pytest.fixture(scope="session")
def consumer(tmp_path_factory: pytest.TempPathFactory, released: Path) -> Consumer:
    """Return a consumer's repository with hostile modules in it."""
    repository = Consumer(tmp_path_factory.mktemp("consumer"), released)
    for module in HOSTILE:
        repository.write(f"{module}.py", HIJACK)
    return repository
