"""Commands that ask nobody start without the modules that do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"aiohttp", "anyio", "asyncio", "rich", "ssl"}


def imported_by(*arguments: str) -> set[str]:
    """Return the names of the modules that a command imports, without those that measure it."""
    environment = {key: os.environ[key] for key in os.environ if not key.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "gate", *arguments],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--version",),
        ("policy", "validate", "policies/strict.yaml"),
        ("policy", "test", "policies"),
        ("policy", "waive", "--help"),
        ("policy", "prune", "--help"),
        ("schema", "policy"),
    ],
    ids=" ".join,
)
def test_a_command_that_asks_nobody_imports_no_network(arguments: tuple[str, ...]) -> None:
    modules = imported_by(*arguments)

    assert "gate.cli" in modules
    assert set() == HEAVY & modules


def test_the_http_client_is_loaded_before_the_time_of_a_run_begins() -> None:
    program = "import sys, gate.connect; print('aiohttp' in sys.modules)"
    printed = subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, encoding="utf-8")
    assert "True" == printed.strip()
