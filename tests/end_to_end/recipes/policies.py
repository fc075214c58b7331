"""The workflows of docs/policy-as-code.md, run by act as they stand there.

Only what would ask GitHub or Alibaba Cloud has a stand-in: gh, the upload of artifacts, the token
services, and Security Center, for which `--endpoint` is added. One run installs the gate with pip,
from a package that leads to this checkout; the others find it installed.
"""

from __future__ import annotations

import json
import re
import sysconfig
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dev
from tests.end_to_end.action.consumer import BESIDE, act
from tests.project.markdown import Page
from tests.recipes.documents import replaced
from tests.rigs.repository import Repository, files_under, path_with

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

PAGE = Page.read("docs/policy-as-code.md")
WORKFLOWS = {
    snippet.text.splitlines()[0].removeprefix("name: "): snippet.text
    for snippet in PAGE.section("Pipelines").snippets
    if snippet.text.startswith("name: ")
}
POLICY = PAGE.snippet("yaml", "clicked away in the console")
TESTS = PAGE.snippet("yaml", "reference: shop/new:1.0")

_UPLOAD = "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f"
_FAKE_UPLOAD = """\
name: Upload an artifact
description: Keeps the folder that it is given.
inputs:
  name: {description: name, required: true}
  path: {description: path, required: true}
runs:
  using: composite
  steps:
    - {run: 'cp -R "$FOLDER" "$KEPT"', shell: bash, env: {FOLDER: "${{ inputs.path }}"}}
"""
_GH = """\
#!/bin/sh
echo "gh $*" >>"$CALLS"
case "$1 $2" in
  "run list") echo "$LAST_AUDIT" ;;
  "run download") mkdir "$7" && cp "$RECORD" "$7/audit.cases" ;;
  "issue create") cp "$6" "$ISSUE" ;;
  "pr create") exit "$CREATED" ;;
esac
"""
_PEOPLE = ("GIT_AUTHOR_", "GIT_COMMITTER_")
SOURCE = '"git+https://github.com/owner/buildrisk-gate@0123456789abcdef0123456789abcdef01234567"'
INSTALL = f"""\
          python3 -I -m venv "$RUNNER_TEMP/gate"
          "$RUNNER_TEMP/gate/bin/python" -I -m pip install {SOURCE}
"""


@dataclass(frozen=True)
class Ran:
    """What is left of a job: how it ended, its summary, which calls gh got, what was kept.

    ``ended`` is the exit code of each step that ran. act tells it itself, while it may lose what a
    step prints just before its end.
    """

    code: int
    ended: Mapping[str, int]
    log: str
    summary: str
    calls: list[str]
    kept: Mapping[str, str]
    issue: str
    repository: Repository


@dataclass(frozen=True)
class Installed:
    """Where a job finds the gate: already installed, or as a package for pip."""

    environment: Path
    package: Path | None = None

    def put_into(self, workflow: str) -> str:
        if self.package is not None:
            return replaced(workflow, SOURCE, f'"{self.package}"')
        link = f'          ln -s "{self.environment}" "$RUNNER_TEMP/gate"\n'
        return replaced(workflow, INSTALL, link)


def package(folder: Path) -> Path:
    """Make a package that leads to this checkout, and to what the gate needs."""
    file = folder / "buildrisk_gate-0-py3-none-any.whl"
    about = {
        "METADATA": "Metadata-Version: 2.1\nName: buildrisk-gate\nVersion: 0\n",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("checkout.pth", f"{dev.ROOT}\n{sysconfig.get_path('purelib')}\n")
        for name, text in about.items():
            archive.writestr(f"buildrisk_gate-0.dist-info/{name}", text)
    return file


@dataclass(frozen=True)
class Job:
    """A repository with one of the workflows, and the machine on which it runs."""

    folder: Path
    repository: Repository

    @classmethod
    def make(cls, folder: Path, workflow: str, files: Mapping[str, str]) -> Job:
        """Make a repository whose files are committed on its only branch, and pushed."""
        repository = Repository.make(folder / "shop", "https://github.com/octo-org/octo-repo")
        repository.git("init", "--quiet", "--bare", folder / "remote")
        repository.git("config", "remote.origin.pushurl", folder / "remote")
        repository.write(".github/workflows/job.yml", workflow)
        for name, text in files.items():
            repository.write(name, text)
        repository.commit()
        (folder / "bin").mkdir()
        (folder / "bin" / "gh").write_text(_GH, encoding="utf-8")
        (folder / "bin" / "gh").chmod(0o755)
        (folder / "upload").mkdir()
        (folder / "upload" / "action.yml").write_text(_FAKE_UPLOAD, encoding="utf-8")
        return cls(folder, repository)

    def run(self, event: str = "workflow_dispatch", *options: str, **variables: str) -> Ran:
        """Run the job; variables are those of the stand-ins."""
        kept, issue, calls = (self.folder / name for name in ("kept", "issue", "calls"))
        names = {"CALLS": calls, "KEPT": kept, "ISSUE": issue, "RECORD": self.record}
        job = {name: str(path) for name, path in names.items()}
        job |= {"LAST_AUDIT": "7", "CREATED": "0", **variables}
        code, log = act(
            Repository(self.repository.folder, self._environment),
            {_UPLOAD: self.folder / "upload"},
            self.folder / "cache",
            "--json",
            *(f"--env={name}={value}" for name, value in job.items()),
            *options,
            event=event,
        )
        lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
        return Ran(
            code=code,
            ended=_ended(lines),
            log=log,
            summary="".join(ln["content"] for ln in lines if ln.get("command") == "summary"),
            calls=calls.read_text(encoding="utf-8").splitlines() if calls.exists() else [],
            kept=files_under(kept) if kept.exists() else {},
            issue=issue.read_text(encoding="utf-8") if issue.exists() else "",
            repository=self.repository,
        )

    def propose(self, files: Mapping[str, str]) -> list[str]:
        """Commit a change, and return act's options for a pull request with it."""
        base = self.repository.git("rev-parse", "HEAD").strip()
        for name, text in files.items():
            self.repository.write(name, text)
        self.repository.commit()
        event = self.folder / "event.json"
        event.write_text(json.dumps({"pull_request": {"base": {"sha": base}}}), encoding="utf-8")
        return ["--eventpath", str(event)]

    @property
    def _environment(self) -> dict[str, str]:
        """The runner's, which knows nobody who commits."""
        own = self.repository.environment
        nobody = {name: text for name, text in own.items() if not name.startswith(_PEOPLE)}
        return {**nobody, "PATH": path_with(self.folder / "bin", BESIDE)}

    @property
    def record(self) -> Path:
        return self.folder / "audit.cases"


def _ended(lines: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return the exit code of each step, of what act says of them."""
    ended: dict[str, int] = {}
    for line in lines:
        failed = re.fullmatch(r"exit status (\d+)", line["msg"])
        if failed and "step" in line:
            ended[line["step"]] = int(failed[1])
        elif line.get("stage") == "Main" and line.get("stepResult") == "success":
            ended[line["step"]] = 0
    return ended


def baseline(*waivers: Iterable[str]) -> str:
    """Return a baseline: of each waiver a risk, an image, and its last day."""
    head = "version: 1\nblock: {levels: [], statuses: []}\nwaivers:\n"
    return head + "".join(
        f"  - risks: [{risk}]\n    images: [{image}]\n    reason: r\n    expires: {expires}\n"
        for risk, image, expires in waivers
    )
