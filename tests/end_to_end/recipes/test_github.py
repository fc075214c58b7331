"""The recipe for GitHub Actions, run by act as it stands in docs/recipes.md.

Only what would ask GitHub or Alibaba Cloud has a stand-in: docker, kubectl, setup-python, the
upload of SARIF, the token services, and Security Center, for which `endpoint` is added. The action
installs the gate in a step before, because the proxy that leads to the token services knows no
package index.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import dev
from tests.end_to_end.action.cloud import BEARER
from tests.end_to_end.action.consumer import FAKE_SETUP_PYTHON, FOREIGN, SETUP_PYTHON
from tests.end_to_end.action.test_lint import said_by
from tests.end_to_end.recipes.stand_ins import StandIns
from tests.recipes.documents import DOCUMENTS, ENGLISH, Document, replaced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.sandbox import Sandbox
    from tests.end_to_end.action.cloud import Cloud

ACTION = "owner/buildrisk-gate@0123456789abcdef0123456789abcdef01234567"
UPLOAD = "github/codeql-action@ff2f1c621b7f889edc0d3c761ac2e6a3f8cdb0dd"
SHIPPED = ("action", "action.yml", "gate", "policies", "requirements")
IMAGE = "registry.cn-hangzhou.aliyuncs.com/shop/web"
MINUTES = 300  # seconds that the job may take where the package index is slow

FAKE_UPLOAD = """\
name: Upload SARIF
description: Keeps the file that it is given.
inputs:
  sarif_file: {description: path, required: true}
runs:
  using: composite
  steps:
    - {run: 'cp "$FILE" "$UPLOADED"', shell: bash, env: {FILE: "${{ inputs.sarif_file }}"}}
"""


# An unreadable policy ends it before anybody is asked.
INSTALL = f"""\
      - name: Install
        uses: {ACTION}
        continue-on-error: true
        with: {{image: none, policy: none.yaml}}
        env: {{PIP_COMPILE: "false"}}
