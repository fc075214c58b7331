"""The policies that a case file names: files beside it, inside its checkout, links followed."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from gate.policy import BUILT_IN, Problem, folders_of_checkout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.untrusted import Tree

_PIN = "#sha256="
_ABSOLUTE = "A policy is named by an absolute path. Name it relative to this file."
_OUTSIDE = (
    "This policy is outside of the checkout, links followed. A case file names policies inside of "
    "it only; name others with --policy."
)


def policy_specs(
    entries: Sequence[str], content: Tree, *, path: str, directory: Path
) -> Iterator[str | Problem]:
    """Yield the policies as `load_policies` takes them, relative to the working ``directory``.

    ``path`` is that of the case file. Without a checkout around it, policies must be below the
    working directory.
    """
    folder = Path(path).parent
    root = _root(directory / folder, directory)
    for number, entry in enumerate(entries):
        name, pin, digest = entry.rpartition(_PIN) if _PIN in entry else (entry, "", "")
        if name == BUILT_IN:
            yield entry
        elif PurePosixPath(name).is_absolute() or PureWindowsPath(name).anchor:
            yield Problem(content.place(("policies", number)), _ABSOLUTE)
        elif not _is_inside(directory / folder / name, root):
            yield Problem(content.place(("policies", number)), _OUTSIDE)
        else:
            yield f"{_shortened(folder, name, directory)}{pin}{digest}"


def _root(folder: Path, directory: Path) -> Path:
    root = folders_of_checkout(folder.resolve())[-1]
    return root if os.path.lexists(root / ".git") else directory.resolve()


def _is_inside(file: Path, root: Path) -> bool:
    """Tell whether a file is inside; what can't be followed can't be read either."""
    try:
        return file.resolve().is_relative_to(root)
    except (OSError, RuntimeError, ValueError):
        return False


def _shortened(folder: Path, name: str, directory: Path) -> str:
    """Return the path without steps up, unless a link on the way makes it another file."""
    whole = folder / name
    short = Path(os.path.normpath(whole))
    same = (directory / short).resolve() == (directory / whole).resolve()
    return (short if same else whole).as_posix()
