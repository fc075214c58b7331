"""The package's layout: that it is measured right, and what must never come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import dev
from tests.project import house

if TYPE_CHECKING:
    from pathlib import Path

# A package with one of each thing that is counted.
FILES = {
    "__init__.py": "",
    "audit.py": (
        "class Row: pass\nfrom gate.policy.judge import judge\nfrom gate.policy import load\n"
    ),
    "check_run.py": "import aiohttp.web\nimport click\ndef run():\n    import json\n",
    "cli/__init__.py": (
        "import click\n"
        "@click.group()\ndef cli(): pass\n"
        "@cli.command()\ndef check(): pass\n"
        "@cli.group()\ndef policy(): pass\n"
        "@policy.command()\ndef show(): pass\n"
    ),
    "cli/audit.py": "import click\n@click.command('audit')\ndef command(): pass\n",
    "http/session.py": "import aiohttp\nfrom urllib.request import getproxies\n",
    "policy/__init__.py": "from gate.policy.judge import judge\nfrom . import load\n",
    "policy/judge.py": (
        "from functools import cache\n"
        "class Outer:\n"
        "    class Row: pass\n"
        "    def __init__(self):\n"
        "        self._index['a'] = 1\n"
        "    def judge(self, key):\n"
        "        self._decided[id(key)] = 1\n"
        "        return self._decided\n"
        "@cache\ndef judge(): pass\n"
    ),
    "policy/load.py": "from ruamel.yaml import YAML\nlowest = lru_cache(maxsize=9)(min)\n",
    "registry/load.py": "class _Row: pass\nPROXY = 'HTTPS_PROXY'\n",
    "dockerfile/__init__.py": "one = 1\ntwo = 2\n",
    "__pycache__/audit.pyc": "",
    "moved/__pycache__/away.pyc": "",
}
COUNTED = {
    "entries at the top of gate/": 8,
    "modules": 11,
    "lines": 39,
    "class names used twice": 1,
    "the same, underscores aside": 1,
    "file names used twice": 2,
    "imports past a package's face": 2,
    "aiohttp outside http/ and sandbox/": 1,
    "click outside cli/": 1,
    "proxy look-ups": 2,
    "YAML readers": 1,
    "imports inside functions": 1,
    "caches in policy/": 3,
    "keys by id() in policy/": 1,
    "lines of dockerfile/": 2,
    "files of dockerfile/": 1,
    "commands without one file of their own": 4,
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / "gate" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


def test_each_number_is_counted(checkout: Path) -> None:
    assert COUNTED == {row.bound.title: row.now for row in house.measure(checkout)}


def test_what_is_over_its_bound_is_named(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not house.check(checkout)
    out = capsys.readouterr().out
    assert "policy/judge.py:7" in out
    assert "audit.py: gate.policy.judge" in out


def test_a_small_package_is_within_all_bounds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gate").mkdir()
    (tmp_path / "gate" / "__init__.py").write_text("", encoding="utf-8")

    assert house.check(tmp_path)
    assert " over" not in capsys.readouterr().out


def test_no_name_of_a_class_stands_twice() -> None:
    assert [] == house.repeated_classes(house.House(dev.ROOT))
