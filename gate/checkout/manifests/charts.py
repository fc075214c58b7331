"""Find images in values of Helm charts, and in any other data that keeps them the same way.

A text under ``image`` names one; so does a mapping under a key such as ``image`` or ``initImage``
with ``registry``, ``repository``, ``tag`` and ``digest``. Elsewhere, the same shapes count if they
name a registry host, for pictures are called images too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gate.checkout.manifests.named import (
    Named,
    Partial,
    fields_of,
    has_tag,
    scalar_of,
    shown,
    text_of,
)
from gate.untrusted import Fields, Items, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_TAG = "has no tag, which other data may add"
_IMAGE = "image"
_IMAGES = "images"
# The common spellings of an image's parts, the usual one first.
_REGISTRIES = ("registry", "imageRegistry", "hub")
_REPOSITORIES = ("repository", "imageRepository", "repo", "imageName")
_TAGS = ("tag", "imageTag")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off"})
# YAML 1.2.2, section 10.3.2, and the octal, binary and grouped numbers that YAML 1.1 had.
_NUMBER = re.compile(
    r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|0[box][0-9a-fA-F_]+"
)
_DECIMAL = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?")
_FIRST_WITH_EXPONENT = 1_000_000  # Go's %v writes 1e+06
_LONGEST = 20


class _Trail(NamedTuple):
    """The keys that lead to a node, the last first."""

    part: str
    before: _Trail | None

    def __str__(self) -> str:
        parts: list[str] = []
        trail: _Trail | None = self
        while trail:
            parts.append(shown(trail.part))
            trail = trail.before
        return "".join(reversed(parts)).removeprefix(".")


class _Visit(NamedTuple):
    node: Node
    trail: _Trail
    key: str
    is_image: bool


def images(root: Node, prefix: str = "key ") -> Iterator[Named | Partial]:
    """Yield the images of values; what uses them is called ``prefix`` and the path of keys."""
    registry = _first(fields_of(root, "global"), ("imageRegistry", "registry"))
    steps = [_Visit(root, _Trail("", None), "", is_image=False)]
    visited: set[tuple[int, bool, bool]] = set()
    while steps:
        step = steps.pop()
        # Aliases share nodes: what names an image under one key may be something else elsewhere.
        mark = (id(step.node), step.is_image, step.key == _IMAGES)
        if mark in visited:
            continue
        if isinstance(step.node, Scalar):
            yield from _of_text(step, step.node, prefix)
            continue
        visited.add(mark)
        if isinstance(step.node, Fields):
            yield from _of_fields(step, step.node, prefix, registry)
        steps.extend(reversed(list(_inside(step, step.node))))


def composed(node: Fields, where: str, registry: Scalar | None = None) -> Iterator[Named | Partial]:
    """Compose the image that a mapping names in parts; nothing if it names none.

    ``registry`` is the one that all of a chart's images are to come from instead of their own.
    """
    own, tag = _first(node, _REGISTRIES), _first(node, _TAGS)
    digest = text_of(node, "digest")
    in_parts = own or tag or digest
    repository = _first(node, _REPOSITORIES) or (scalar_of(node, "name") if in_parts else None)
    if repository is None or not repository.name:
        return
    name, registry = repository.name, registry or own
    nodes = tuple(filter(None, (repository, own, registry, tag)))
    if registry and registry.name and not names_host(name):
        name = f"{registry.name.rstrip('/')}/{name.lstrip('/')}"
    written = tag.name if tag else ""
    if not (written or digest or has_tag(name)):
        why = "has no tag; a chart takes its appVersion then, which isn't known here"
        yield Partial(name, repository.line, why, nodes)
        return
    suffix = (f":{written}" if written else "") + (f"@{digest}" if digest else "")
    yield _with_tag(Named(name + suffix, repository.line, where, nodes), tag)


def names_host(text: str) -> bool:
    """Tell whether an image's name begins with a registry host, by Docker's own rule."""
    first, slash, _ = text.strip().partition("/")
    plausible = first == "localhost" or "." in first.strip(".") or ":" in first
    return bool(slash) and plausible and "//" not in text and len(text.split()) == 1


def is_partial(text: str) -> bool:
    """Tell whether a part of a text has no value yet: a variable or an expression of a template."""
    return any(mark in text for mark in "${}<>%")


def _inside(step: _Visit, node: Items | Fields) -> Iterator[_Visit]:
    """Yield the steps to what a list or mapping holds."""
    trail = step.trail
    if isinstance(node, Items):
        for at, item in enumerate(node.items):
            yield _Visit(item, _Trail(f"[{at}]", trail), step.key, step.is_image)
    else:
        for key, child in node.fields.items():
            is_image = key.lower().endswith(_IMAGE) or step.key == _IMAGES
            if not isinstance(child, Scalar) or (is_image and key != _IMAGE):
                yield _Visit(child, _Trail(f".{key}", trail), key, is_image)


def _of_fields(
    step: _Visit, node: Fields, prefix: str, registry: Scalar | None
) -> Iterator[Named | Partial]:
    """Yield what one mapping says of images: in parts, as a text, or as a JSON patch."""
    if step.is_image:
        yield from composed(node, f"{prefix}{step.trail}", registry)
    elif _first(node, _TAGS) or scalar_of(node, "digest"):
        parts = composed(node, f"{prefix}{step.trail}", registry)
        yield from (part for part in parts if names_host(part.text))
    image = scalar_of(node, _IMAGE)
    if image and _may_be_name(image):
        tag = _first(node, _TAGS)
        where = f"{prefix}{_Trail(f'.{_IMAGE}', step.trail)}"
        if has_tag(image.name):
            yield Named(image.name, image.line, where, (image,))
        elif tag and tag.name:
            named = Named(f"{image.name}:{tag.name}", image.line, where, (image, tag))
            yield _with_tag(named, tag)
        elif names_host(image.text) and not is_partial(image.name):
            yield Partial(image.name, image.line, NO_TAG, (image,))
        else:
            yield Named(image.name, image.line, where, (image,))
    path, value = text_of(node, "path"), scalar_of(node, "value")
    if path.endswith(f"/{_IMAGE}") and value and value.name:
        yield Named(value.name, value.line, f"patch of {shown(path)}", (value,))


def _of_text(step: _Visit, node: Scalar, prefix: str) -> Iterator[Named | Partial]:
    """Yield a text in a place where images stand, if it begins with a host and is not a pattern."""
    if (step.is_image or step.key == _IMAGES) and names_host(node.text) and "*" not in node.text:
        if has_tag(node.name) or is_partial(node.name):
            yield Named(node.name, node.line, f"{prefix}{step.trail}", (node,))
        else:
            yield Partial(node.name, node.line, NO_TAG, (node,))


def _may_be_name(node: Scalar) -> bool:
    if node.plain and node.text.lower() in _WORDS:
        return False
    return bool(node.name) and "\n" not in node.name


def _with_tag(named: Named, tag: Scalar | None) -> Named | Partial:
    """Return the image, unless Helm may write its tag in another way."""
    if not (tag and tag.plain and may_change(tag.name)):
        return named
    why = f"has the tag {tag.name}, a number for Helm, which may write it in another way; quote it"
    return Partial(named.text, named.line, why, named.nodes)


def _first(node: Node | None, keys: tuple[str, ...]) -> Scalar | None:
    """Return the scalar under the first of these keys that a mapping has one under."""
    return next(filter(None, (scalar_of(node, key) for key in keys)), None)


def may_change(text: str) -> bool:
    """Tell whether a text is a number that Helm writes in another way: 1.10 becomes 1.1."""
    if not _NUMBER.fullmatch(text):
        return False
    if len(text) > _LONGEST or not _DECIMAL.fullmatch(text):
        return True
    number = float(text)
    return number >= _FIRST_WITH_EXPONENT or (0 < number < 1e-4)  # noqa: PLR2004 - %v, as above
