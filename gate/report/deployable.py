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
    reference = _reference(image, _asked(image))
    return reference.by_digest() if reference and reference.digest else None


def digests_of(image: ImageVerdict) -> tuple[str, ...]:
    """Return every digest, ``sha256:<hex>``, that the verdict on this image is about.

    The one that the caller's image is known by comes first, then that of the record that was
    judged: of an index, a platform's.
    """
    judged = image.image.digest if image.image else ""
    references = (_reference(image, _asked(image)), _reference(image, judged))
    known = (reference.digest for reference in references if reference)
    return tuple(dict.fromkeys(digest for digest in known if digest))


def _asked(image: ImageVerdict) -> str:
    if not image.digest and image.image and image.identified_by is IdentifiedBy.TAG:
        return image.image.digest
    return image.digest


def _reference(image: ImageVerdict, digest: str) -> ImageReference | None:
    """Return the reference with this digest, if there is one, else with its own."""
    try:
        reference = ImageReference.parse(image.reference)
        return reference.with_digest(digest) if digest else reference
    except InvalidReference:
        return None
