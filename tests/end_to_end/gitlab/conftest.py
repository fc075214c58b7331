from __future__ import annotations

import base64
import hashlib
import sysconfig
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

import dev
from gate.sandbox import Sandbox, sample_world
from tests.end_to_end.gitlab.consumer import (
    Consumer,
    Pipeline,
    Use,
    bare_environment,
    gate_environment,
)
from tests.end_to_end.gitlab.uses import COMPLETE, DEPLOY, LENIENT, VARIABLES, uses_of
from tests.rigs.repository import path_with
from tests.rigs.serving import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Modules that a merge request could put into the checkout to be imported in place of real ones.
HOSTILE = ("click", "gate", "json", "pip", "sitecustomize", "usercustomize", "venv")
# What pip reads where PIP_CONFIG_FILE or XDG_CONFIG_DIRS says so: it fails with this.
HOSTILE_PIP = "[global]\nrequire-hashes = true\nno-binary = :all:\n"
HIJACK = "import os\nopen(os.path.join(os.environ['HOME'], 'hijacked'), 'a').write(__name__)\n"

# A gate that only tells how it was started.
RECORDER = """\
import json, os, pathlib, sys
names = ("ALIBABA_CLOUD_", "BUILDRISK_GATE_")
environment = {name: text for name, text in os.environ.items() if name.startswith(names)}
images = sys.stdin.read().splitlines()
started = {"arguments": sys.argv[1:], "images": images, "environment": environment}
pathlib.Path("buildrisk-gate").mkdir()
pathlib.Path("buildrisk-gate/started.json").write_text(json.dumps(started), encoding="utf-8")
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel that brings this checkout, with dependencies that need no index."""
    site_packages = sysconfig.get_path("purelib")
    info = "buildrisk_gate-0.1.0.dist-info"
    tag = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {
        "checkout.pth": f"{dev.ROOT}\n{site_packages}\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: buildrisk-gate\nVersion: 0.1.0\n",
        f"{info}/WHEEL": tag,
    }
    record = "".join(f"{name},{_digest(text)},{len(text)}\n" for name, text in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    path = tmp_path_factory.mktemp("wheel") / "buildrisk_gate-0.1.0-py3-none-any.whl"
    with ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


@pytest.fixture(scope="session")
def container(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs of a container that holds the gate already."""
    return gate_environment(tmp_path_factory.mktemp("container"))


@pytest.fixture(scope="session")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs of a container whose gate only tells how it was started."""
    folder = tmp_path_factory.mktemp("recorder")
    site_packages = bare_environment(folder)
    (site_packages / "gate").mkdir()
    (site_packages / "gate" / "__main__.py").write_text(RECORDER, encoding="utf-8")
    return folder / "bin"


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs of a container that holds Python alone."""
    folder = tmp_path_factory.mktemp("bare")
    bare_environment(folder)
    return folder / "bin"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with in_thread(Sandbox(sample_world())) as service:
        yield service


@pytest.fixture(scope="session")
def consumer(tmp_path_factory: pytest.TempPathFactory, container: Path) -> Consumer:
    """Return a consumer's repository with hostile modules and forged reports in it."""
    repository = Consumer(tmp_path_factory.mktemp("consumer"), container)
    for module in HOSTILE:
        repository.write(f"{module}.py", HIJACK)
    repository.write("buildrisk-gate/gate.env", "GATE_VERDICT=pass\n")
    component = dev.ROOT / "templates" / "gate.yml"
    repository.write("templates/gate.yml", component.read_text(encoding="utf-8"))
    repository.write("Dockerfile", "FROM alpine\nUSER root\n")
    repository.write("lenient.yaml", LENIENT)
    repository.write("pip.conf", HOSTILE_PIP)
    repository.write("pip/pip.conf", HOSTILE_PIP)
    return repository


@pytest.fixture(scope="session")
def pipeline(
    consumer: Consumer, sandbox: Sandbox, bare: Path, recorder: Path, wheel: Path
) -> Pipeline:
    """Return a pipeline that used the component for each outcome that it can have."""
    uses = uses_of(sandbox.endpoint, wheel)
    uses["complete"] = Use(COMPLETE, {"variables": {"PATH": path_with(recorder)}})
    uses["bare"] = Use(COMPLETE, {"variables": {"PATH": path_with(bare)}})
    variables = {
        **VARIABLES,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": sandbox.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": sandbox.access_key_secret,
        "PYTHONPATH": str(consumer.workspace),
    }
    return consumer.run(uses, {"deploys": DEPLOY}, variables)
