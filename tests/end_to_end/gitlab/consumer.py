"""A consumer's repository whose pipeline, run by gitlab-ci-local, uses the component."""

from __future__ import annotations

import json
import re
import sysconfig
import venv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dev
from gate.sandbox import sample_world
from tests.rigs.command import HOST
from tests.rigs.repository import Repository, files_under, path_with
from tests.tools import bring

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

COMPONENT = "$CI_SERVER_FQDN/$CI_PROJECT_PATH/gate@$CI_COMMIT_SHA"

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


def bare_environment(folder: Path, path_file: str = "") -> Path:
    """Make an environment that holds Python, and what the path file names; return its packages."""
    venv.create(folder, symlinks=True)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    (site_packages / "checkout.pth").write_text(path_file, encoding="utf-8")
    return site_packages


def gate_environment(folder: Path) -> Path:
    """Make an environment with the gate of this checkout; return the folder of its programs."""
    bare_environment(folder, f"{dev.ROOT}\n{sysconfig.get_path('purelib')}\n")
    return folder / "bin"


def gitlab_ci_local(repository: Repository, variables: Mapping[str, str]) -> str:
    """Run a repository's pipeline with these variables; return its log."""
    program = bring.TOOLS / "node_modules" / ".bin" / "gitlab-ci-local"
    assert program.exists(), "gitlab-ci-local is missing: python3 dev.py tools brings it"
    options = [f"--variable={name}={value}" for name, value in variables.items()]
    return repository.run(program, "--force-shell-executor", "--shell-isolation", *options).output


class Consumer:
    """A repository on GitLab that holds the component, and uses it."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._home = folder / "home"
        self._home.mkdir()
        self._repository = Repository.make(
            folder / "shop",
            "https://gitlab.example.com/owner/shop.git",
            HOME=str(self._home),
            PATH=path_with(programs),
        )
        self.workspace = self._repository.folder
        self.write = self._repository.write

    def run(
        self, uses: Mapping[str, Use], jobs: Mapping[str, Any], variables: Mapping[str, str]
    ) -> Pipeline:
        """Run a pipeline of these uses of the component, each a job, and of other jobs."""
        # YAML is a superset of JSON.
        self.write(".gitlab-ci.yml", json.dumps(_configuration(uses, jobs)))
        self._repository.commit()
        log = gitlab_ci_local(self._repository, variables)
        state = self.workspace / ".gitlab-ci-local"
        return Pipeline(
            log=log,
            artifacts={job: files_under(state / "artifacts" / job) for job in (*uses, *jobs)},
            workspace=[path.name for path in (*self.workspace.rglob("*"), *self._home.rglob("*"))],
        )


def _configuration(uses: Mapping[str, Use], jobs: Mapping[str, Any]) -> dict[str, Any]:
    included = [
        {"component": COMPONENT, "inputs": {"job-name": name, "stage": "check", **use.inputs}}
        for name, use in uses.items()
    ]
    added = {name: dict(use.job) for name, use in uses.items() if use.job}
    return {"stages": ["check", "deploy"], "include": included, **added, **jobs}