"""


@dataclass(frozen=True)
class Ran:
    """What is left of the job: how it ended, which programs it called, what it uploaded."""

    code: int
    log: str
    calls: list[str]
    uploaded: str
    commit: str


class Workspace:
    """A repository whose one workflow is the recipe, and the actions that it uses."""

    def __init__(self, folder: Path, endpoint: str, gate: Mapping[str, str]) -> None:
        self._folder = folder
        self._repository = folder / "shop"
        self._write("shop/.github/workflows/release.yml", _workflow(endpoint, gate))
        self._write("shop/Dockerfile", "FROM alpine:3.20\nENV DB_PASSWORD=secret\nUSER root\n")
        self._write("setup-python/action.yml", FAKE_SETUP_PYTHON)
        self._write("codeql-action/upload-sarif/action.yml", FAKE_UPLOAD)
        for name in SHIPPED:
            source, target = dev.ROOT / name, folder / "released" / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        self._git("init", "--quiet", "--initial-branch", "main")
        self._git("remote", "add", "origin", "https://github.com/octo-org/octo-repo")
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", "Release")
        self.commit = self._git("rev-parse", "HEAD").strip()

    def run(self, stand_ins: StandIns, job: Mapping[str, str]) -> Ran:
        uploaded = stand_ins.folder / "uploaded.sarif"
        path = (stand_ins.programs, Path(sys.executable).parent, os.environ["PATH"])
        kept = {name: os.environ[name] for name in os.environ if not name.startswith(FOREIGN)}
        kept["PATH"] = os.pathsep.join(map(str, path))
        done = subprocess.run(
            [*self._act(stand_ins.folder / "cache"), *_settings(uploaded, job)],
            cwd=self._repository,
            env=kept,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=MINUTES,
        )
        sarif = uploaded.read_text(encoding="utf-8") if uploaded.exists() else ""
        return Ran(done.returncode, done.stdout, stand_ins.calls, sarif, self.commit)

    def _act(self, cache: Path) -> list[str]:
        command = ["act", "push", "--platform", "ubuntu-latest=-self-hosted", "--no-cache-server"]
        command += ["--action-cache-path", str(cache)]
        for action, folder in (
            (ACTION, "released"),
            (SETUP_PYTHON, "setup-python"),
            (UPLOAD, "codeql-action"),
        ):
            command += ["--local-repository", f"{action}={self._folder / folder}"]
        return command

    def _write(self, name: str, text: str) -> None:
        file = self._folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def _git(self, *arguments: str) -> str:
        git = ["git", "-c", "user.name=Tester", "-c", "user.email=tester@example.com"]
        return subprocess.check_output([*git, *arguments], cwd=self._repository, encoding="utf-8")


def _workflow(endpoint: str, gate: Mapping[str, str]) -> str:
    """Return the recipe, asking another Security Center with more variables for the gate."""
    recipe = ENGLISH.snippet(ENGLISH.github)
    scan, push, alerts = (
        "          scan: missing\n",
        "      - name: Push\n",
        "      - name: Alerts\n",
    )
    recipe = replaced(recipe, scan, f"{scan}          endpoint: {endpoint}\n")
    recipe = replaced(recipe, push, INSTALL + push)
    return replaced(recipe, alerts, f"        env: {json.dumps(gate)}\n{alerts}")


def _settings(uploaded: Path, job: Mapping[str, str]) -> list[str]:
    """Return act's options for what GitHub sets: variables, secrets, and the job's environment."""
    environment = {"BROUGHT_PYTHON": sys.executable, "UPLOADED": str(uploaded), **job}
    options = ["--var", "ACR_USER=robot", "--secret", "ACR_PASSWORD=sesame"]
    return [*options, *(f"--env={name}={value}" for name, value in environment.items())]


@pytest.fixture(scope="module")
def workspace(
    tmp_path_factory: pytest.TempPathFactory,
    sandbox: Sandbox,
    cloud: Cloud,
    way_to_the_cloud: dict[str, str],
) -> Workspace:
    # What GitHub sets for a job with `id-token: write`.
    token = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{cloud.url}/token?job=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": BEARER,
    }
    folder = tmp_path_factory.mktemp("github")
    return Workspace(folder, sandbox.url, {**token, **way_to_the_cloud})


@pytest.fixture(scope="module")
def ran(
    workspace: Workspace, digests: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Ran]:
    """Run the job for an image that passes and one that is blocked, side by side to save time."""
    folder = tmp_path_factory.mktemp("stand-ins")
    stand_ins = {verdict: StandIns.make(folder / verdict) for verdict in digests}
    with ThreadPoolExecutor() as pool:
        jobs = {
            verdict: pool.submit(workspace.run, own, own.environment(digests[verdict]))
            for verdict, own in stand_ins.items()
        }
        return {verdict: job.result() for verdict, job in jobs.items()}


@pytest.mark.skipif(os.name == "nt", reason="act's own shell is that of Unix")
def test_an_image_that_passes_is_deployed_by_its_digest(
    ran: dict[str, Ran], digests: dict[str, str]
) -> None:
    job = ran["pass"]

    assert 0 == job.code, job.log
    pushed = f"{IMAGE}:{job.commit}"
    assert [
        "docker login --username robot --password-stdin registry.cn-hangzhou.aliyuncs.com",
        f"docker buildx build --push --tag {pushed} --metadata-file built.json .",
        f"kubectl set image deployment/web web={IMAGE}@{digests['pass']}",
    ] == job.calls
    assert "2.1.0" == json.loads(job.uploaded)["version"]


@pytest.mark.skipif(os.name == "nt", reason="act's own shell is that of Unix")
def test_an_image_that_is_blocked_is_not_deployed_but_shown(ran: dict[str, Ran]) -> None:
    job = ran["block"]

    assert 1 == job.code, job.log
    assert ["docker", "docker"] == [call.split()[0] for call in job.calls]
    (run,) = json.loads(job.uploaded)["runs"]
    places = [
        result["locations"][0]["physicalLocation"]
        for result in run["results"]
        if result["ruleId"] == "no_user"
    ]
    assert [("Dockerfile", 3)] == [
        (place["artifactLocation"]["uri"], place["region"]["startLine"]) for place in places
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_linters_find_nothing_in_the_recipe(document: Document, tmp_path: Path) -> None:
    file = tmp_path / "release.yml"
    file.write_text(document.snippet(document.github), encoding="utf-8")
    strictest = ["--offline", "--persona=auditor", "--no-progress", "--strict-collection"]

    assert not said_by("zizmor", *strictest, file)
    assert not said_by("check-jsonschema", "--builtin-schema", "vendor.github-workflows", file)
    assert not said_by("actionlint", file)
