"""The recipe for GitHub Actions, run by act as it stands in docs/recipes.md.

Only what would ask GitHub or Alibaba Cloud has a stand-in: docker, kubectl, setup-python, the
upload of SARIF, the token services, and Security Center, for which `endpoint` is added. The action
installs the gate in a step before, because the proxy that leads to the token services knows no
package index.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.action.consumer import BESIDE, FAKE_SETUP_PYTHON, SETUP_PYTHON, act
from tests.end_to_end.action.test_lint import said_by
from tests.end_to_end.recipes.stand_ins import StandIns
from tests.recipes.documents import DOCUMENTS, ENGLISH, Document, replaced
from tests.rigs.cloud import BEARER
from tests.rigs.repository import Repository, path_with
from tests.rigs.shipped import ACTION as ACTION_FILES
from tests.rigs.shipped import ship

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gate.sandbox import Sandbox
    from tests.rigs.cloud import Services

on_unix = pytest.mark.skipif(os.name == "nt", reason="act's own shell is that of Unix")

ACTION = "owner/buildrisk-gate@0123456789abcdef0123456789abcdef01234567"
UPLOAD = "github/codeql-action@ff2f1c621b7f889edc0d3c761ac2e6a3f8cdb0dd"
IMAGE = "registry.cn-hangzhou.aliyuncs.com/shop/web"

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
        self._repository = Repository.make(folder / "shop", "https://github.com/octo-org/octo-repo")
        self._repository.write(".github/workflows/release.yml", _workflow(endpoint, gate))
        dockerfile = "FROM alpine:3.20\nENV DB_PASSWORD=secret\nUSER root\n"
        self._repository.write("Dockerfile", dockerfile)
        self.commit = self._repository.commit()
        self._actions = {
            ACTION: ship(folder / "released", ACTION_FILES),
            SETUP_PYTHON: folder / "setup-python",
            UPLOAD: folder / "codeql-action",
        }
        _write(folder / "setup-python" / "action.yml", FAKE_SETUP_PYTHON)
        _write(folder / "codeql-action" / "upload-sarif" / "action.yml", FAKE_UPLOAD)

    def run(self, stand_ins: StandIns, job: Mapping[str, str]) -> Ran:
        uploaded = stand_ins.folder / "uploaded.sarif"
        code, log = act(
            self._repository.but_with(PATH=path_with(stand_ins.programs, BESIDE)),
            self._actions,
            stand_ins.folder / "cache",
            *_settings(uploaded, job),
        )
        sarif = uploaded.read_text(encoding="utf-8") if uploaded.exists() else ""
        return Ran(code, log, stand_ins.calls, sarif, self.commit)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")


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
    tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox, services: Services
) -> Workspace:
    # What GitHub sets for a job with `id-token: write`.
    token = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{services.token_url}/token?job=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": BEARER,
    }
    folder = tmp_path_factory.mktemp("github")
    return Workspace(folder, sandbox.url, {**token, **services.way})


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


@on_unix
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


@on_unix
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
