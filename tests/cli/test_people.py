"""What people read of each command: whole names, colours where wanted, and who judged."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.sandbox import sample_world
from tests.rigs.command import HOST, Result

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

ANSI = re.compile(r"\x1b\[[0-9;]*m")
CHANGING = re.compile(r"127\.0\.0\.1:\d+|\d+:\d\d:\d\d")
WEB, API = f"{HOST}/shop/web:1.4", f"{HOST}/shop/api:2.0"
COMMANDS = [
    ("check", "--sandbox", WEB, API),
    ("manifests", "--sandbox", "Dockerfile"),
    ("audit", "--sandbox"),
    ("risks", "--sandbox"),
    ("doctor", "--sandbox"),
]
by_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
REPORT_ONLY = "version: 1\nblock: {levels: [], statuses: []}\n"


@pytest.fixture(autouse=True)
def _dockerfile(_workdir: None) -> None:
    Path("Dockerfile").write_text(f"FROM {WEB}\n")


@by_command
@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"CLICOLOR_FORCE": "1"}, True),
        ({"CLICOLOR_FORCE": "0"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"GITHUB_ACTIONS": "true"}, False),
        ({"GITLAB_CI": "true"}, False),
        ({"GITLAB_CI": "true", "FORCE_COLOR": "1"}, True),
    ],
    ids=str,
)
def test_colours_come_where_the_environment_asks_for_them(
    gate: Gate,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    variables: dict[str, str],
    coloured: bool,  # noqa: FBT001 - a parameter
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert coloured == bool(ANSI.search(gate(*command).out))


@by_command
def test_a_pipe_is_folded_only_to_columns_that_somebody_says(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    Path(".buildrisk-gate.yaml").write_text(
        "version: 1\nblock: {levels: [high], statuses: [unhandled]}\nscan: {settle: 0s}\n"
    )
    log = CHANGING.sub("…", gate(*command).out)
    monkeypatch.setenv("COLUMNS", "50")
    folded = CHANGING.sub("…", gate(*command).out)
    assert any(len(line) > 80 for line in log.splitlines())
    assert log.split() == folded.split() or command[0] == "check"  # which draws a line
    assert len(log.splitlines()) < len(folded.splitlines())
    assert log.splitlines()[-1].startswith(folded.splitlines()[-1][:40])
    for word in re.findall(r"sha256:[0-9a-f]+", folded):
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", word)
    for nonsense in ("", "0", "-3", "wide", "9" * 5000):
        monkeypatch.setenv("COLUMNS", nonsense)
        assert log == CHANGING.sub("…", gate(*command).out)


@pytest.mark.parametrize("command", COMMANDS[:3], ids=lambda command: command[0])
def test_a_quiet_line_names_the_policy_and_whether_it_only_reports(
    gate: Gate, command: tuple[str, ...]
) -> None:
    [line] = gate(*command, "-q").out.splitlines()
    assert line.endswith(" [policy (built-in)] (exit 10)")
    Path(".buildrisk-gate.yaml").write_text(REPORT_ONLY)
    [line] = gate(*command, "-q").out.splitlines()
    assert " [policy .buildrisk-gate.yaml (blocks nothing)] (exit " in line
    assert "blocks nothing" in gate(*command).out


def test_errors_are_coloured_alike(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    for arguments in (("risks", "--level", "nope"), ("policy", "validate", "gone.yaml")):
        result = gate(*arguments)
        assert 2 == result.code
        assert "\x1b[1;31merror:\x1b[0m " in result.err


def test_a_sandbox_that_is_served_is_told_by_its_answers(gate: Gate, serve: Serve) -> None:
    with serve(world=sample_world()) as sandbox:
        audit = ("audit", "--endpoint", sandbox.url, "--format", "json", "--no-ci")
        assert gate(*audit).report["service"]["sandbox"] is False
        sandbox.labelled = True
        assert gate(*audit).report["service"]["sandbox"] is True
        assert "  SANDBOX  " in gate(*audit[:3], "-q").out
