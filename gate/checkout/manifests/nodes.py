"""Look into the nodes of a document: what stands under a key, if it is of the right kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.untrusted import Fields, Items, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.untrusted import Node


def text_of(node: Node | None, key: str) -> str:
    """Return the name that a scalar under a key of a mapping holds; empty if there is none."""
    scalar = scalar_of(node, key)
    return scalar.name if scalar else ""


def scalar_of(node: Node | None, key: str) -> Scalar | None:
    """Return the scalar under a key of a mapping; ``None`` if there is none, or a null."""
    child = node.fields.get(key) if isinstance(node, Fields) else None
    return child if isinstance(child, Scalar) and not child.is_null else None


def fields_of(node: Node | None, key: str) -> Fields | None:
    """Return the mapping under a key of a mapping, if there is one."""
    child = node.fields.get(key) if isinstance(node, Fields) else None
    return child if isinstance(child, Fields) else None


def items_of(node: Node | None, key: str) -> Iterator[Node]:
    """Return what a list under a key of a mapping holds, if there is one."""
    child = node.fields.get(key) if isinstance(node, Fields) else None
    return iter(child.items if isinstance(child, Items) else ())
