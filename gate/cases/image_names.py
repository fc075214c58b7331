"""What the images of case files are called in short."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.reference import ImageReference

_DIGITS = 12


def short_names(images: Iterable[ImageReference]) -> dict[ImageReference, str]:
    """Return a name for each image: without a host, with a digest where names stand twice."""
    each = dict.fromkeys(images)
    counts = Counter(map(_tagged, each))
    return {image: _name(image, alone=counts[_tagged(image)] == 1) for image in each}


def _name(image: ImageReference, *, alone: bool) -> str:
    digits = (image.bare_digest or "")[:_DIGITS]
    return _tagged(image) if (alone and image.tag) or not digits else f"{_tagged(image)}@{digits}"


def _tagged(image: ImageReference) -> str:
    return f"{image.path}:{image.tag}" if image.tag else image.path
