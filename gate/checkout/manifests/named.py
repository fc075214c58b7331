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
    remedy: str = ""


class Unread(Struct, frozen=True):
    """A place where an image stands that can't be read whole.

    ``text`` is what stands there, empty where no text tells; ``why`` completes ``FILE:LINE``;
    ``remedy`` is a sentence.
    """

    text: str
    path: str
    line: int
    why: str
    remedy: str


class FileImages(Struct, frozen=True):
    """The images of one file, in its order; ``notes`` say what was left out, where and why.

    If it isn't finished, time was over before it was read.
    """

    path: str
    images: tuple[NamedImage, ...] = ()
    notes: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()
    is_finished: bool = True


class Named(NamedTuple):
    """An image inside of a document, before it is known which file holds that.

    ``nodes`` are the scalars that it is made of: nobody else takes them for images. Kustomize
    changes the images that are ``in_container`` only.
    """

    text: str
    line: int
    where: str
    nodes: tuple[Scalar, ...] = ()
    in_container: bool = False


class Partial(NamedTuple):
    """What stands where an image stands and isn't whole; ``why`` completes "which" or the line."""

    text: str
    line: int
    why: str
    nodes: tuple[Scalar, ...] = ()


class LeftOut(NamedTuple):
    """Something that names no image which could be judged; ``why`` completes its line."""

    line: int
    why: str


class Elsewhere(NamedTuple):
    """A file, named relative to this one, in which more stands; ``what`` is how it is called.

    Of its containers, those whose images have one of the names ``replaced`` get others here.
    """

    path: str
    line: int
    what: str
    replaced: frozenset[str] = frozenset()


class Inline(NamedTuple):
    """A document that stands as a text inside of another one; ``what`` is how it is called."""

    node: Scalar
    what: str


Part = Named | Partial | LeftOut | Elsewhere | Inline


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


def without_tag(image: str) -> str:
    """Return an image's name without its tag and digest."""
    folder, slash, last = image.partition("@")[0].rpartition("/")
    return folder + slash + last.partition(":")[0]


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
