"""What the files of a checkout say: which images they name, where findings come from."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.checkout.dockerfile import locate_commands
    from gate.checkout.manifests import (
        LARGEST,
        Choice,
        Source,
        Surroundings,
        choose,
        find_images,
        locate_images,
    )

__all__ = [
    "LARGEST",
    "Choice",
    "Source",
    "Surroundings",
    "choose",
    "find_images",
    "locate_commands",
    "locate_images",
    "path_in_checkout",
    "root_of_checkout",
]

# Where GitHub, GitLab, and then Jenkins put the checkout.
_ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", "WORKSPACE")
# A command reads one kind of file.
_LAZY = {
    "locate_commands": "dockerfile",
    **dict.fromkeys(
        ("LARGEST", "Choice", "Source", "Surroundings", "choose", "find_images", "locate_images"),
        "manifests",
    ),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - classes and functions
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)


def root_of_checkout(directory: Path) -> Path:
    """Return the nearest folder, from the working directory up, that holds ``.git``; else this."""
    above = (folder for folder in (directory, *directory.parents) if (folder / ".git").exists())
    return next(above, directory).resolve()


def path_in_checkout(path: str, environment: Mapping[str, str], directory: Path) -> str:
    """Return the path relative to the checkout's root; as it was given if it lies outside.

    ``directory`` is the working directory. The root is the one that the CI system names, else the
    nearest folder above that holds ``.git``, else the working directory.
    """
    absolute = (directory / path).resolve()
    named = [Path(environment[name]) for name in _ROOTS if environment.get(name)]
    for root in (*named, root_of_checkout(directory), directory):
        resolved = root.resolve()
        if absolute.is_relative_to(resolved):
            return absolute.relative_to(resolved).as_posix()
    return Path(path).as_posix()
