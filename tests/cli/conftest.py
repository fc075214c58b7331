from __future__ import annotations

import json
import os
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from anyio.from_thread import start_blocking_portal

from gate import cli
from gate.sandbox import Faults, Readings, Sandbox, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gate.sandbox import SampleImage

HOST = "registry.cn-hangzhou.aliyuncs.com"
_OWN = ("ALIBABA_CLOUD_", "BUILDRISK_GATE_", "DOCKER_", "GITHUB_", "GITLAB_", "CI")


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        return json.loads(self.out)

    @property
    def image(self) -> Any:
        (image,) = self.report["images"]
        return image


Gate = "Callable[..., Result]"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith(_OWN):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def gate(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    def run(*arguments: str) -> Result:
        capsys.readouterr()
        code = cli.run(arguments)
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return run


@contextmanager
def _served(sandbox: Sandbox) -> Iterator[Sandbox]:
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(sandbox):
        yield sandbox


Serve = "Callable[..., AbstractContextManager[Sandbox]]"


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
        return _served(sandbox)

    return start


def reference(image: SampleImage) -> str:
    """Name an image by tag and digest."""
    return f"{HOST}/{image.name}:{image.tag}@{image.digest}"
