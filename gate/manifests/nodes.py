"""The nodes that a YAML document is made of, each with the line in which it begins.

Aliases make two parents hold the same node. No node holds itself, and how deep they nest is
bounded with aliases counted, see ``tree.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_NAME = 2_000  # characters; longer than any name of an image
# YAML 1.2.2, section 10.3.2.
_NULL = frozenset({"", "~", "null", "Null", "NULL"})


class Scalar(Struct, eq=False):
    """A text, a number, a null; ``plain`` if it stands without quotes."""

    line: int
    text: str
    plain: bool = False

    @property
    def is_null(self) -> bool:
        """Whether it is no value at all."""
        return self.plain and self.text in _NULL

    @property
    def name(self) -> str:
        """The text less white space around it, cut where no name is that long."""
        return self.text.strip()[:_LONGEST_NAME]


class Items(Struct, eq=False):
    """A list; ``height`` is how deep lists and mappings nest in it, itself included."""

    line: int
    items: list[Node] = field(default_factory=list)
    height: int = 1


class Fields(Struct, eq=False):
    """A mapping with what it merges (``<<``) in it; ``height`` as that of a list."""

    line: int
    fields: dict[str, Node] = field(default_factory=dict)
    height: int = 1


Node = Scalar | Items | Fields


def text_of(node: Node | None, key: str) -> str:
    """Return the name that a scalar under a key of a mapping holds; empty if there is none."""
    found = scalar_of(node, key)
    return found.name if found else ""


def scalar_of(node: Node | None, key: str) -> Scalar | None:
    """Return the scalar under a key of a mapping; ``None`` if there is none, or a null."""
    found = node.fields.get(key) if isinstance(node, Fields) else None
    return found if isinstance(found, Scalar) and not found.is_null else None


def fields_of(node: Node | None, key: str) -> Fields | None:
    """Return the mapping under a key of a mapping, if there is one."""
    found = node.fields.get(key) if isinstance(node, Fields) else None
    return found if isinstance(found, Fields) else None


def items_of(node: Node | None, key: str) -> Iterator[Node]:
    """Return what a list under a key of a mapping holds, if there is one."""
    found = node.fields.get(key) if isinstance(node, Fields) else None
    return iter(found.items if isinstance(found, Items) else ())
