"""The jobs for policies on GitLab, run by gitlab-ci-local as they stand in docs/policy-as-code.md.

Only what would ask GitLab or Alibaba Cloud has a stand-in: curl, the job's token, the token
service, and Security Center, for which `--endpoint` is added. The gate lies in the container
already.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.cases.recording import image, record
from tests.end_to_end.action.test_lint import said_by
from tests.end_to_end.gitlab.consumer import Pipeline, gate_environment, gitlab_ci_local
from tests.end_to_end.recipes.policies import PAGE, POLICY, SOURCE, TESTS, baseline
from tests.recipes.documents import replaced
from tests.rigs.cloud import web_token
from tests.rigs.repository import Repository, path_with

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gate.sandbox import Sandbox
    from tests.rigs.cloud import Services

on_unix = pytest.mark.skipif(os.name == "nt", reason="gitlab-ci-local's shell is that of Unix")

RECIPE = PAGE.section("On GitLab").snippet("yaml", "merge_request_event")
NEVER = "2099-01-01"
ACCEPTED = ("no_user", "shop/web", NEVER)
CURL = """\
#!/bin/sh
for last; do :; done
echo "$last" >>"$REGISTRY.calls"
while [ $# -gt 0 ]; do
  case $1 in
    --upload-file) cp "$2" "$REGISTRY" ;;
    --output) cp "$REGISTRY" "$2" ;;
  esac
  shift
done
"""


class Ran(NamedTuple):
    """How the pipeline ended, and the record in the package registry."""

    pipeline: Pipeline
    record: str
    calls: str


class Project:
    """A project whose pipeline is the recipe, with a package registry."""

    def __init__(self, folder: Path, container: Path, recipe: str) -> None:
        self.registry = folder / "registry"
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "curl").write_text(CURL, encoding="utf-8")
        (folder / "bin" / "curl").chmod(0o755)
        self.repository = Repository.make(
            folder / "shop",
            "https://gitlab.example.com/octo-group/octo-project.git",
            HOME=str(folder),
            PATH=path_with(folder / "bin", container),
        )
        files = {
            ".gitlab-ci.yml": recipe,
            ".buildrisk-gate.yaml": POLICY,
            ".buildrisk-gate.test.yaml": TESTS,
            "baseline.yaml": baseline(ACCEPTED),
        }
        self.write(files)

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            self.repository.write(name, text)
        self.repository.commit()

    def run(self, source: str, **variables: str) -> Ran:
        given = {"CI_PIPELINE_SOURCE": source, "REGISTRY": str(self.registry), **variables}
        pipeline = Pipeline(gitlab_ci_local(self.repository, given), {}, [])
        kept = self.registry.read_text(encoding="utf-8") if self.registry.exists() else ""
        calls = self.registry.with_suffix(".calls")
        return Ran(pipeline, kept, calls.read_text(encoding="utf-8") if calls.exists() else "")

    def propose(self, files: Mapping[str, str]) -> Ran:
        """Run the pipeline of a merge request with these files."""
        record(self.registry, [image("shop/web:1", "no_user"), image("shop/api:1")])
        base = self.repository.git("rev-parse", "HEAD").strip()
        self.repository.git("update-ref", "refs/remotes/origin/main", base)
        self.write(files)
        return self.run("merge_request_event", CI_MERGE_REQUEST_DIFF_BASE_SHA=base)


@pytest.fixture(scope="module")
def ran(
    tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox, services: Services
) -> dict[str, Ran]:
    """Run all pipelines, side by side to save time."""
    folder = tmp_path_factory.mktemp("gitlab-policies")
    container = gate_environment(folder / "container")
    recipe = RECIPE.replace(f"    - python3 -I -m pip install {SOURCE}\n", "")
    recipe = replaced(recipe, "-m gate audit ", f"-m gate audit --endpoint {sandbox.url} ")
    projects = {
        name: Project(folder / name, container, recipe)
        for name in ("audit", "looser", "stricter", "nearer")
    }
    new = {"baseline.yaml": baseline(ACCEPTED, ("no_user", "shop/none", NEVER))}
    stricter = {".buildrisk-gate.yaml": f"{POLICY}scan: {{max_age: 7d}}\n"}
    nearer = {"-p x/.buildrisk-gate.yaml": "version: 1\nblock: {levels: [], statuses: []}\n"}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {
            "audit": pool.submit(
                projects["audit"].run,
                "schedule",
                BUILDRISK_GATE_OIDC_TOKEN=web_token(),
                **services.way,
            ),
            "looser": pool.submit(projects["looser"].propose, new),
            "stricter": pool.submit(projects["stricter"].propose, stricter),
            "nearer": pool.submit(projects["nearer"].propose, nearer),
        }
        return {name: job.result() for name, job in running.items()}


@on_unix
def test_a_scheduled_audit_keeps_its_record_where_images_are_blocked(ran: dict[str, Ran]) -> None:
    pipeline, kept, calls = ran["audit"]

    assert {"audit": "PASS"} == pipeline.ended, pipeline.log
    assert {"pass", "block", "undecided"} == {one["verdict"] for one in json.loads(kept)["images"]}
    assert calls.strip().endswith("/packages/generic/gate-audit/1.0.0/audit.cases")


@on_unix
@pytest.mark.parametrize(
    ("name", "outcome", "line"),
    [
        ("looser", "FAIL 10", "looser  baseline.yaml:8  waiver: no_user for shop/none until"),
        ("stricter", "PASS", "files: 1 stricter, 0 looser (exit 0)"),
        ("nearer", "FAIL 10", "to       ./-p x/.buildrisk-gate.yaml sha256:"),
    ],
)
def test_a_merge_request_that_loosens_is_red_and_shows_why(
    ran: dict[str, Ran], name: str, outcome: str, line: str
) -> None:
    pipeline = ran[name].pipeline

    assert {"policy": outcome} == pipeline.ended, pipeline.log
    assert "OK  3 of 3 images as expected" in pipeline.log
    assert line in pipeline.log


def test_the_jobs_fit_gitlabs_schema(tmp_path: Path) -> None:
    file = tmp_path / ".gitlab-ci.yml"
    file.write_text(RECIPE, encoding="utf-8")
    schema = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]

    assert not said_by("check-jsonschema", *schema, file)
