"""The recipe for GitLab CI, run by gitlab-ci-local as it stands in docs/recipes.md.

Only what would ask GitLab or Alibaba Cloud has a stand-in: docker, kubectl, the job's token, the
token service, and Security Center, for which `endpoint` is added. The service container is left
out. The component lies in the repository itself, and the gate in the container already.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

import dev
from gate import __version__
from tests.end_to_end.action.test_lint import said_by
from tests.end_to_end.gitlab.consumer import (
    COMPONENT,
    Pipeline,
    gate_environment,
    gitlab_ci_local,
)
from tests.recipes.documents import DOCUMENTS, ENGLISH, Document, replaced
from tests.rigs.cloud import web_token
from tests.rigs.repository import Repository, path_with

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gate.sandbox import Sandbox
    from tests.end_to_end.recipes.stand_ins import StandIns
    from tests.rigs.cloud import Services

IMAGE = "registry.cn-hangzhou.aliyuncs.com/shop/web"


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs of a container that holds the gate already."""
    return gate_environment(tmp_path_factory.mktemp("container"))


@pytest.fixture
def repository(tmp_path: Path, sandbox: Sandbox) -> Repository:
    """Return a repository whose pipeline is the recipe."""
    made = Repository.make(
        tmp_path / "shop", "https://gitlab.example.com/octo-group/octo-project.git"
    )
    template = dev.ROOT / "templates" / "gate.yml"
    made.write("templates/gate.yml", template.read_text(encoding="utf-8"))
    made.write("Dockerfile", "FROM alpine:3.20\nUSER root\n")
    made.write(".gitlab-ci.yml", _pipeline(sandbox.url))
    made.commit()
    return made


def run(
    repository: Repository, container: Path, stand_ins: StandIns, variables: Mapping[str, str]
) -> Pipeline:
    path = path_with(stand_ins.programs, container)
    there = repository.but_with(HOME=str(stand_ins.folder), PATH=path)
    return Pipeline(log=gitlab_ci_local(there, variables), artifacts={}, workspace=[])


def _pipeline(endpoint: str) -> str:
    """Return the recipe with the component from here, asking another Security Center."""
    recipe = ENGLISH.snippet(ENGLISH.gitlab)
    component = f"$CI_SERVER_FQDN/owner/buildrisk-gate/gate@v{__version__}"
    recipe = replaced(recipe, component, COMPONENT)
    recipe = replaced(recipe, "  services: [docker:29-dind]\n", "")
    scan = "      scan: missing\n"
    return replaced(recipe, scan, f'{scan}      endpoint: {endpoint}\n      pip-spec: ""\n')


@pytest.fixture
def variables(services: Services) -> dict[str, str]:
    """Return what the project's settings hold, and the token that GitLab would make."""
    return {
        "ACR_USER": "robot",
        "ACR_PASSWORD": "sesame",
        "BUILDRISK_GATE_OIDC_TOKEN": web_token(),
        **services.way,
    }


@pytest.mark.skipif(os.name == "nt", reason="the component is for POSIX")
def test_an_image_that_passes_is_deployed_by_its_digest(
    repository: Repository,
    container: Path,
    stand_ins: StandIns,
    variables: dict[str, str],
    digests: dict[str, str],
) -> None:
    job = {**variables, **stand_ins.environment(digests["pass"])}
    pipeline = run(repository, container, stand_ins, job)

    assert {"push": "PASS", "gate": "PASS", "deploy": "PASS"} == pipeline.ended, pipeline.log
    commit = repository.git("rev-parse", "HEAD").strip()
    pushed = f"{IMAGE}:{commit}"
    assert [
        "docker login --username robot --password-stdin registry.cn-hangzhou.aliyuncs.com",
        f"docker buildx build --push --tag {pushed} --metadata-file built.json .",
        f"kubectl set image deployment/web web={IMAGE}@{digests['pass']}",
    ] == stand_ins.calls


@pytest.mark.skipif(os.name == "nt", reason="the component is for POSIX")
def test_an_image_that_is_blocked_is_not_deployed(
    repository: Repository,
    container: Path,
    stand_ins: StandIns,
    variables: dict[str, str],
    digests: dict[str, str],
) -> None:
    job = {**variables, **stand_ins.environment(digests["block"])}
    pipeline = run(repository, container, stand_ins, job)

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
