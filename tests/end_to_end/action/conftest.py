from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gate.sandbox import Sandbox, sample_world
from tests.end_to_end.action.consumer import EVIL, PROVIDER, Consumer
from tests.rigs.cloud import Services, session_sandbox, token_services
from tests.rigs.serving import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    with in_thread(Sandbox(world)) as service:
        yield service


@pytest.fixture(scope="session")
def keyless_sandbox() -> Iterator[Sandbox]:
    """Serve a Security Center that knows nobody but the session of a role."""
    with session_sandbox() as service:
        yield service


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with token_services(tmp_path_factory.mktemp("cloud"), PROVIDER) as serving:
        yield serving


@pytest.fixture(scope="session")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> Consumer:
    """Return a consumer's repository with hostile modules in it."""
    repository = Consumer(tmp_path_factory.mktemp("consumer"))
    for module in HOSTILE:
        repository.write(f"{module}.py", HIJACK)
    return repository
