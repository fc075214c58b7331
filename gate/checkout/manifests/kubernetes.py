"""Find images in Kubernetes objects: in every pod template, wherever a kind keeps it.

What holds containers is taken for a pod template, so that custom resources (Argo Rollouts, Knative
Services, OpenKruise CloneSets, ...) need no list of kinds. In a resource's other places, a text
under ``image`` counts if it names a registry host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gate.checkout.manifests import charts, kustomize
from gate.checkout.manifests.named import (
    Inline,
    LeftOut,
    Named,
    Partial,
    fields_of,
    scalar_of,
    shown,
    text_of,
)
from gate.untrusted import Fields, Items, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.checkout.manifests.named import Part

_CONTAINERS = {
    "containers": "container",
    "initContainers": "init container",
    "ephemeralContainers": "ephemeral container",
}
_VOLUMES = "volumes"
_METADATA = "metadata"
_ITEMS = "items"
# They hold text and schemas, whatever stands in them.
_WITHOUT_IMAGES = frozenset({"ConfigMap", "Secret", "CustomResourceDefinition"})
# Flux and Argo CD keep the values of Helm charts in resources of these kinds, under these keys.
_OF_HELM = frozenset({"HelmRelease", "Application", "ApplicationSet", "HelmChart"})
_VALUES = frozenset({"values", "valuesObject"})
_OF_KUSTOMIZE = "Kustomization"


class _Owner(NamedTuple):
    kind: str = ""
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".strip()


class _Step(NamedTuple):
    node: Node
    owner: _Owner
    role: str


def is_object(root: Fields) -> bool:
    """Tell whether a document is a Kubernetes object."""
    return bool(text_of(root, "apiVersion") and text_of(root, "kind"))


def images(root: Fields) -> Iterator[Part]:
    """Yield the images of an object, and of those in it if it is a list, in their order."""
    steps = [_Step(root, _Owner(), "")]
    visited: set[tuple[int, str]] = set()
    while steps:
        node, owner, role = steps.pop()
        # Aliases share nodes: what is a container in one place may be a mere value in another.
        mark = (id(node), role if role in _CONTAINERS or role == _VOLUMES else "")
        if isinstance(node, Scalar) or mark in visited:
            continue
        visited.add(mark)
        if isinstance(node, Items):
            steps.extend(_Step(item, owner, role) for item in reversed(node.items))
            continue
        if is_object(node):
            owner = _owner(node)
        if owner.kind in _WITHOUT_IMAGES:
            # What has items is a list, whatever it calls itself.
            if isinstance(items := node.fields.get(_ITEMS), Items):
                steps.append(_Step(items, owner, _ITEMS))
            continue
        yield from _of_fields(node, owner, role)
        steps.extend(
            _Step(child, owner, key)
            for key, child in reversed(node.fields.items())
            if key != _METADATA and not (key in _VALUES and owner.kind in _OF_HELM)
        )


def _of_fields(node: Fields, owner: _Owner, role: str) -> Iterator[Part]:
    """Yield what one mapping of an object says of images."""
    image = node.fields.get("image")
    if role in _CONTAINERS:
        yield from _of_container(image, _part(owner, _CONTAINERS[role], node))
    elif role == _VOLUMES:
        if reference := scalar_of(image, "reference"):
            where = _part(owner, "volume", node)
            yield Named(reference.name, reference.line, where, (reference,))
    elif isinstance(image, Scalar) and charts.names_host(image.text):
        yield Named(image.name, image.line, str(owner), (image,))
    elif isinstance(image, Fields):
        yield from charts.composed(image, str(owner))
    yield from _of_tool(node, owner)


def _of_tool(node: Fields, owner: _Owner) -> Iterator[Part]:
    """Yield what a mapping says that a tool in the cluster hands to Kustomize or Helm."""
    if owner.kind == _OF_KUSTOMIZE:
        yield from kustomize.images(node)
    elif owner.kind in _OF_HELM:
        if scalar_of(node, "chart") or fields_of(node, "chartRef"):
            yield Partial("", node.line, kustomize.CHART)
        for key in sorted(_VALUES & node.fields.keys()):
            values = node.fields[key]
            if isinstance(values, Scalar):
                yield Inline(values, f"{owner}, {key}")
            else:
                yield from charts.images(values, f"{owner}, {key} ")


def _of_container(image: Node | None, where: str) -> Iterator[Named | LeftOut]:
    if isinstance(image, Scalar) and image.name and not image.is_null:
        yield Named(image.name, image.line, where, (image,), in_container=True)
    elif image is not None:
        yield LeftOut(image.line, f"{where}, names no image; skipped")


def _part(owner: _Owner, what: str, node: Fields) -> str:
    return f"{owner}, {what} {shown(text_of(node, 'name'))}".rstrip()


def _owner(node: Fields) -> _Owner:
    metadata = fields_of(node, _METADATA)
    name = text_of(metadata, "name") or text_of(metadata, "generateName")
    return _Owner(shown(text_of(node, "kind")), shown(name))
