"""Tell by its content what a file is, and find the images that it names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.dockerfile import base_images
from gate.manifests import compose, kubernetes, kustomize, values
from gate.manifests.documents import documents
from gate.manifests.found import Found, LeftOut, Named, NamedImage, shown
from gate.untrusted.files import Unreadable
from gate.untrusted.yaml_tree import LENIENT, Fields, Items, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.manifests.documents import Document

_LARGEST = 10_000_000  # characters
_DOCKERFILE = re.compile(
    r"(?:docker|container)file(?:\.(?!dockerignore$).+)?|.+\.(?:docker|container)file",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(r"\{\{|\{%")
# What a document must hold to name an image or to be a template. A backslash may hide a letter.
_WORTH_READING = re.compile(r"image|repository|build|\\|\{\{|\{%", re.IGNORECASE)


def find_images(path: str, text: str) -> Found:
    """Find the images that a file names; it never fails, notes tell what was left out.

    ``path`` is what the places in the result are named by. Only for Dockerfiles its name counts.
    """
    if len(text) > _LARGEST:
        size = f"it has more than {_LARGEST:,} characters"
        return Found(path, notes=(f"{path}: {size}; skipped",))
    name = re.split(r"[\\/]", path)[-1]
    is_dockerfile = _DOCKERFILE.fullmatch(name) is not None
    parts = list(_of_dockerfile(text) if is_dockerfile else _of_stream(text))
    return Found(
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
            yield from values.images(root)
    elif isinstance(root, Items):
        yield from values.images(root)


def _refusal(document: Document, error: Unreadable) -> str:
    if _TEMPLATE.search(document.text):
        return "a template, not YAML; skipped"
    return f"a document that can't be read, skipped: {error.text}"
