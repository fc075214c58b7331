"""Linters find nothing in the action, in workflows, and in shell scripts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import dev
from tests.tools import bring

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    Parse: TypeAlias = Callable[[Sequence[Path]], str]

ACTION = dev.ROOT / "action.yml"
WORKFLOWS = sorted((dev.ROOT / ".github" / "workflows").glob("*.y*ml"))
SCRIPTS = [*sorted(dev.ROOT.glob("action/*.sh")), dev.ROOT / ".ci" / "run"]
PARSER = dev.ROOT / "tests" / "tools" / "github-parser.mjs"

BAD_WORKFLOW = """\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: echo ${{ secret.token }}
"""
BAD_ACTION = """\
name: bad
description: says a secret, which no action knows
runs:
  using: composite
  steps:
    - {run: "echo ${{ secrets.token }}", shell: bash}
"""


def said_by(program: str | Path, *arguments: str | Path, **environment: str) -> str:
    """Run a program; return nothing if it succeeds, and else what it says."""
    # What pip installed stands beside this interpreter, which PATH need not know.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    found = shutil.which(program, path=path)
    if found is None:
        pytest.fail(f"{program} is missing: python3 dev.py tools brings it, or names its package")
    done = subprocess.run(
        [found, *arguments],
        cwd=dev.ROOT,
        env={**os.environ, "PATH": path, **environment},
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
    )
    return f"exit code {done.returncode}\n{done.stdout}" if done.returncode else ""


@pytest.fixture(scope="module")
def github_parser(tmp_path_factory: pytest.TempPathFactory) -> Parse:
    """Bundle GitHub's parser, and return what asks it."""
    bundle = tmp_path_factory.mktemp("parser") / "parser.js"
    options = ["--bundle", "--platform=node", f"--outfile={bundle}", "--log-level=warning"]
    modules = bring.TOOLS / "node_modules"
    esbuild = shutil.which("esbuild", path=modules / ".bin") or "esbuild"
    assert not said_by(esbuild, PARSER, *options, NODE_PATH=str(modules))
    return lambda files: said_by("node", bundle, *files)


def test_zizmor_at_its_strictest_finds_nothing() -> None:
    options = ["--offline", "--persona=auditor", "--no-progress", "--strict-collection"]

    assert not said_by("zizmor", *options, ACTION, *WORKFLOWS)


def test_the_action_fits_its_schema() -> None:
    schema = ["--builtin-schema", "vendor.github-actions"]

    assert not said_by("check-jsonschema", *schema, ACTION)


def test_the_workflows_fit_their_schema() -> None:
    schema = ["--builtin-schema", "vendor.github-workflows"]

    assert not WORKFLOWS or not said_by("check-jsonschema", *schema, *WORKFLOWS)


def test_actionlint_finds_nothing_in_the_workflows() -> None:
    assert not WORKFLOWS or not said_by("actionlint", *WORKFLOWS)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_shellcheck_finds_nothing(script: Path) -> None:
    assert not said_by("shellcheck", "--severity=style", script)


def test_github_itself_would_take_the_action_and_the_workflows(github_parser: Parse) -> None:
    assert not github_parser([ACTION, *WORKFLOWS])


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("action.yml", BAD_ACTION, "Unrecognized named-value: 'secrets'"),
        ("bad.yml", BAD_WORKFLOW, "Unrecognized named-value: 'secret'"),
    ],
    ids=["action", "workflow"],
)
def test_github_itself_would_say_what_is_wrong(
    github_parser: Parse, tmp_path: Path, name: str, text: str, complaint: str
) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")

    assert complaint in github_parser([file])
