"""Tell by its content what a file is, and find the images that it names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gate.checkout.dockerfile import base_images
from gate.checkout.manifests import charts, compose, kubernetes, kustomize
from gate.checkout.manifests.named import FileImages, LeftOut, Named, NamedImage, shown
from gate.untrusted import LENIENT, Fields, Items, Unreadable, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST = 10_000_000  # characters
_DOCKERFILE = re.compile(
    r"(?:docker|container)file(?:\.(?!dockerignore$).+)?|.+\.(?:docker|container)file",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(r"\{\{|\{%")
# What a document must hold to name an image or to be a template. A backslash may hide a letter.
_WORTH_READING = re.compile(r"image|repository|build|\\|\{\{|\{%", re.IGNORECASE)
# YAML 1.2.2, section 9.1: such a line always begins or ends a document, inside of quotes and blocks
# too, so that a stream can be split before it is parsed, and one broken document spoils no other.
_BOUNDARY = re.compile(r"^(?=(?:---|\.\.\.)(?:\s|$))", re.MULTILINE)
_ENDED = re.compile(r"\.\.\.(?:\s|$)")


class Document(NamedTuple):
    """The text of a document, and the line of the file, counted from 1, in which it begins."""

    text: str
    line: int


def find_images(path: str, text: str) -> FileImages:
    """Find the images that a file names; it never fails, notes tell what was left out.

    ``path`` is what the places in the result are named by. Only for Dockerfiles its name counts.
    """
    if len(text) > _LARGEST:
        size = f"it has more than {_LARGEST:,} characters"
        return FileImages(path, notes=(f"{path}: {size}; skipped",))
    name = re.split(r"[\\/]", path)[-1]
    is_dockerfile = _DOCKERFILE.fullmatch(name) is not None
    parts = list(_of_dockerfile(text) if is_dockerfile else _of_stream(text))
    return FileImages(
        path,
        tuple(
            NamedImage(part.text, path, part.line, part.where)
            for part in parts
            if isinstance(part, Named)
        ),
        tuple(
            f"{path}:{part.line}: {shown(part.why)}" for part in parts if isinstance(part, LeftOut)
        ),
    )


def _of_dockerfile(text: str) -> Iterator[Named]:
    return (Named(image, line, "FROM") for image, line in base_images(text))


def _of_stream(text: str) -> Iterator[Named | LeftOut]:
    for document in documents(text):
        if not _WORTH_READING.search(document.text):
            continue
        before = document.line - 1
        try:
            parts = sorted(_of_document(document), key=lambda part: part.line)
        except Unreadable as error:
            parts = [LeftOut(error.place.line, _refusal(document, error))]
        yield from (part._replace(line=part.line + before) for part in parts)


def _of_document(document: Document) -> Iterator[Named | LeftOut]:
    tree = parse_yaml(document.text, LENIENT)
    root = tree.root
    for line, key in tree.repeated:
        yield LeftOut(line, f"{shown(key)} stands twice in one mapping; the last one counts")
    if isinstance(root, Fields):
        if kustomize.is_kustomization(root):
            yield from kustomize.images(root)
        elif kubernetes.is_object(root):
            yield from kubernetes.images(root)
        elif compose.is_compose(root):
            yield from compose.images(root)
        else:
            yield from charts.images(root)
    elif isinstance(root, Items):
        yield from charts.images(root)


def _refusal(document: Document, error: Unreadable) -> str:
    if _TEMPLATE.search(document.text):
        return "a template, not YAML; skipped"
    return f"a document that can't be read, skipped: {error.text}"


def documents(text: str) -> Iterator[Document]:
    """Yield the documents of a stream, less empty ones."""
    line = 1
    directives: Document | None = None
    for part in _BOUNDARY.split(text.removeprefix("\ufeff")):
        content = _without_end(part)
        if _is_directives(content):
            directives = Document(content, line)
        else:
            before = directives or Document("", line)
            if content.strip() not in {"", "---"}:
                yield Document(before.text + content, before.line)
            directives = None
        line += part.count("\n")


def _without_end(part: str) -> str:
    """Blank out a line that ends a document, so that the number of lines stays."""
    return f"   {part[3:]}" if _ENDED.match(part) else part


def _is_directives(part: str) -> bool:
    """Tell whether a part holds directives (``%YAML 1.2``), which belong to the next."""
    lines = [line for line in part.splitlines() if line.strip() and not line.startswith("#")]
    return bool(lines) and all(line.startswith("%") for line in lines)
