"""The images of a command line: arguments, lists, and the digest that was just pushed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gate.errors import UsageError
from gate.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# The key of `docker buildx build --metadata-file`.
_DIGEST_KEY = "containerimage.digest"


def read_images(
    arguments: Sequence[str],
    lines: Iterable[str],
    *,
    digest: str | None,
    metadata: tuple[str, str] | None,
) -> tuple[ImageReference, ...]:
    """Parse the images of a run.

    ``lines`` are those of a file: blank ones and those that begin with ``#`` are left out.
    ``digest`` and ``metadata`` (a file's name and text) tell the digest of the one image. Raises
    ``UsageError`` for anything that isn't clear.
    """
    listed = [line.strip() for line in lines]
    texts = [*arguments, *(line for line in listed if line and not line.startswith("#"))]
    if not texts:
        raise UsageError(
            "No image was given.",
            "Name at least one: gate check HOST/NAMESPACE/REPOSITORY:TAG, or --images-from FILE.",
        )
    images = tuple(dict.fromkeys(ImageReference.parse(text) for text in texts))
    pushed = _pushed(digest, metadata)
    return images if pushed is None else (_with_digest(images, *pushed),)


def _pushed(digest: str | None, metadata: tuple[str, str] | None) -> tuple[str, str] | None:
    """Return the digest that was pushed, and where it was given; ``--digest`` goes first."""
    if digest:
        return digest.strip(), "--digest"
    return None if metadata is None else (_digest_of(*metadata), metadata[0])


def _digest_of(path: str, text: str) -> str:
    try:
        value = json.loads(text).get(_DIGEST_KEY)
    except (ValueError, AttributeError, RecursionError):
        value = None
    if not isinstance(value, str):
        raise UsageError(
            f"{path} holds no {_DIGEST_KEY}.",
            "Give the file that `docker buildx build --push --metadata-file FILE` wrote.",
        )
    return value


def _with_digest(images: Sequence[ImageReference], digest: str, given_by: str) -> ImageReference:
    if len(images) > 1:
        raise UsageError(
            f"{given_by} tells one digest, but {len(images)} images were given.",
            "Write each image's digest behind it: HOST/NAMESPACE/REPOSITORY:TAG@sha256:….",
        )
    (image,) = images
    wanted = ImageReference.parse(f"{image.host}/{image.path}@{digest}").digest
    if image.digest is None:
        return image.with_digest(str(wanted))
    if image.digest != wanted and given_by == "--digest":
        raise UsageError(
            f"{given_by} says {wanted}, but the image itself {image.digest}.", "Give one of them."
        )
    return image
