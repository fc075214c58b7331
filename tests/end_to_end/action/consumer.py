"""A consumer's repository whose one job, run by act, uses the action again and again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gate.sandbox import SampleFinding, SampleImage, sample_world

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HOST = "registry.cn-hangzhou.aliyuncs.com"
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"
SETUP_PYTHON = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97"
ACTION = "owner/buildrisk-gate@v1"
MINUTES = 300  # seconds that all steps together may take where the package index is slow

# Settings of whoever runs the tests, and of the job that they may run in.
FOREIGN = (
    "ACTIONS_",
    "ALIBABA_CLOUD_",
    "BUILDRISK_GATE_",
    "COVERAGE_",
    "GIT_",
    "GITHUB_",
    "PYTHON",
)

# What a build command would say to set outputs, and to hide or forge the log's lines.
COMMANDS = (
    "RUN echo\n::set-output name=forged::1",
    "RUN x \r::set-output name=forged::1",
    "RUN x\n  ::set-output name=verdict::pass",
    "RUN ##[set-output name=forged;]1",
    "RUN x\n::add-mask::shop",
    "RUN " + "x" * 59 + " ::set-output name=forged::1",
)
EVIL = SampleImage(
    namespace="shop",
    repository="evil",
    tag="1.0",
    findings=tuple(SampleFinding(risk="no_user", command=command) for command in COMMANDS),
)

# In place of the real one, which would come from GitHub: it hands out an interpreter of ours.
FAKE_SETUP_PYTHON = """\
name: Set up Python
description: Says which Python was asked for.
inputs:
  python-version: {description: version}
  update-environment: {description: whether the job's own Python changes}
outputs:
  python-path:
    description: path
    value: ${{ steps.find.outputs.python-path }}
runs:
  using: composite
  steps:
    - id: find
      shell: bash
      env:
        VERSION: ${{ inputs.python-version }}
        UPDATE: ${{ inputs.update-environment }}
      run: |
        echo "asked for Python $VERSION, update-environment: $UPDATE"
        echo "python-path=$BROUGHT_PYTHON" >>"$GITHUB_OUTPUT"
"""

# What a consumer's next step sees of the step before.
RECORD = """\
folder="$RECORDS/$NAME"
mkdir -p "$folder"
printf '%s' "$STEP" >"$folder/step.json"
for file in "$REPORT_JSON" "$SARIF_FILE" "$REPORT_HTML"; do
  if [ -f "$file" ]; then cp "$file" "$folder/"; fi
done
"""


@dataclass(frozen=True)
class Case:
    """One use of the action: its inputs, and the environment of its step."""

    inputs: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """What a consumer sees of a step that used the action."""

    outcome: str
    outputs: Mapping[str, str]
    log: str
    summary: str
    files: Mapping[str, str]
    commands: Sequence[tuple[str, str]]
    """Workflow commands that the runner took, and what they said."""


@dataclass(frozen=True)
class Run:
    """All steps of the job; what the workspace and the machine look like afterwards."""

    code: int
    steps: Mapping[str, Step]
    log: str
    workspace: Mapping[str, str]
    hijacked: str


def named(name: str) -> str:
    """Return the reference of a sample image, by tag and digest."""
    return f"{HOST}/{name}@{digest_of(name)}"


def digest_of(name: str) -> str:
    (digest,) = {
        image.digest
        for image in (*sample_world().images, EVIL)
        if f"{image.name}:{image.tag}" == name and image.registry_type == "acr"
    }
    return digest


class Consumer:
    """A repository that uses the action, and the runner's machine around it."""

    def __init__(self, folder: Path, released: Path) -> None:
        self.workspace = folder / "shop"
        self.records = folder / "records"
        self._folder = folder
        self._released = released
        self.workspace.mkdir()
        self.records.mkdir()
        (folder / "setup-python").mkdir()
        (folder / "setup-python" / "action.yml").write_text(FAKE_SETUP_PYTHON, encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        file = self.workspace / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def run(self, cases: Mapping[str, Case], **environment: str) -> Run:
        """Run the action for each case in one job, which only the last case may fail."""
        used = [step for name, case in cases.items() for step in _steps(name, case)]
        del used[-2]["continue-on-error"]
        deploy = {"run": "echo deploying"}
        keep = {"if": "always()", "run": 'cp -R . "$RECORDS/workspace"'}
        hostile = {"PYTHONPATH": "${{ github.workspace }}"}
        steps = [{"uses": CHECKOUT}, *used, deploy, keep]
        job = {"runs-on": "ubuntu-latest", "env": hostile, "steps": steps}
        # YAML is a superset of JSON.
        workflow = {"on": "push", "jobs": {"release": job}}
        self.write(".github/workflows/release.yml", json.dumps(workflow))
        self._commit()
        done = self._act(environment)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        assert (self.records / "workspace").exists(), done.stdout
        hijacked = self._folder / "hijacked"
        return Run(
            code=done.returncode,
            steps={name: self._step(name, lines) for name in cases},
            log=done.stdout,
            workspace=_files(self.records / "workspace"),
            hijacked=hijacked.read_text(encoding="utf-8") if hijacked.exists() else "",
        )

    def _commit(self) -> None:
        git = ["git", "-c", "user.name=Tester", "-c", "user.email=tester@example.com"]
        for arguments in (
            ["init", "--quiet", "--initial-branch", "main"],
            ["remote", "add", "origin", "https://github.com/owner/shop"],
            ["add", "--all"],
            ["commit", "--quiet", "--message", "Release"],
        ):
            subprocess.run([*git, *arguments], cwd=self.workspace, check=True)

    def _act(self, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        beside = Path(sys.executable).parent
        kept = {name: os.environ[name] for name in os.environ if not name.startswith(FOREIGN)}
        kept["PATH"] = os.pathsep.join((str(beside), os.environ["PATH"]))
        act = shutil.which("act", path=kept["PATH"])
        assert act is not None
        job = {
            "BROUGHT_PYTHON": sys.executable,
            "HIJACKED": str(self._folder / "hijacked"),
            "RECORDS": str(self.records),
            **environment,
        }
        command = [act, "push", "--platform", "ubuntu-latest=-self-hosted", "--json"]
        command += ["--no-cache-server", "--action-cache-path", str(self._folder / "cache")]
        command += ["--local-repository", f"{ACTION}={self._released}"]
        command += ["--local-repository", f"{SETUP_PYTHON}={self._folder / 'setup-python'}"]
        for name, value in job.items():
            command += ["--env", f"{name}={value}"]
        return subprocess.run(
            command,
            cwd=self.workspace,
            env=kept,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=MINUTES,
        )

    def _step(self, name: str, lines: Sequence[Mapping[str, Any]]) -> Step:
        files = _files(self.records / name)
        own = [line for line in lines if line.get("stepID", [""])[0] == name]
        seen = json.loads(files.pop("step.json"))
        return Step(
            outcome=seen["outcome"],
            outputs=seen["outputs"],
            log="".join(line["msg"] for line in own if line.get("raw_output")),
            summary="".join(line["content"] for line in own if line.get("command") == "summary"),
            files=files,
            commands=[(line["command"], line["msg"]) for line in own if "command" in line],
        )


def _steps(name: str, case: Case) -> list[dict[str, Any]]:
    use: dict[str, Any] = {
        "id": name,
        "uses": ACTION,
        "continue-on-error": True,
        "with": dict(case.inputs),
        "env": dict(case.environment),
    }
    output = f"${{{{ steps.{name}.outputs.%s }}}}"
    seen = {
        "NAME": name,
        "STEP": f"${{{{ toJSON(steps.{name}) }}}}",
        "REPORT_JSON": output % "report-json",
        "SARIF_FILE": output % "sarif-file",
        "REPORT_HTML": output % "report-html",
    }
    return [use, {"if": "always()", "shell": "bash", "run": RECORD, "env": seen}]


def _files(folder: Path) -> dict[str, str]:
    """Return the text files under a folder, by their path in it, without those of git."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }
