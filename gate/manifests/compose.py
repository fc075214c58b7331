"""Find images in Compose files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.manifests import values
from gate.manifests.found import LeftOut, Named, shown
from gate.manifests.interpolation import with_defaults
from gate.manifests.nodes import fields_of, items_of, scalar_of, text_of
from gate.untrusted.yaml_tree import Fields, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.untrusted.yaml_tree import Node

# The Compose specification's top-level elements that name no image; x-… are extensions.
_WITHOUT_IMAGES = frozenset(
    {
        "configs",
        "include",
        "models",
        "name",
        "networks",
        "secrets",
        "services",
        "version",
        "volumes",
    }
)


def is_compose(root: Fields) -> bool:
    """Tell whether a document is a Compose file: one with services that run or build an image."""
    services = fields_of(root, "services")
    return services is not None and any(
        scalar_of(service, "image") or (isinstance(service, Fields) and "build" in service.fields)
        for service in services.fields.values()
    )


def images(root: Fields) -> Iterator[Named | LeftOut]:
    """Yield the images of a file's services, with the defaults of their variables."""
    services = fields_of(root, "services")
    seen: set[int] = set()
    for name, service in services.fields.items() if services else ():
        yield from _of_service(name, service, seen)
    others = {key: node for key, node in root.fields.items() if not _is_known(key)}
    yield from values.images(Fields(root.place, others, root.keys, root.height))


def _of_service(name: str, service: Node, seen: set[int]) -> Iterator[Named | LeftOut]:
    if not isinstance(service, Fields):
        return
    if image := scalar_of(service, "image"):
        yield Named(with_defaults(image.name), image.line, f"service {shown(name)}")
    elif "build" in service.fields:
        yield LeftOut(service.line, f"service {shown(name)} is built and names no image; skipped")
    elif "extends" in service.fields:
        yield LeftOut(
            service.line, f"service {shown(name)} takes its image from the one it extends; skipped"
        )
    volumes = service.fields.get("volumes")
    if volumes is None or isinstance(volumes, Scalar) or id(volumes) in seen:
        return
    seen.add(id(volumes))
    for volume in items_of(service, "volumes"):
        source = scalar_of(volume, "source")
        if source and text_of(volume, "type") == "image":
            where = f"service {shown(name)}, image volume"
            yield Named(with_defaults(source.name), source.line, where)


def _is_known(key: str) -> bool:
    return key in _WITHOUT_IMAGES or key.startswith("x-")
