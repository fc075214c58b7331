"""No file tells where or from which registry it was made."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Written in pieces, so that this file doesn't hold what it looks for.
REGISTRIES = [
    ".".join(pieces)
    for pieces in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("debian", "org"),
    )
]
# Folders of the machines that this project is written on, not of the images it talks about.
MACHINE = re.compile(
    r"(?<![\w./~-])/(?:wo" + r"rk|roo" + r"t/\.(?:pyenv|cache|config)|o" + r"pt/pypi)\b"
)


def tracked_files() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a checkout of git")
    listed = subprocess.check_output([git, "ls-files", "-z"], cwd=ROOT, text=True, encoding="utf-8")
    files = [ROOT / name for name in listed.split("\0") if name]
    return [file for file in files if file.is_file()]


def lines_that_match(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in tracked_files()
        for number, line in enumerate(file.read_text("utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert not lines_that_match(re.compile("|".join(map(re.escape, REGISTRIES))))


def test_no_file_holds_a_path_of_the_machine_it_was_written_on() -> None:
    assert not lines_that_match(MACHINE)
    assert not lines_that_match(re.compile(re.escape(str(ROOT))))


def test_no_lock_file_names_an_index() -> None:
    assert not [file for file in tracked_files() if file.name == "uv.lock"]
