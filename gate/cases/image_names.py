"""What images are called: without a host, and with digits of a digest where names stand twice."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gate.cases.case import Case

_DIGITS = 12


class ImageName(Struct, frozen=True):
    """An image's name, the same with digits of its digest, and its reference as written.

    All are untrusted.
    """

    short: str
    full: str
    reference: str


def image_name(case: Case) -> ImageName:
    """Return the names of an image; platforms of an index differ only in what the file says."""
    bare = case.image.bare_digest
    digits = f"@{bare[:_DIGITS]}" if bare else ""
    tag = f":{case.tag}" if case.tag else ""
    full = f"{case.image.path}{tag}{digits}"
    short = f"{case.image.path}{tag or digits}"
    return ImageName(short, f"{full} ({case.name})" if case.name else full, case.reference)


def told_apart(images: Iterable[ImageName]) -> Mapping[ImageName, str]:
    """Return what to call each of the images that are shown together."""
    each = list(images)
    counts = Counter(image.short for image in each)
    return {image: image.short if counts[image.short] == 1 else image.full for image in each}
