"""Read a sample world from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.sandbox.world import World

if TYPE_CHECKING:
    from pathlib import Path


def load_world(path: Path) -> World:
    """Read a world from a JSON or YAML file, strictly."""
    raise NotImplementedError(path)
