"""What a file says of images: those it names, what was left out, and the nodes that tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from gate.untrusted import Fields, Items, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.untrusted import Node

_LONGEST_SHOWN = 200  # characters of untrusted text in a note


class NamedImage(Struct, frozen=True):
    """An image as a file names it, or as composed of the parts that a file names.

    ``line`` counts from 1; ``where`` says what uses it, such as ``Deployment web, container app``.
    """

    text: str
    path: str
    line: int
    where: str


class FileImages(Struct, frozen=True):
    """The images of one file, in its order; ``notes`` say what was left out, where and why."""

    path: str
    images: tuple[NamedImage, ...] = ()
    notes: tuple[str, ...] = ()


class Named(NamedTuple):
    """An image inside of a document, before it is known which file holds that."""

    text: str
    line: int
    where: str


class LeftOut(NamedTuple):
    """Something that names no image which could be judged; ``why`` completes its line."""

    line: int
    why: str


def concealed(image: str) -> str:
    """Return an image's name for a note, without what may be a password before an ``@``."""
    name, digest = image, ""
    before, at, after = image.rpartition("@")
    if at and after.startswith("sha256:"):
        name, digest = before, at + after
    before, at, after = name.rpartition("@")
    return shown(f"***@{after}{digest}" if at and ":" in before else image)


def has_tag(image: str) -> bool:
    """Tell whether an image's name ends in a tag or a digest."""
    last = image.rpartition("/")[2]
    return ":" in last or "@" in last


def shown(text: str) -> str:
    """Return untrusted text on one line, cut where it gets long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_SHOWN else f"{line[:_LONGEST_SHOWN]}…"


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
