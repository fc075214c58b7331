"""Read a file that a caller names: a regular one, within a bound, as UTF-8."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Far more than the report of a large account has, which is the largest file that anybody gives.
LARGEST = 256 * 1024 * 1024  # bytes
# Opening a named pipe would wait for somebody who writes into it. Windows has no such flag.
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)


class Place(NamedTuple):
    """A place in a file; both numbers count from 1."""

    line: int
    column: int


START = Place(1, 1)


class Unreadable(Exception):
    """A file that can't be read: why, in sentences, and the place that shows it."""

    def __init__(self, text: str, place: Place = START) -> None:
        super().__init__(text)
        self.text = text
        self.place = place


@contextmanager
def opened_file(path: Path, *, name: str = "The file") -> Iterator[BinaryIO]:
    """Open a regular file for reading bytes; raises ``Unreadable``, also where a read fails.

    What reads it keeps the bound. ``name`` is what the error calls it.
    """
    try:
        with open(path, "rb", opener=_open) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Unreadable(f"{name} can't be read: it is not a regular file.")
            yield file
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or str(error)
        raise Unreadable(f"{name} can't be read: {cause}.") from None


def read_file(path: Path, limit: int = LARGEST, *, name: str = "The file") -> bytes:
    """Return what a regular file holds, which may be ``limit`` bytes; raises ``Unreadable``.

    A file that grows while it is read is read to the limit at most. ``name`` is what the error
    calls it.
    """
    with opened_file(path, name=name) as file:
        raw = file.read(limit + 1)
    if len(raw) > limit:
        raise Unreadable(f"{name} is larger than {limit // 1024} KiB.")
    return raw


def decoded(raw: bytes, *, name: str = "The file") -> str:
    r"""Return the text of a file, without a byte order mark and with ``\n`` at the end of lines.

    Raises ``Unreadable`` with the place that isn't UTF-8.
    """
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()
        place = place_at(before, len(before))
        what = f"{name} is not UTF-8 text from line {place.line} on. Save it as UTF-8."
        raise Unreadable(what, place) from None


def place_at(text: str, position: int) -> Place:
    """Return the place of the character at a position, which counts from 0."""
    return Place(text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position))


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | _AT_ONCE)
