"""A consumer's repository: git, files, and the programs that run in it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from tests.rigs.surroundings import surroundings

if TYPE_CHECKING:
    from pathlib import Path

MINUTES = 300  # seconds that a program may take where the package index is slow

# Whoever commits, whatever the settings of the machine are.
_GIT = {
    **{f"GIT_{role}_NAME": "Tester" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "tester@example.com" for role in ("AUTHOR", "COMMITTER")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


class Done(NamedTuple):
    """How a program ended, and all that it printed."""

    code: int
    output: str


@dataclass(frozen=True)
class Repository:
    """A folder under git, and the environment in which everything in it runs."""

    folder: Path
    environment: dict[str, str]

    @classmethod
    def make(cls, folder: Path, remote: str = "", **environment: str) -> Repository:
        """Make an empty repository, in surroundings with more variables."""
        folder.mkdir(parents=True, exist_ok=True)
        repository = cls(folder, {**surroundings(), **_GIT, **environment})
        repository.git("init", "--quiet", "--initial-branch", "main")
        if remote:
            repository.git("remote", "add", "origin", remote)
        return repository

    def but_with(self, **environment: str) -> Repository:
        """Return the same repository in an environment with more variables."""
        return replace(self, environment={**self.environment, **environment})

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def run(self, *command: str | Path) -> Done:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=MINUTES,
        )
        return Done(done.returncode, done.stdout)

    def git(self, *arguments: str | Path) -> str:
        code, output = self.run("git", *arguments)
        assert 0 == code, output
        return output

    def pre_commit(self, *arguments: str | Path) -> Done:
        return self.run(sys.executable, "-m", "pre_commit", *arguments)

    def commit(self) -> str:
        """Commit everything; return the commit's name."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--no-verify", "--message", "Change")
        return self.git("rev-parse", "HEAD").strip()


def path_with(*programs: Path) -> str:
    """Return a PATH on which these folders come first."""
    return os.pathsep.join((*map(str, programs), os.environ["PATH"]))


def files_under(folder: Path) -> dict[str, str]:
    """Return the text files under a folder, by their path in it, without those of git."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }
