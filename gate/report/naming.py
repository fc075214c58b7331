"""How reports name images and findings: the same from build to build, or by digest."""

from __future__ import annotations

import hashlib
import re
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from gate.errors import InvalidReference
from gate.findings import IdentifiedBy, Location
from gate.reference import ImageReference
from gate.report.wording import code_of, folded

if TYPE_CHECKING:
    from collections import Counter

    from gate.findings import Finding
    from gate.verdict import ImageVerdict, Verdict

# The values of build arguments, which differ from build to build: RUN |1 VERSION=7 /bin/sh -c make
_ARGUMENTS = re.compile(r"\|\d+ .*?(?=/bin/sh -c )", re.DOTALL)


def repository_of(image: ImageVerdict) -> str:
    """Return ``namespace/repository``, or the whole reference where it names none."""
    if image.image is not None:
        return f"{image.image.namespace}/{image.image.repository}"
    reference = _reference(image)
    return f"{reference.namespace}/{reference.repository}" if reference else image.reference


def full_repository_of(image: ImageVerdict) -> str:
    """Return ``host/namespace/repository``, or the whole reference where it names none."""
    reference = _reference(image)
    return f"{reference.host}/{reference.path}" if reference else image.reference


def deployable(verdict: Verdict) -> tuple[str, ...]:
    """Return ``host/namespace/repository@sha256:…`` of each image whose digest is known.

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
    reference = _reference(image, _digest_of(image))
    return reference.by_digest() if reference and reference.digest else None


def digests_of(image: ImageVerdict) -> tuple[str, ...]:
    """Return every digest, ``sha256:<hex>``, that the verdict on this image is about.

    The one that the caller's image is known by comes first, then that of the record that was
    judged: of an index, a platform's.
    """
    judged = image.image.digest if image.image else ""
    references = (_reference(image, _digest_of(image)), _reference(image, judged))
    digests = (reference.digest for reference in references if reference)
    return tuple(dict.fromkeys(digest for digest in digests if digest))


def _digest_of(image: ImageVerdict) -> str:
    if not image.digest and image.image and image.identified_by is IdentifiedBy.TAG:
        return image.image.digest
    return image.digest


def _reference(image: ImageVerdict, digest: str = "") -> ImageReference | None:
    """Return the reference with this digest, or with its own; ``None`` if it can't be read."""
    try:
        reference = ImageReference.parse(image.reference)
        return reference.with_digest(digest) if digest else reference
    except InvalidReference:
        return None


def fingerprint(repository: str, finding: Finding, counts: Counter[str]) -> str:
    """Tell findings apart by what stays from build to build: repository, risk and code.

    ``counts`` counts equal findings of the report, so that each has a fingerprint of its own.
    """
    identity = f"{repository}\n{finding.risk}\n{steady_code(finding)}"
    digest = hashlib.sha256(identity.encode("utf-8", "backslashreplace")).hexdigest()[:16]
    counts[digest] += 1
    return f"{digest}:{counts[digest]}"


def steady_code(finding: Finding) -> str:
    """Return what the finding is in on one line, without the values of build arguments."""
    return folded(_ARGUMENTS.sub("", code_of(finding)))


def place_in_checkout(finding: Finding) -> Location | None:
    """Return the place that the finding points at, with ``/`` between the parts of its path.

    ``None`` if it points nowhere, or at a path that leads out of the checkout. Lines count from 1.
    """
    if finding.location is None:
        return None
    path = PureWindowsPath(finding.location.path)
    if path.anchor or not path.parts or ".." in path.parts:
        return None
    return Location(path.as_posix(), max(1, finding.location.line))


def percent_encoded(path: str) -> str:
    """Return the path as a relative URI without scheme, space, colon, or a way upwards."""
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    return "/".join(quote(part, safe="", errors="replace") for part in parts) or "image"
