"""What this project ships, copied to where a consumer's tools would have it from."""

from __future__ import annotations

import shutil
import tomllib
from typing import TYPE_CHECKING

import dev

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PROJECT = tomllib.loads((dev.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SHIPPED: tuple[str, ...] = tuple(PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"])
"""The entries of the checkout that a release holds, beside pyproject.toml itself."""

ACTION = ("action", "action.yml", "gate", "policies", "requirements")
"""Those of them that the action runs with: all of it, and nothing of a developer's."""


def ship(folder: Path, names: Iterable[str]) -> Path:
    """Copy these entries of the checkout into a folder; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        source, target = dev.ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return folder
