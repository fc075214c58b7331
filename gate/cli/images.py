"""The images of a command line: arguments, lists, and the digest that was just pushed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gate.errors import InvalidReference, UsageError
from gate.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# The key of `docker buildx build --metadata-file`.
_DIGEST_KEY = "containerimage.digest"


def read_images(
    arguments: Sequence[str],
    lines: Iterable[str],
    *,
    digest: str | None,
    metadata: tuple[str, str] | None,
    file: str = "",
) -> tuple[ImageReference, ...]:
    """Parse the images of a run.

    ``lines`` are those of ``file``: blank ones and those that begin with ``#`` are left out.
    ``digest`` and ``metadata`` (a file's name and text) tell the digest of the one image. Raises
    ``UsageError`` for anything that isn't clear.
    """
    lines = list(lines)
    named = [ImageReference.parse(text) for text in arguments]
    listed = list(_listed(lines, file))
    if not named and not listed:
        state = "names no image" if any(map(str.strip, lines)) else "is empty"
        raise UsageError(
            f"{_called(file)} {state}." if file else "No image was given.",
            "Name at least one: gate check HOST/NAMESPACE/REPOSITORY:TAG, or --images-from FILE.",
        )
    images = tuple(dict.fromkeys((*named, *listed)))
    pushed = _pushed(digest and digest.strip(), metadata)
    return images if pushed is None else (_with_digest(images, *pushed),)


def _listed(lines: Iterable[str], file: str) -> Iterator[ImageReference]:
    """Yield the images of a list; the error of a line says which it is."""
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            yield ImageReference.parse(text)
        except InvalidReference as error:
            place = f"{_called(file)}:{number}"
            raise InvalidReference(f"{place}: {error.message}", error.remedy) from None


def _called(file: str) -> str:
    return "Standard input" if file == "-" else file


def _pushed(digest: str | None, metadata: tuple[str, str] | None) -> tuple[str, str] | None:
    """Return the digest that was pushed, and where it was given."""
    if metadata is None:
        return (digest, "--digest") if digest else None
    path, text = metadata
    built = _digest_of(path, text)
    if digest and digest != built:
        raise UsageError(
            f"--digest says {digest}, but {path} {built}.", "Give the one that was pushed."
        )
    return built, "--digest" if digest else path


def _digest_of(path: str, text: str) -> str:
    """Return the digest that a build wrote: all that it pushed must have the same.

    buildx writes JSON, ``docker buildx bake`` one such object for each target; kaniko's and
    buildah's digest files hold the bare digest, kaniko's others a reference with it on each line.
    """
    digests = set(_in_json(text) or _in_lines(text))
    if len(digests) == 1:
        return digests.pop()
    if digests:
        raise UsageError(
            f"{path} holds {len(digests)} digests.",
            "Write each image's digest behind it: HOST/NAMESPACE/REPOSITORY:TAG@sha256:….",
        )
    raise UsageError(
        f"{path} holds no digest: neither {_DIGEST_KEY} nor a line with sha256:….",
        "Give the file that `docker buildx build --push --metadata-file FILE` wrote, or kaniko's "
        "or buildah's --digest-file.",
    )


def _in_json(text: str) -> list[str]:
    try:
        written = json.loads(text)
    except (ValueError, RecursionError):
        return []
    targets = [written, *written.values()] if isinstance(written, dict) else []
    digests = [target.get(_DIGEST_KEY) for target in targets if isinstance(target, dict)]
    return [digest for digest in digests if isinstance(digest, str)]


def _in_lines(text: str) -> list[str]:
    words = [line.strip().rpartition("@")[2] for line in text.splitlines()]
    return [word for word in words if word.startswith("sha256:")]


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
