"""A consumer's repository whose pipeline, run by gitlab-ci-local, uses the component."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gate.sandbox import sample_world
from tests.tools import bring

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

HOST = "registry.cn-hangzhou.aliyuncs.com"
COMPONENT = "$CI_SERVER_FQDN/$CI_PROJECT_PATH/gate@$CI_COMMIT_SHA"
MINUTES = 300  # seconds that the pipeline may take on a busy machine

# Settings of whoever runs the tests, and of the job that they may run in.
FOREIGN = ("ALIBABA_CLOUD_", "BUILDRISK_GATE_", "CI", "COVERAGE_", "GCL_", "GIT", "PYTHON")

_FAILED = re.compile(r"^(\S+) +finished in \S+ \S+ +((?:WARN|FAIL) \d+)", re.MULTILINE)
_PASSED = re.compile(r"^ (PASS) +(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Use:
    """One use of the component: its inputs, and what the consumer adds to its job."""

    inputs: Mapping[str, Any]
    job: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pipeline:
    """What a consumer sees of a pipeline: how each job ended, its log and its artifacts."""

    log: str
    artifacts: Mapping[str, Mapping[str, str]]
    workspace: Sequence[str]

    @property
    def ended(self) -> Mapping[str, str]:
        passed = {job: outcome for outcome, job in _PASSED.findall(self.log)}
        return {**passed, **dict(_FAILED.findall(self.log))}

    def said_by(self, job: str) -> str:
        lines = re.findall(rf"^{re.escape(job)} +> ?(.*)$", self.log, re.MULTILINE)
        return "\n".join(lines)


def path_with(programs: Path) -> str:
    return os.pathsep.join((str(programs), os.environ["PATH"]))


def named(name: str) -> str:
    """Return the reference of a sample image, by tag and digest."""
    return f"{HOST}/{name}@{digest_of(name)}"


def digest_of(name: str) -> str:
    (digest,) = {
        image.digest
        for image in sample_world().images
        if f"{image.name}:{image.tag}" == name and image.registry_type == "acr"
    }
    return digest


class Consumer:
    """A repository on GitLab that holds the component, and uses it."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.workspace = folder / "shop"
        self._path = path_with(programs)
        self._home = folder / "home"
        self.workspace.mkdir()
        self._home.mkdir()

    def write(self, name: str, text: str) -> None:
        file = self.workspace / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def run(
        self, uses: Mapping[str, Use], jobs: Mapping[str, Any], variables: Mapping[str, str]
    ) -> Pipeline:
        """Run a pipeline of these uses of the component, each a job, and of other jobs."""
        # YAML is a superset of JSON.
        self.write(".gitlab-ci.yml", json.dumps(_configuration(uses, jobs)))
        self._commit()
        log = self._gitlab_ci_local(variables)
        state = self.workspace / ".gitlab-ci-local"
        return Pipeline(
            log=log,
            artifacts={job: _files(state / "artifacts" / job) for job in (*uses, *jobs)},
            workspace=[path.name for path in (*self.workspace.rglob("*"), *self._home.rglob("*"))],
        )

    def _commit(self) -> None:
        git = ["git", "-c", "user.name=Tester", "-c", "user.email=tester@example.com"]
        for arguments in (
            ["init", "--quiet", "--initial-branch", "main"],
            ["remote", "add", "origin", "https://gitlab.example.com/owner/shop.git"],
            ["add", "--all"],
            ["commit", "--quiet", "--message", "Release"],
        ):
            subprocess.run([*git, *arguments], cwd=self.workspace, check=True)

    def _gitlab_ci_local(self, variables: Mapping[str, str]) -> str:
        program = bring.TOOLS / "node_modules" / ".bin" / "gitlab-ci-local"
        assert program.exists(), "gitlab-ci-local is missing: python3 dev.py tools brings it"
        kept = {name: os.environ[name] for name in os.environ if not name.startswith(FOREIGN)}
        command = [str(program), "--force-shell-executor", "--shell-isolation"]
        for name, value in variables.items():
            command += ["--variable", f"{name}={value}"]
        return subprocess.run(
            command,
            cwd=self.workspace,
            env={**kept, "HOME": str(self._home), "PATH": self._path},
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=MINUTES,
        ).stdout


def _configuration(uses: Mapping[str, Use], jobs: Mapping[str, Any]) -> dict[str, Any]:
    included = [
        {"component": COMPONENT, "inputs": {"job-name": name, "stage": "check", **use.inputs}}
        for name, use in uses.items()
    ]
    added = {name: dict(use.job) for name, use in uses.items() if use.job}
    return {"stages": ["check", "deploy"], "include": included, **added, **jobs}


def _files(folder: Path) -> dict[str, str]:
    """Return the files under a folder by their path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
