"""The recipe for any other CI system, run as it stands in docs/recipes.md.

Only what would ask Alibaba Cloud has a stand-in: docker, kubectl, and Security Center, for which
`--endpoint` is added. The package is built from this checkout; pip's settings are those of whoever
runs the tests.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

import dev
from gate import ADDRESS
from tests.recipes.documents import ENGLISH, replaced
from tests.rigs.cloud import SESSION
from tests.rigs.repository import MINUTES, path_with
from tests.rigs.surroundings import surroundings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gate.sandbox import Sandbox
    from tests.end_to_end.recipes.stand_ins import StandIns

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the recipe is for a shell of Unix")

IMAGE = "registry.cn-hangzhou.aliyuncs.com/shop/web"

# Modules that a pull request could put into the workspace to be imported in place of real ones.
HOSTILE = ("click", "gate", "json", "pip", "sitecustomize", "venv")
HIJACK = "open(__file__ + '.imported', 'w').close()\n"

JENKINS = {
    "BUILD_DISPLAY_NAME": "#153",
    "BUILD_ID": "153",
    "BUILD_NUMBER": "153",
    "BUILD_TAG": "jenkins-shop-web-153",
    "BUILD_URL": "https://jenkins.example.com/job/shop/job/web/153/",
    "CI": "true",
    "EXECUTOR_NUMBER": "0",
    "GIT_BRANCH": "origin/main",
    "GIT_COMMIT": "1" * 40,
    "JENKINS_URL": "https://jenkins.example.com/",
    "JOB_NAME": "shop/web",
    "JOB_URL": "https://jenkins.example.com/job/shop/job/web/",
    "NODE_NAME": "built-in",
    "WORKSPACE": ".",
}
# From its documentation: https://help.aliyun.com/zh/yunxiao/user-guide/environment-variables
FLOW = {
    "BUILD_EXECUTOR": "张三",
    "BUILD_MESSAGE": "张三·页面手动触发",
    "BUILD_NUMBER": "7",
    "BUILD_REMARK": "",
    "CI_COMMIT_ID": "1" * 8,
    "CI_COMMIT_REF_NAME": "master",
    "CI_COMMIT_SHA": "1" * 40,
    "CI_COMMIT_TITLE": "发布",
    "CI_SOURCE_NAME": "shop-web",
    "DATETIME": "2026-11-24-08-13-44",
    "PIPELINE_ID": "1084",
    "PIPELINE_NAME": "前端项目发布",
    "PROJECT_DIR": ".",
    "TIMESTAMP": "1795508024000",
}


@dataclass(frozen=True)
class Workspace:
    """A checkout that the CI system keeps from build to build, as Jenkins does."""

    folder: Path
    script: str

    def run(
        self, stand_ins: StandIns, variables: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", self.script],
            cwd=self.folder,
            env={**surroundings(), "PATH": path_with(stand_ins.programs), **variables},
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=MINUTES,
        )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the package as it would be published from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["build", "--wheel", "--no-isolation", "--outdir", str(folder), str(dev.ROOT)]
    subprocess.run([sys.executable, "-m", *build], check=True, stdout=subprocess.DEVNULL)
    (file,) = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, wheel: Path, sandbox: Sandbox) -> Workspace:
    folder = tmp_path_factory.mktemp("workspace")
    for module in HOSTILE:
        (folder / f"{module}.py").write_text(HIJACK, encoding="utf-8")
    recipe = ENGLISH.snippet(ENGLISH.anywhere)
    recipe = replaced(recipe, f"git+{ADDRESS}@0123456789abcdef0123456789abcdef01234567", str(wheel))
    check = 'gate check "$IMAGE"'
    return Workspace(folder, replaced(recipe, check, f"{check} --endpoint {sandbox.url}"))


def test_in_yunxiao_flow_an_image_that_passes_is_deployed_by_its_digest(
    workspace: Workspace, stand_ins: StandIns, digests: dict[str, str]
) -> None:
    push = stand_ins.environment(digests["pass"])

    done = workspace.run(stand_ins, {**FLOW, **SESSION, **push})

    assert 0 == done.returncode, done.stdout
    assert [
        f"docker buildx build --push --tag {IMAGE}:7 --metadata-file built.json .",
        f"kubectl set image deployment/web web={IMAGE}@{digests['pass']}",
    ] == stand_ins.calls
    # Its variables are named like GitLab's, but its log has no sections.
    assert not re.search(r"^::|section_start", done.stdout, re.MULTILINE), done.stdout


def test_in_jenkins_an_image_that_is_blocked_ends_the_script_with_reports_to_show(
    workspace: Workspace, stand_ins: StandIns, digests: dict[str, str]
) -> None:
    push = stand_ins.environment(digests["block"])

    done = workspace.run(stand_ins, {**JENKINS, **SESSION, **push})

    assert 10 == done.returncode, done.stdout
    pushed = f"docker buildx build --push --tag {IMAGE}:153 --metadata-file built.json ."
    assert [pushed] == stand_ins.calls
    tests = ET.parse(workspace.folder / "gate" / "junit.xml")  # noqa: S314 - our own
    assert tests.findall(".//failure")
    assert (workspace.folder / "gate" / "report.html").exists()


def test_nothing_in_the_workspace_is_imported(workspace: Workspace) -> None:
    assert not list(workspace.folder.glob("*.imported"))
