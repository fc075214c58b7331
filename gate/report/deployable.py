"""The images of a run by digest: the names that a later step may deploy, copy or sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.errors import InvalidReference
from gate.findings import IdentifiedBy
from gate.reference import ImageReference

if TYPE_CHECKING:
    from gate.verdict import ImageVerdict, Verdict


def deployable(verdict: Verdict) -> tuple[str, ...]:
    """Return ``host/namespace/repository@sha256:…`` of each image that a digest is known of.

    Each once, in the order of the run, whatever its verdict is. Of an index it is the index's own
    digest, never a platform's. The names are of the grammar of ``ImageReference``: no white space,
    no control character.
    """
    names = (by_digest(image) for image in verdict.images)
    return tuple(dict.fromkeys(name for name in names if name))


def by_digest(image: ImageVerdict) -> str | None:
    """Return the caller's image by its digest; ``None`` if that isn't known.

    It is the digest that was asked by or, of an image that its tag identified, its record's.
    """
    digest = image.digest
    if not digest and image.image and image.identified_by is IdentifiedBy.TAG:
        digest = image.image.digest
    try:
        reference = ImageReference.parse(image.reference)
        return (reference.with_digest(digest) if digest else reference).by_digest()
    except InvalidReference:
        return None
