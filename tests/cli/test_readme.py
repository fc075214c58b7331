"""What the README and the recipes show, tried."""

from __future__ import annotations

import re
import shlex
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.cli.sandbox import read_world
from gate.errors import ExitCode
from gate.policy import load_policies
from tests.project.markdown import Page, words
from tests.rigs.command import HOST, Result

if TYPE_CHECKING:
    from collections.abc import Callable

    Gate = Callable[..., Result]

README = Page.read("README.md")
RECIPES = Page.read("docs/recipes.md")
SAMPLES = [
    (image, code)
    for cell, code, _ in RECIPES.section("Without an account").rows
    for image in words(cell)
]


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
    arguments = shlex.split(README.snippet("sh", "dev.py gate").removeprefix("python3 dev.py gate"))
    assert _steady(README.snippet("text", "SANDBOX")) == _steady(gate(*arguments).out)


def _steady(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|127\.0\.0\.1:\d+", "…", text)


@pytest.mark.parametrize("page", [README, RECIPES], ids=lambda page: page.name)
def test_the_policy_example_is_valid(page: Page, tmp_path: Path) -> None:
    example = tmp_path / "policy.yaml"
    example.write_text(page.snippet("yaml", "version: 1"), encoding="utf-8")
    loaded = load_policies([str(example)], directory=tmp_path, today=date(2026, 12, 1))
    assert 1 == len(loaded.sources)


def test_the_sandbox_data_example_is_valid(tmp_path: Path) -> None:
    example = tmp_path / "data.yaml"
    example.write_text(RECIPES.snippet("yaml", "timeline:"), encoding="utf-8")
    world = read_world(example)
    assert ["shop/web", "shop/api"] == [image.name for image in world.images]


def test_every_exit_code_is_explained() -> None:
    codes = [code for row in README.section("Exit codes").rows for code in row[0].split(",")]
    assert sorted(ExitCode) == sorted(map(int, codes))


def test_it_is_one_page() -> None:
    assert 170 >= len(README.text.splitlines())
