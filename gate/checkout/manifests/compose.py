"""Find images in Compose files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.checkout.manifests import charts
from gate.checkout.manifests.named import (
    LeftOut,
    Named,
    fields_of,
    items_of,
    scalar_of,
    shown,
    text_of,
)
from gate.untrusted import Fields, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.untrusted import Node

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
_TOKEN = re.compile(r"\$\$|\$\{[A-Za-z_]\w*(?::?-)|\$|\}|[^$}]+", re.ASCII)
_LONGEST = 2_000


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
    done: set[int] = set()
    for name, service in services.fields.items() if services else ():
        yield from _of_service(name, service, done)
    others = {key: node for key, node in root.fields.items() if not _is_known(key)}
    yield from charts.images(Fields(root.place, others, root.keys, root.height))


def _of_service(name: str, service: Node, done: set[int]) -> Iterator[Named | LeftOut]:
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
    if volumes is None or isinstance(volumes, Scalar) or id(volumes) in done:
        return
    done.add(id(volumes))
    for volume in items_of(service, "volumes"):
        source = scalar_of(volume, "source")
        if source and text_of(volume, "type") == "image":
            where = f"service {shown(name)}, image volume"
            yield Named(with_defaults(source.name), source.line, where)


def _is_known(key: str) -> bool:
    return key in _WITHOUT_IMAGES or key.startswith("x-")


def with_defaults(text: str) -> str:
    """Return the text with defaults filled in, or as it is if a variable has none.

    What the variables are set to where the file is used isn't known here.

        variable = "$" name | "${" name [operator text] "}"
        operator = ":-" | "-" | ":?" | "?" | ":+" | "+"

    ``:-`` and ``-`` give a default, which may hold variables itself; ``$$`` is a dollar sign.
    """
    if "$" not in text or len(text) > _LONGEST:
        return text
    parts: list[str] = []
    open_defaults = 0
    for part in _TOKEN.findall(text):
        if part in {"$", "$$"}:
            return text
        if part.startswith("$"):
            open_defaults += 1
        elif part == "}" and open_defaults:
            open_defaults -= 1
        else:
            parts.append(part)
    return text if open_defaults else "".join(parts)
