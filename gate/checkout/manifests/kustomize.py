"""Find the images that a Kustomization puts in the place of others, and what it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.checkout.manifests.named import (
    Elsewhere,
    Inline,
    Named,
    Partial,
    has_tag,
    items_of,
    scalar_of,
    shown,
    text_of,
    without_tag,
)
from gate.untrusted import Fields, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.checkout.manifests.named import Part
    from gate.untrusted import Node

_KINDS = frozenset({"Kustomization", "Component"})
_CHANGES = ("newName", "newTag", "digest")
# Lists of what stands elsewhere or in one text, and how each is called.
_SOURCES = {
    "resources": "takes resources from",
    "bases": "takes resources from",
    "components": "takes a component from",
    "patches": "takes a patch from",
    "patchesStrategicMerge": "takes a patch from",
    "patchesJson6902": "takes a patch from",
    "generators": "takes a generator from",
    "transformers": "takes a transformer from",
    "replacements": "takes a replacement from",
}
CHART = "takes a chart, whose images only Helm knows"
_PATCHES = "patches"
_CHARTS = "helmCharts"


def is_kustomization(root: Fields) -> bool:
    """Tell whether a document is a Kustomization, which may go without its kind."""
    if text_of(root, "kind"):
        return is_declared(root)
    return (
        any(_changes(item) for item in items_of(root, "images"))
        or any(
            scalar_of(item, "patch") or scalar_of(item, "path") for item in items_of(root, _PATCHES)
        )
        or any(isinstance(item, Scalar) for key in _SOURCES for item in items_of(root, key))
        or any(items_of(root, _CHARTS))
    )


def is_declared(root: Fields) -> bool:
    """Tell whether a document says that it is a Kustomization."""
    group = text_of(root, "apiVersion").partition("/")[0]
    return text_of(root, "kind") in _KINDS and group in {"", "kustomize.config.k8s.io"}


def images(root: Fields) -> Iterator[Part]:
    """Yield the images as they will be called, in their order, and what else it is made of."""
    replaced: set[str] = set()
    for item in items_of(root, "images"):
        if isinstance(item, Fields) and (text_of(item, "newName") or text_of(item, "name")):
            image = _image(item)
            if isinstance(image, Named):
                replaced.add(without_tag(text_of(item, "name")))
            yield image
    for key, what in _SOURCES.items():
        for item in items_of(root, key):
            yield from _source(item, what, frozenset(replaced))
    for item in items_of(root, _CHARTS):
        yield Partial("", item.line, CHART)


def _source(item: Node, what: str, replaced: frozenset[str]) -> Iterator[Part]:
    """Yield what an entry of a list says: a path, a text, or either under a key."""
    text = item if isinstance(item, Scalar) else scalar_of(item, "patch")
    path = scalar_of(item, "path")
    if isinstance(item, Fields) and "targets" in item.fields:
        yield Partial("", item.line, "replaces fields, which may be those of images")
    if text and ("\n" in text.text or ":" in text.text.replace("://", "")):
        yield Inline(text, "a patch in one text")
    elif text:
        yield Elsewhere(text.name, text.line, what, replaced)
    if path and not text:
        yield Elsewhere(path.name, path.line, what, replaced)


def _image(item: Fields) -> Named | Partial:
    old, new = scalar_of(item, "name"), scalar_of(item, "newName")
    nodes = tuple(filter(None, (old, new)))
    name = text_of(item, "newName") or text_of(item, "name")
    tag, digest = text_of(item, "newTag"), text_of(item, "digest")
    line = min(node.line for key in ("name", *_CHANGES) if (node := scalar_of(item, key)))
    if not (tag or digest or has_tag(name)):
        return Partial(name, line, "keeps a tag that isn't known here", nodes)
    suffix = (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    where = f"Kustomize image {shown(text_of(item, 'name') or name)}"
    return Named(name + suffix, line, where, nodes)


def _changes(item: Node) -> bool:
    return bool(text_of(item, "name")) and any(text_of(item, key) for key in _CHANGES)
