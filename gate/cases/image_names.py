"""What images are called: without a host, and told apart by their digests where names stand twice.

Names are given one after the other, so that not all images need to be held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from gate.cases.case import Case

_DIGITS = 12


class ImageName(Struct, frozen=True):
    """An image's name, the same with digits of its digest, and its reference as written.

    All are untrusted.
    """

    short: str
    full: str
    reference: str


class ImageNames:
    """The names of the images so far."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._twice: set[str] = set()

    def add(self, case: Case) -> str:
        """Take another image; return its short name."""
        tagged = f":{case.tag}" if case.tag else _digits(case)
        name = f"{case.image.path}{tagged}"
        (self._twice if name in self._names else self._names).add(name)
        return name

    def shown(self, name: ImageName) -> str:
        """Return what to call an image once all have been taken."""
        return name.full if name.short in self._twice else name.short


def image_name(case: Case, short: str) -> ImageName:
    """Return the names of an image; platforms of an index differ only in what the file says."""
    digits = _digits(case) if case.tag else ""
    called = f" ({case.name})" if case.name else ""
    return ImageName(short, f"{short}{digits}{called}", case.reference)


def _digits(case: Case) -> str:
    digits = case.image.bare_digest
    return f"@{digits[:_DIGITS]}" if digits else ""
