"""The name of an image's repository, the same from build to build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.errors import InvalidReference
from gate.reference import ImageReference

if TYPE_CHECKING:
    from gate.verdict import ImageVerdict


def repository_of(image: ImageVerdict) -> str:
    """Return ``namespace/repository``, or the whole reference where it names none."""
    if image.image is not None:
        return f"{image.image.namespace}/{image.image.repository}"
    try:
        reference = ImageReference.parse(image.reference)
    except InvalidReference:
        return image.reference
    return f"{reference.namespace}/{reference.repository}"


def full_name_of(image: ImageVerdict) -> str:
    """Return ``host/namespace/repository``, or the whole reference where it names none."""
    try:
        reference = ImageReference.parse(image.reference)
    except InvalidReference:
        return image.reference
    return f"{reference.host}/{reference.path}"
