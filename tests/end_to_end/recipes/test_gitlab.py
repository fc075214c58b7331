"""The recipe for GitLab CI, run by gitlab-ci-local as it stands in docs/recipes.md.

Only what would ask GitLab or Alibaba Cloud has a stand-in: docker, kubectl, the job's token, the
token service, and Security Center, for which `endpoint` is added. The service container is left
out. The component lies in the repository itself, and the gate in the container already.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import venv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

import dev
from gate import __version__
from tests.end_to_end.action.cloud import JOB_TOKEN
from tests.end_to_end.action.test_lint import said_by
from tests.end_to_end.gitlab.consumer import COMPONENT, FOREIGN, MINUTES, Pipeline
from tests.recipes.documents import DOCUMENTS, ENGLISH, Document, replaced
from tests.tools import bring

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gate.sandbox import Sandbox
    from tests.end_to_end.recipes.stand_ins import StandIns

IMAGE = "registry.cn-hangzhou.aliyuncs.com/shop/web"


@dataclass(frozen=True)
class Repository:
    """A repository whose pipeline is the recipe, and the programs of the container it runs in."""

    folder: Path
    container: Path
    commit: str

    def run(self, stand_ins: StandIns, variables: Mapping[str, str]) -> Pipeline:
        program = bring.TOOLS / "node_modules" / ".bin" / "gitlab-ci-local"
        assert program.exists(), "gitlab-ci-local is missing: python3 dev.py tools brings it"
        path = (stand_ins.programs, self.container, os.environ["PATH"])
        kept = {name: os.environ[name] for name in os.environ if not name.startswith(FOREIGN)}
        options = [f"--variable={name}={value}" for name, value in variables.items()]
        done = subprocess.run(
            [program, "--force-shell-executor", "--shell-isolation", *options],
            cwd=self.folder,
            env={**kept, "HOME": str(stand_ins.folder), "PATH": os.pathsep.join(map(str, path))},
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=MINUTES,
        )
        return Pipeline(log=done.stdout, artifacts={}, workspace=[])


@pytest.fixture
def repository(tmp_path: Path, sandbox: Sandbox) -> Repository:
    folder, container = tmp_path / "shop", tmp_path / "container"
    venv.create(container, symlinks=True)
    (site_packages,) = container.glob("lib/python*/site-packages")
    there = f"{dev.ROOT}\n{sysconfig.get_path('purelib')}\n"
    (site_packages / "checkout.pth").write_text(there, encoding="utf-8")
    (folder / "templates").mkdir(parents=True)
    shutil.copy(dev.ROOT / "templates" / "gate.yml", folder / "templates")
    (folder / "Dockerfile").write_text("FROM alpine:3.20\nUSER root\n", encoding="utf-8")
    pipeline = _pipeline(sandbox.url)
    (folder / ".gitlab-ci.yml").write_text(pipeline, encoding="utf-8")
    git = ["git", "-c", "user.name=Tester", "-c", "user.email=tester@example.com"]
    for arguments in (
        ["init", "--quiet", "--initial-branch", "main"],
        ["remote", "add", "origin", "https://gitlab.example.com/octo-group/octo-project.git"],
        ["add", "--all"],
        ["commit", "--quiet", "--message", "Release"],
    ):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
    commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=folder, encoding="utf-8")
    return Repository(folder, container / "bin", commit.strip())


def _pipeline(endpoint: str) -> str:
    """Return the recipe with the component from here, asking another Security Center."""
    recipe = ENGLISH.snippet(ENGLISH.gitlab)
    component = f"$CI_SERVER_FQDN/owner/buildrisk-gate/gate@v{__version__}"
    recipe = replaced(recipe, component, COMPONENT)
    recipe = replaced(recipe, "  services: [docker:29-dind]\n", "")
    scan = "      scan: missing\n"
    return replaced(recipe, scan, f'{scan}      endpoint: {endpoint}\n      pip-spec: ""\n')


@pytest.fixture
def variables(way_to_the_cloud: dict[str, str]) -> dict[str, str]:
    """Return what the project's settings hold, and the token that GitLab would make."""
    return {
        "ACR_USER": "robot",
        "ACR_PASSWORD": "sesame",
        "BUILDRISK_GATE_OIDC_TOKEN": JOB_TOKEN,
        **way_to_the_cloud,
    }


@pytest.mark.skipif(os.name == "nt", reason="the component is for POSIX")
def test_an_image_that_passes_is_deployed_by_its_digest(
    repository: Repository,
    stand_ins: StandIns,
    variables: dict[str, str],
    digests: dict[str, str],
) -> None:
    pipeline = repository.run(stand_ins, {**variables, **stand_ins.environment(digests["pass"])})

    assert {"push": "PASS", "gate": "PASS", "deploy": "PASS"} == pipeline.ended, pipeline.log
    pushed = f"{IMAGE}:{repository.commit}"
    assert [
        "docker login --username robot --password-stdin registry.cn-hangzhou.aliyuncs.com",
        f"docker buildx build --push --tag {pushed} --metadata-file built.json .",
        f"kubectl set image deployment/web web={IMAGE}@{digests['pass']}",
    ] == stand_ins.calls


@pytest.mark.skipif(os.name == "nt", reason="the component is for POSIX")
def test_an_image_that_is_blocked_is_not_deployed(
    repository: Repository,
    stand_ins: StandIns,
    variables: dict[str, str],
    digests: dict[str, str],
) -> None:
    pipeline = repository.run(stand_ins, {**variables, **stand_ins.environment(digests["block"])})

    assert {"push": "PASS", "gate": "FAIL 10"} == pipeline.ended, pipeline.log
    assert ["docker", "docker"] == [call.split()[0] for call in stand_ins.calls]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_the_recipe_fits_gitlabs_schema(document: Document, tmp_path: Path) -> None:
    file = tmp_path / ".gitlab-ci.yml"
    file.write_text(document.snippet(document.gitlab), encoding="utf-8")
    schema = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]

    assert not said_by("check-jsonschema", *schema, file)


def test_the_recipe_names_this_version_and_inputs_of_the_component() -> None:
    recipe = YAML(typ="safe").load(ENGLISH.snippet(ENGLISH.gitlab))
    (include,) = recipe["include"]
    (header, _) = YAML(typ="safe").load_all(dev.ROOT / "templates" / "gate.yml")

    assert include["component"].endswith(f"/gate@v{__version__}")
    assert include["inputs"].keys() <= header["spec"]["inputs"].keys()
