"""The container image, built from the Containerfile and run as its user."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest

import dev
from gate import __version__
from gate.sandbox import Sandbox, sample_world
from tests.end_to_end.gitlab.consumer import digest_of, named
from tests.end_to_end.gitlab.test_template import job_of
from tests.project.markdown import Page
from tests.rigs.serving import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.rigs.container import Container

API, WEB = named("shop/api:2.0"), named("shop/web:1.4")
WHO = "import os; print(os.getuid(), os.getgid(), os.geteuid())"
WRITE = "open('/opt/gate/written', 'w')"
SHELL = "import subprocess; subprocess.run(['/bin/sh', '-c', 'true'])"

# Modules that a pull request could put into the workspace to be imported in place of real ones.
HOSTILE = ("click", "gate", "json", "sitecustomize")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with in_thread(Sandbox(sample_world())) as service:
        yield service


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a folder that every user may write to, as a runner hands it to a job."""
    folder = tmp_path / "workspace"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    return folder


def test_it_is_the_gate(container: Container) -> None:
    code, text = container.gate("--version")
    assert (0, f"buildrisk-gate, version {__version__}") == (code, text.splitlines()[0])
    assert ["--help"] == container.config["Cmd"]


def test_it_runs_as_nobody_in_particular(container: Container) -> None:
    assert (0, "65532 65532 65532\n") == container.run("python3", "-I", "-c", WHO)


def test_it_judges(container: Container) -> None:
    passed = container.gate("check", "--sandbox", API)
    blocked = container.gate("check", "--sandbox", WEB)

    assert 0 == passed.code, passed.output
    assert "PASS" in passed.output.splitlines()[-1]
    assert 10 == blocked.code, blocked.output


def test_what_the_recipe_runs_in_it_is_understood(container: Container) -> None:
    recipe = Page.read("docs/recipes.md").section("A container image").snippet("sh")
    runs = re.findall(
        r"^docker run .* buildrisk-gate (.*)$", recipe.replace("\\\n", ""), re.MULTILINE
    )
    with_samples, with_keys = map(shlex.split, runs)
    done = container.gate(*with_samples)

    assert 10 == done.code, done.output
    assert [argument for argument in with_samples if argument != "--sandbox"] == with_keys


def test_it_reads_a_policy_of_the_workspace(container: Container) -> None:
    policies = (f"{dev.ROOT / 'policies'}:/workspace:ro",)

    strict = container.gate("policy", "validate", "strict.yaml", volumes=policies)
    missing = container.gate("policy", "validate", "missing.yaml", volumes=policies)

    assert 0 == strict.code, strict.output
    assert 2 == missing.code, missing.output


def test_it_writes_nothing_and_needs_no_shell(container: Container) -> None:
    # That both are really impossible.
    assert "Read-only file system" in container.run_locked("python3", "-I", "-c", WRITE).output
    assert "PermissionError" in container.run_locked("python3", "-I", "-c", SHELL).output

    version = container.run_locked("gate", "--version")
    judged = container.run_locked("gate", "check", "--sandbox", API)
    valid = container.run_locked("gate", "policy", "validate")

    assert 0 == version.code, version.output
    assert 0 == judged.code, judged.output
    assert 0 == valid.code, valid.output


def test_nothing_in_the_workspace_is_imported(container: Container, workspace: Path) -> None:
    for module in HOSTILE:
        (workspace / f"{module}.py").write_text("raise SystemExit('hijacked')", encoding="utf-8")

    done = container.gate(
        "check",
        "--sandbox",
        API,
        volumes=(f"{workspace}:/workspace",),
        environment={"PYTHONPATH": "/workspace"},
    )

    assert 0 == done.code, done.output
    assert "hijacked" not in done.output


def test_no_installer_is_left_in_it(container: Container) -> None:
    packages = next(container.root.glob("opt/gate/lib/python3*/site-packages"))

    assert (packages / "gate").is_dir()
    assert not list(packages.glob("pip*"))
    assert not list(container.root.glob("source")) + list(container.root.glob("wheels"))


def test_the_component_for_gitlab_runs_in_it_without_installing(
    container: Container, workspace: Path, sandbox: Sandbox
) -> None:
    job = job_of({"image": [WEB], "endpoint": sandbox.url, "pip-spec": ""})
    (script,) = job["script"]

    done = container.run(
        *("sh", "-e", "-c", script),
        volumes=(f"{workspace}:/workspace",),
        environment={
            "ALIBABA_CLOUD_ACCESS_KEY_ID": sandbox.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": sandbox.access_key_secret,
            "CI_JOB_URL": "https://gitlab.example.com/owner/shop/-/jobs/1",
        },
    )

    assert 10 == done.code, done.output
    report = json.loads((workspace / "buildrisk-gate" / "report.json").read_text("utf-8"))
    assert [digest_of("shop/web:1.4")] == [image["digest"] for image in report["images"]]
    assert (workspace / "buildrisk-gate" / "annotations.json").exists()
