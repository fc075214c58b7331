"""Which case files a test takes: those that are named, below named folders, or beside a policy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gate.errors import UsageError
from gate.policy import folders_of_checkout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ENDINGS = (".test.yaml", ".test.yml", ".test.json")
_NAMES = (".buildrisk-gate.test.yaml", ".buildrisk-gate.test.yml")
_WRITE_ONE = (
    "Name a case file or a folder, or write one: `gate schema cases` says what it may hold."
)

_WHICH = "Which of them is meant can't be told: name it."
_COPY = "Put a copy there, or name the file."


def chosen_case_files(named: Sequence[str], directory: Path) -> tuple[str, ...]:
    """Return case files, ``FILE`` or ``FILE#sha256=HEX``, each once.

    A folder stands for those below it; without any name, the one beside the policy that is found by
    its name counts, or where that would be. Raises ``UsageError`` where there is none.
    """
    if not named:
        return (_found(directory),)
    return tuple(dict.fromkeys(file for name in named for file in _files(name, directory)))


def _files(name: str, directory: Path) -> Sequence[str]:
    folder = directory / name
    if not folder.is_dir():
        return [name]
    files = sorted(_below(folder))
    if not files:
        raise UsageError(f"{name} holds no *{', no *'.join(_ENDINGS)}.", _WRITE_ONE)
    return [(Path(name) / file.relative_to(folder)).as_posix() for file in files]


def _below(folder: Path) -> Iterator[Path]:
    """Yield the case files below a folder; links to folders are not followed."""
    for path, folders, files in os.walk(folder):
        folders[:] = [each for each in folders if each != ".git"]
        yield from (Path(path) / file for file in files if file.endswith(_ENDINGS))


def _found(directory: Path) -> str:
    folders = folders_of_checkout(directory)
    for folder in folders:
        there = [folder / name for name in _NAMES if os.path.lexists(folder / name)]
        paths = [Path(os.path.relpath(file, directory)).as_posix() for file in there]
        if len(there) > 1:
            raise UsageError(
                f"There are {' and '.join(paths)}.",
                "Which of them is meant can't be told: name it.",
            )
        if there and not there[0].resolve().is_relative_to(folders[-1].resolve()):
            raise UsageError(
                f"{paths[0]} is a link that leads out of the checkout.",
                "Put a copy there, or name it.",
            )
        if there:
            return paths[0]
    raise UsageError(f"There is no {_NAMES[0]} here, and none in a folder above.", _WRITE_ONE)
