"""What help says, and what a wrong command line is answered with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
import pytest

from gate import ADDRESS, cli
from gate.errors import ExitCode
from tests.rigs.command import HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.rigs.command import Result

    Gate = Callable[..., Result]

GROUPED = ("check", "manifests", "audit")
IMAGE = f"{HOST}/shop/web:1.4"


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command below a group, groups too."""
    for name, command in group.commands.items():
        yield (*path, name)
        loaded = command.load() if hasattr(command, "load") else command
        if isinstance(loaded, click.Group):
            yield from commands(loaded, *path, name)


COMMANDS = [(), *commands(cli.cli)]


@pytest.mark.parametrize("columns", [40, 80, 100])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_help_is_cut(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    result = gate(*command, "--help")
    assert ExitCode.PASSED == result.code
    assert not [line for line in result.out.splitlines()[1:] if line.endswith("...")]


@pytest.mark.parametrize("command", GROUPED)
def test_the_options_stand_in_groups(gate: Gate, command: str) -> None:
    out = gate(command, "--help").out
    titles = re.findall(r"^(\w+):$", out, re.MULTILINE)
    assert ["Options", "Images", "Policy", "Scanning", "Service", "Output"] == titles
    ungrouped = out.partition("\nOptions:\n")[2].partition("\n\n")[0]
    assert ["-h, --help"] == re.findall(r"^  (-.*?)  ", ungrouped, re.MULTILINE)


@pytest.mark.parametrize("command", GROUPED)
def test_help_ends_with_examples_every_exit_code_and_the_documents(
    gate: Gate, command: str
) -> None:
    end = gate(command, "--help").out.partition("Examples:\n")[2]
    assert f"gate {command} " in end
    codes = {int(code) for code in re.findall(r"(?<![\d.:-])\d+(?= |,|:)", end.split("codes:")[1])}
    assert set(ExitCode) == codes
    assert f"{ADDRESS}/tree/main/docs" in end


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("check", "-o", "json"), ("--format", "--report NAME=PATH")),
        (("check", "--output", "x.json", IMAGE), ("--format", "--report NAME=PATH")),
        (("audit", "-f", "json"), ("--format",)),
        (("check", "--json", IMAGE), ("--format json",)),
        (("check", "--fail-on", "high", IMAGE), ("policy", "levels")),
        (("check", "--severity=HIGH", IMAGE), ("policy", "levels")),
        (("check", "--exit-code", "1", IMAGE), ("10",)),
        (("check", "--polcy", "x"), ("Did you mean '--policy'?",)),
        (("check", "--format", "table", IMAGE), ("'table'", "Did you mean text?")),
        (("check", "--format", "jsn", IMAGE), ("Did you mean json?",)),
        (("check", "--report", "md=x.md", IMAGE), ("Did you mean markdown?",)),
        (("risks", "--format", "table"), ("Did you mean text?",)),
        (("help",), ("gate --help",)),
        (("version",), ("gate --version",)),
        (("chekc",), ("Did you mean 'check'?",)),
        (("manifests",), ("FILE", "`gate manifests --help`")),
        (("check", "--digest"), ("requires an argument", "`gate check --help`")),
    ],
    ids=" ".join,
)
def test_what_other_programs_have_is_answered_with_what_this_one_has(
    gate: Gate, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    result = gate(*arguments)
    assert (2, "") == (result.code, result.out)
    message, remedy = result.err.splitlines()
    assert message.startswith("error: ")
    assert remedy.startswith("       ")
    assert not [word for word in words if word not in result.err]


def test_a_value_of_the_command_line_is_not_said_to_be_of_a_variable(gate: Gate) -> None:
    result = gate("check", "--wait", "10", IMAGE)
    assert result.err.startswith("error: Invalid value for '--wait': '10' is not a duration.")
    assert "BUILDRISK_GATE" not in result.err


@pytest.mark.parametrize(
    ("name", "value"),
    [("WAIT", "10"), ("FORMAT", "table"), ("POLICY", "no.yaml"), ("DIGEST", "sha256:12")],
)
def test_a_value_of_a_variable_is_said_to_be(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("BUILDRISK_GATE_REGION", "cn-hangzhou")
    monkeypatch.setenv(f"BUILDRISK_GATE_{name}", value)
    result = gate("check", IMAGE)
    assert 2 == result.code
    assert f"variable BUILDRISK_GATE_{name}" in result.err
    assert "BUILDRISK_GATE_REGION" not in result.err


@pytest.mark.parametrize("program", ["gate", "buildrisk-gate"])
def test_completion_asks_by_the_name_of_the_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], program: str
) -> None:
    variable = f"_{program}_COMPLETE".replace("-", "_").upper()
    monkeypatch.setenv("COMP_WORDS", f"{program} check --fo")
    monkeypatch.setenv("COMP_CWORD", "2")
    monkeypatch.setenv(variable, "bash_complete")
    assert ExitCode.PASSED == cli.run([], program)
    assert "plain,--format\n" == capsys.readouterr().out
