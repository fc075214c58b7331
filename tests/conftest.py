"""What all tests share: a clean environment, one backend, the command, a served sandbox."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from gate import cli
from gate.sandbox import Faults, Readings, Sandbox, World
from tests.rigs.command import Result
from tests.rigs.serving import in_thread
from tests.rigs.surroundings import foreign
from tests.rigs.workers import Together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from xdist.remote import Producer  # type: ignore[import-untyped]

    from gate.sandbox import SampleImage

FEW = 5
"""Examples of each property where a run is to be quick."""

# Where Hypothesis keeps the settings of a test; it has no other place to change them in.
_SETTINGS = "_hypothesis_internal_use_settings"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--few", action="store_true", help="try few examples of each property")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    return Together(config, log)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Don't even import end-to-end tests where none of them is chosen."""
    without = config.getoption("markexpr") == "not end_to_end"
    return True if without and collection_path.name == "end_to_end" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("few"):
        for function in {getattr(item, "obj", None) for item in items}:
            own = getattr(function, _SETTINGS, None)
            if isinstance(own, settings) and own.max_examples > FEW:
                setattr(function, _SETTINGS, settings(own, max_examples=FEW))


@pytest.fixture(scope="session", autouse=True)
def _clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Take away the settings of whoever runs the tests, and of the job that they may run in."""
    with pytest.MonkeyPatch.context() as patch:
        for name in foreign(os.environ):
            patch.delenv(name)
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def _workdir(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work in an empty folder, which is the home too."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def gate(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, _workdir: None
) -> Callable[..., Result]:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):  # reports note them; other programs need them
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Result:
        capsys.readouterr()
        code = cli.run(arguments)
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return run


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AbstractContextManager[Sandbox]]:
    """Serve a world of images in another thread; the environment holds its keys."""

    def start(
        *images: SampleImage,
        faults: Faults = Faults(),  # noqa: B008 - a tuple
        readings: Readings = Readings(),  # noqa: B008 - frozen
        world: World | None = None,
    ) -> AbstractContextManager[Sandbox]:
        sandbox = Sandbox(world or World.of(*images), faults=faults, readings=readings)
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", sandbox.access_key_id)
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", sandbox.access_key_secret)
        return in_thread(sandbox)

    return start
