"""What the README says, tried."""

from __future__ import annotations

import re
import shlex
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from gate import cli
from gate.errors import ExitCode
from gate.policy import load_policies
from gate.report import FORMATS
from gate.sandbox import load_world
from tests.rigs.command import HOST, Result

if TYPE_CHECKING:
    from collections.abc import Callable

    Gate = Callable[..., Result]

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SAMPLES = re.findall(r"^\| `(shop/[^`]+)` \| (\d+) \|", README, re.MULTILINE)


def block(language: str, holding: str) -> str:
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return next(text for text in found if holding in text)


def test_the_table_of_samples_is_read() -> None:
    assert 11 == len(SAMPLES)


@pytest.mark.parametrize(("image", "code"), SAMPLES)
def test_a_sample_image_exits_as_the_table_says(gate: Gate, image: str, code: str) -> None:
    Path(".buildrisk-gate.yaml").write_text(
        "version: 1\nblock: {levels: [high, medium], statuses: [unhandled]}\nscan: {settle: 0s}\n"
    )
    wait = "30s" if image == "shop/batch:3.1" else "0"
    result = gate("check", "--sandbox", "--wait", wait, f"{HOST}/{image}")
    assert int(code) == result.code, result.out
    assert "SANDBOX" in result.out.splitlines()[-1]


def test_a_scan_on_request_lets_the_ghost_pass(gate: Gate) -> None:
    Path(".buildrisk-gate.yaml").write_text(
        "version: 1\nblock: {levels: [high], statuses: [unhandled]}\nscan: {settle: 0s}\n"
    )
    assert 0 == gate("check", "--sandbox", "--scan", "missing", f"{HOST}/shop/ghost:1.0").code


def test_the_example_shows_what_the_gate_shows(gate: Gate) -> None:
    arguments = shlex.split(block("sh", "dev.py gate").removeprefix("python3 dev.py gate"))
    assert _steady(block("text", "SANDBOX")) == _steady(gate(*arguments).out)


def _steady(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|127\.0\.0\.1:\d+", "…", text)


def test_the_policy_example_is_valid(tmp_path: Path) -> None:
    example = tmp_path / "policy.yaml"
    example.write_text(block("yaml", "version: 1"), encoding="utf-8")
    loaded = load_policies([str(example)], directory=tmp_path, today=date(2026, 12, 1))
    assert 1 == len(loaded.sources)


def test_the_sandbox_data_example_is_valid(tmp_path: Path) -> None:
    example = tmp_path / "data.yaml"
    example.write_text(block("yaml", "timeline:"), encoding="utf-8")
    world = load_world(example)
    assert ["shop/web", "shop/api"] == [image.name for image in world.images]


def test_every_exit_code_is_explained() -> None:
    table = README.partition("## Exit codes")[2].partition("##")[0]
    rows = re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE)
    told = {int(code) for row in rows for code in row.split(",")}
    assert {int(code) for code in ExitCode} == told


def test_every_option_of_check_is_explained() -> None:
    table = README.partition("## Options of `gate check`")[2].partition("##")[0]
    told = set(re.findall(r"--[a-z-]+", table))
    command = cli.cli.commands["check"]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert set(parameter.opts) & told, parameter.opts
    assert set(FORMATS) == set(
        re.findall(r"`([\w-]+)`", table.partition("standard output shows:")[2].partition("|")[0])
    )


@pytest.mark.parametrize("name", cli.cli.commands)
def test_every_command_is_explained(name: str) -> None:
    assert f"`gate {name}" in README
