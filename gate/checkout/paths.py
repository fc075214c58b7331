"""Name files as the checkout's pages name them: relative to its root, with slashes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where GitHub, GitLab, and then Jenkins put the checkout.
_ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", "WORKSPACE")


def path_in_checkout(path: str, environment: Mapping[str, str], directory: Path) -> str:
    """Return the path relative to the checkout's root; as it was given if it lies outside.

    ``directory`` is the working directory. The root is the one that the CI system names, else the
    nearest folder above that holds ``.git``, else the working directory.
    """
    absolute = (directory / path).resolve()
    named = [Path(environment[name]) for name in _ROOTS if environment.get(name)]
    above = [folder for folder in (directory, *directory.parents) if (folder / ".git").exists()]
    for root in (*named, *above[:1], directory):
        resolved = root.resolve()
        if absolute.is_relative_to(resolved):
            return absolute.relative_to(resolved).as_posix()
    return Path(path).as_posix()
