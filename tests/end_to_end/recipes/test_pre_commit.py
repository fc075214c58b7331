"""The recipe for pre-commit, in a real push, as it stands in docs/recipes.md.

The hooks come from a repository with what this project ships, and ask the embedded Security Center.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import dev
from gate import __version__
from tests.recipes.documents import ENGLISH, replaced

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = (".pre-commit-hooks.yaml", "LICENSE", "README.md", "gate", "policies", "pyproject.toml")
IMAGES = "registry.cn-hangzhou.aliyuncs.com/shop"
POLICY = "version: 1\nblock: {levels: [high, medium], statuses: [unhandled]}\n"
COMPOSE = f"services:\n  api:\n    image: {IMAGES}/api:2.0\n"

# Settings of whoever runs the tests, and of the hook or the job that they may run in.
FOREIGN = ("ALIBABA_CLOUD_", "BUILDRISK_GATE_", "COVERAGE_", "GIT", "PRE_COMMIT", "PYTHON", "SKIP")
MINUTES = 300  # seconds that a step may take where the package index is slow


class Repository(NamedTuple):
    folder: Path
    environment: dict[str, str]

    @classmethod
    def make(cls, folder: Path, home: Path) -> Repository:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        own = {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "PRE_COMMIT_HOME": str(home),
        }
        for role in ("AUTHOR", "COMMITTER"):
            own |= {f"GIT_{role}_NAME": "Tester", f"GIT_{role}_EMAIL": "tester@example.com"}
        folder.mkdir()
        repository = cls(folder, {**kept, **own})
        repository.run("git", "init", "--quiet", "--initial-branch", "main")
        return repository

    def run(self, *command: str, code: int = 0) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=MINUTES,
        )
        assert code == done.returncode, done.stdout
        return done.stdout

    def commit(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / NAMES[name]).write_text(text, encoding="utf-8")
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--no-verify", "--message", "Change")


NAMES = {
    "configuration": ".pre-commit-config.yaml",
    "policy": ".buildrisk-gate.yaml",
    "compose": "compose.yaml",
}


def released(folder: Path, home: Path) -> Repository:
    repository = Repository.make(folder, home)
    for name in SHIPPED:
        source, target = dev.ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    repository.commit()
    repository.run("git", "tag", f"v{__version__}")
    return repository


def recipe(hooks: Path) -> str:
    text = ENGLISH.snippet(ENGLISH.pre_commit)
    text = replaced(text, "https://github.com/owner/buildrisk-gate", hooks.as_posix())
    manifests = "      - id: gate-manifests\n"
    text = replaced(text, manifests, f"{manifests}        args: [--sandbox]\n")
    return replaced(text, "args: [registry", "args: [--sandbox, registry")


def test_a_push_goes_through_when_all_hooks_pass(tmp_path: Path) -> None:
    home = tmp_path / "pre-commit"
    configuration = recipe(released(tmp_path / "buildrisk-gate", home).folder)
    consumer = Repository.make(tmp_path / "shop", home)
    remote = str(tmp_path / "remote.git")
    consumer.run("git", "init", "--quiet", "--bare", remote)
    consumer.commit(configuration=configuration, policy=POLICY, compose=COMPOSE)
    consumer.run(sys.executable, "-m", "pre_commit", "install", "--hook-type", "pre-push")

    refused = consumer.run("git", "push", remote, "main", code=1)

    assert {
        "gate policy validate": "Passed",
        "gate manifests": "Passed",
        "gate check": "Failed",
    } == dict(re.findall(r"^(gate [a-z ]+?)\.+(\w+)$", refused, re.MULTILINE))
    assert "BLOCK  SANDBOX  shop/web:1.4" in refused
    assert not consumer.run("git", "ls-remote", remote)

    consumer.commit(configuration=configuration.replace("shop/web:1.4", "shop/api:2.0"))
    consumer.run("git", "push", remote, "main")

    assert consumer.run("git", "rev-parse", "main").strip() in consumer.run(
        "git", "ls-remote", remote
    )
