"""The layers that import-linter keeps hold every module; dev.py runs import-linter itself."""

from __future__ import annotations

import pkgutil
import tomllib
from pathlib import Path

import gate

ROOT = Path(__file__).parents[2]


def test_every_module_has_its_layer() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    [layers] = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    listed = {name.strip() for layer in layers for name in layer.split("|")}
    modules = {f"gate.{module.name}" for module in pkgutil.iter_modules(gate.__path__)}

    assert modules - {"gate.__main__"} == listed
