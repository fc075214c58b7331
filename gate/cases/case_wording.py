"""How case files and their images are called in what people read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gate.report import counted, moment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.cases.opening import CaseFile
    from gate.reference import ImageReference

_DIGITS = len("sha256:") + 12


def short_names(images: Iterable[ImageReference]) -> dict[ImageReference, str]:
    """Return a name for each image: without a host, with a digest where names stand twice."""
    each = dict.fromkeys(images)
    counts = Counter(map(_tagged, each))
    return {image: _name(image, alone=counts[_tagged(image)] == 1) for image in each}


def _name(image: ImageReference, *, alone: bool) -> str:
    digits = (image.digest or "")[:_DIGITS]
    return _tagged(image) if (alone and image.tag) or not digits else f"{_tagged(image)}@{digits}"


def _tagged(image: ImageReference) -> str:
    return f"{image.path}:{image.tag}" if image.tag else image.path


def record_in_words(file: CaseFile, images: int) -> str:
    """Return what a file is a record of, with the region and the scope that were read."""
    record = file.recorded
    if record is None:
        return f"{file.path}: {counted(images, 'image')}, not a record"
    scope = record.scope
    within = (("namespace", scope.namespace), ("repository", scope.repository))
    parts = [
        f"recorded {moment(record.at)}",
        f"{scope.command or 'a run'} of {record.region or record.endpoint or 'no region'}",
        *(f"{word} {name}" for word, name in within if name),
        *(["SANDBOX"] if record.sandbox else []),
    ]
    return f"{file.path}: {counted(images, 'image')}, {', '.join(parts)}"
