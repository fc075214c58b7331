"""A consumer's repository whose one job, run by act, uses the action again and again."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gate.sandbox import SampleFinding, SampleImage, sample_world
from tests.rigs.command import HOST
from tests.rigs.repository import Done, Repository, files_under, path_with
from tests.rigs.shipped import ACTION as ACTION_FILES
from tests.rigs.shipped import ship
from tests.rigs.surroundings import FRUGAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"
SETUP_PYTHON = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97"
ACTION = "owner/buildrisk-gate@v1"

BESIDE = Path(sys.executable).parent  # where pip installs act
PROVIDER = "acs:ram::1234567890123456:oidc-provider/github"

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


def act(
    repository: Repository,
    actions: Mapping[str, Path],
    cache: Path,
    *options: str,
    event: str = "push",
) -> Done:
    """Run a repository's workflows, whose actions lie in these folders, as an event would."""
    program = shutil.which("act", path=repository.environment["PATH"])
    assert program is not None
    command = [program, event, "--platform", "ubuntu-latest=-self-hosted", "--no-cache-server"]
    command += ["--action-cache-path", str(cache)]
    for action, folder in actions.items():
        command += ["--local-repository", f"{action}={folder}"]
    return repository.run(*command, *options)


class Consumer:
    """A repository that uses the action, and the runner's machine around it."""

    def __init__(self, folder: Path) -> None:
        self.records = folder / "records"
        self.records.mkdir()
        self._folder = folder
        self._repository = Repository.make(
            folder / "shop", "https://github.com/owner/shop", PATH=path_with(BESIDE)
        )
        self.write = self._repository.write
        ship(folder / "released", ACTION_FILES)
        (folder / "setup-python").mkdir()
        (folder / "setup-python" / "action.yml").write_text(FAKE_SETUP_PYTHON, encoding="utf-8")

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
        self._repository.commit()
        code, log = self._act(environment)
        lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
        assert (self.records / "workspace").exists(), log
        hijacked = self._folder / "hijacked"
        return Run(
            code=code,
            steps={name: self._step(name, lines) for name in cases},
            log=log,
            workspace=files_under(self.records / "workspace"),
            hijacked=hijacked.read_text(encoding="utf-8") if hijacked.exists() else "",
        )

    def _act(self, environment: Mapping[str, str]) -> Done:
        job = {
            "BROUGHT_PYTHON": sys.executable,
            "HIJACKED": str(self._folder / "hijacked"),
            "RECORDS": str(self.records),
            **FRUGAL,
            **environment,
        }
        actions = {ACTION: "released", SETUP_PYTHON: "setup-python"}
        return act(
            self._repository,
            {action: self._folder / folder for action, folder in actions.items()},
            self._folder / "cache",
            "--json",
            *(f"--env={name}={value}" for name, value in job.items()),
        )

    def _step(self, name: str, lines: Sequence[Mapping[str, Any]]) -> Step:
        files = files_under(self.records / name)
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
