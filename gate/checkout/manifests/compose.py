"""Find images in Compose files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.checkout.dockerfile import expand
from gate.checkout.manifests.named import (
    Elsewhere,
    LeftOut,
    Named,
    fields_of,
    items_of,
    scalar_of,
    shown,
    text_of,
)
from gate.untrusted import Fields, Items, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gate.checkout.manifests.named import Part
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
        "version",
        "volumes",
    }
)
_DEPENDS = re.compile(r"\$\{\w+:?\+")
_SETTING = re.compile(r"\s*(?:export\s+)?(\w+)\s*=\s*(.*?)\s*", re.ASCII)
_LONGEST = 2_000


def is_compose(root: Fields) -> bool:
    """Tell whether a document is a Compose file: one with services, or that includes some."""
    services = fields_of(root, "services")
    return any(
        isinstance(service, Fields)
        and (scalar_of(service, "image") or {"build", "extends"} & service.fields.keys())
        for service in (services.fields.values() if services else ())
    ) or (
        any(True for _ in _included(root))
        and all(_is_known(key) or key == "services" for key in root.fields)
    )


def images(root: Fields, values: Mapping[str, str]) -> Iterator[Part]:
    """Yield the images of a file's services, with the values and defaults of their variables.

    ``values`` are those of the ``.env`` beside the file.
    """
    yield from _included(root)
    services = fields_of(root, "services")
    done: set[int] = set()
    for name, service in services.fields.items() if services else ():
        yield from _of_service(name, service, done, values)


def other_keys(root: Fields) -> Fields:
    """Return what a file holds that Compose knows no meaning for, and its services."""
    others = {key: node for key, node in root.fields.items() if not _is_known(key)}
    return Fields(root.place, others, root.keys, root.height)


def _included(root: Fields) -> Iterator[Elsewhere]:
    """Yield the files that are included: paths, lists of them, or both under a key."""
    for item in items_of(root, "include"):
        path = item.fields.get("path") if isinstance(item, Fields) else item
        for scalar in path.items if isinstance(path, Items) else [path]:
            if isinstance(scalar, Scalar):
                yield Elsewhere(scalar.name, scalar.line, "includes")


def _of_service(
    name: str, service: Node, done: set[int], values: Mapping[str, str]
) -> Iterator[Part]:
    if not isinstance(service, Fields):
        return
    extended = fields_of(service, "extends")
    if extended and (file := scalar_of(extended, "file")):
        yield Elsewhere(file.name, file.line, "extends a service of")
    if image := scalar_of(service, "image"):
        text = with_values(image.name, values)
        yield Named(text, image.line, f"service {shown(name)}", (image,))
    elif "build" in service.fields:
        yield LeftOut(service.line, f"service {shown(name)} is built and names no image; skipped")
    volumes = service.fields.get("volumes")
    if volumes is None or isinstance(volumes, Scalar) or id(volumes) in done:
        return
    done.add(id(volumes))
    for volume in items_of(service, "volumes"):
        source = scalar_of(volume, "source")
        if source and text_of(volume, "type") == "image":
            where = f"service {shown(name)}, image volume"
            yield Named(with_values(source.name, values), source.line, where, (source,))


def _is_known(key: str) -> bool:
    return key in _WITHOUT_IMAGES or key.startswith("x-")


def with_values(text: str, values: Mapping[str, str]) -> str:
    """Return the text with values and defaults of its variables, or as it is if one has none.

    What the variables are set to where the file is used isn't known here.

        variable = "$" name | "${" name [operator text] "}"
        operator = ":-" | "-" | ":?" | "?" | ":+" | "+"

    ``:-`` and ``-`` give a default, which may hold variables itself; ``$$`` is a dollar sign.
    """
    if "$" not in text or len(text) > _LONGEST or _DEPENDS.search(text):
        return text
    whole = expand(text, values)
    return text if whole is None or "$" in whole else whole


def values_of(text: str) -> dict[str, str]:
    """Return the settings of a ``.env`` file, without quotes; what isn't one is left out."""
    settings = (_SETTING.fullmatch(line) for line in text.splitlines())
    return {setting[1]: setting[2].strip("\"'") for setting in settings if setting}
