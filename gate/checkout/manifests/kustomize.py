"""Find the images that a Kustomization puts in the place of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.checkout.manifests.named import (
    LeftOut,
    Named,
    concealed,
    has_tag,
    items_of,
    scalar_of,
    shown,
    text_of,
)
from gate.untrusted import Fields, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.untrusted import Node

_KINDS = frozenset({"Kustomization", "Component"})
_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902")
_CHANGES = ("newName", "newTag", "digest")


def is_kustomization(root: Fields) -> bool:
    """Tell whether a document is a Kustomization, which may go without its kind."""
    if kind := text_of(root, "kind"):
        group = text_of(root, "apiVersion").partition("/")[0]
        return kind in _KINDS and group in {"", "kustomize.config.k8s.io"}
    return any(_changes(item) for item in items_of(root, "images"))


def images(root: Fields) -> Iterator[Named | LeftOut]:
    """Yield the images as they will be called, in their order; tell of patches that name some."""
    for item in items_of(root, "images"):
        if isinstance(item, Fields) and (text_of(item, "newName") or text_of(item, "name")):
            yield _image(item)
    for key in _PATCHES:
        for item in items_of(root, key):
            text = item if isinstance(item, Scalar) else scalar_of(item, "patch")
            if text and "image" in text.text:
                yield LeftOut(text.line, "a patch in one text, whose images aren't read; skipped")


def _image(item: Fields) -> Named | LeftOut:
    old, new = text_of(item, "name"), text_of(item, "newName")
    name = new or old
    tag, digest = text_of(item, "newTag"), text_of(item, "digest")
    line = min(node.line for key in ("name", *_CHANGES) if (node := scalar_of(item, key)))
    if not (tag or digest or has_tag(name)):
        return LeftOut(line, f"image {concealed(name)} keeps a tag that isn't known here; skipped")
    suffix = (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    return Named(name + suffix, line, f"Kustomize image {shown(old or new)}")


def _changes(item: Node) -> bool:
    return bool(text_of(item, "name")) and any(text_of(item, key) for key in _CHANGES)
