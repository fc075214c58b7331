"""The policy that is found by its name: here, or in the nearest folder above in the checkout."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gate.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_FILE = ".buildrisk-gate.yaml"

_NAMES = (DEFAULT_FILE, ".buildrisk-gate.yml")
# What looks as if it were the policy, and would be passed over without a word.
_REFUSED = (".buildrisk-gate.json", ".buildrisk-gate.toml", ".buildrisk-gate")


class FoundPolicy(NamedTuple):
    """A policy file by its path from the working directory, and the next one further up, if any."""

    path: str
    file: Path
    replaced: str = ""


def find_policy(directory: Path) -> FoundPolicy | None:
    """Return the policy of the nearest folder that has one, up to the root of the checkout.

    The root is the folder that has ``.git``; without one, only ``directory`` counts. Raises
    ``UsageError`` where a folder has both names, or one that the gate does not read.
    """
    found: FoundPolicy | None = None
    for folder in folders_of_checkout(directory):
        file = _policy_in(folder, directory)
        if file is None:
            continue
        path = _from(directory, file)
        if found is not None:
            return found._replace(replaced=path)
        found = FoundPolicy(path, file)
    return found


def folders_of_checkout(directory: Path) -> tuple[Path, ...]:
    """Return the folders from this one up to the root of its checkout; without one, only itself."""
    folders = (directory, *directory.resolve().parents)
    root = next((at for at, folder in enumerate(folders) if _exists(folder / ".git")), 0)
    return folders[: root + 1]


def _policy_in(folder: Path, directory: Path) -> Path | None:
    there = [folder / name for name in (*_NAMES, *_REFUSED) if _exists(folder / name)]
    odd = [file for file in there if file.name in _REFUSED]
    if odd:
        raise UsageError(
            f"{_from(directory, odd[0])} has a name that the gate does not read.",
            f"Name it {DEFAULT_FILE} (YAML or JSON), or name the file with --policy.",
        )
    if len(there) > 1:
        raise UsageError(
            f"There are {' and '.join(_from(directory, file) for file in there)}.",
            "Which of them is the policy can't be told: remove one.",
        )
    return there[0] if there else None


def _exists(file: Path) -> bool:
    """Tell whether a name is taken, also by a link that leads nowhere.

    Where it can't be told, the policy's own name counts as taken: reading it will say why.
    """
    try:
        file.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return file.name == DEFAULT_FILE
    return True


def _from(directory: Path, file: Path) -> str:
    return os.path.relpath(file, directory).replace(os.sep, "/")
