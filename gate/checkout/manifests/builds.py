"""Find the images that a Dockerfile builds on, copies from, mounts and is parsed by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.checkout.dockerfile import base_images, parse
from gate.checkout.manifests.named import Named, Partial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gate.checkout.dockerfile import Instruction
    from gate.checkout.manifests.net import Net

_NOTHING = "scratch"
_MOST_BASES = 100
_STAGE = re.compile(r"(?i)\bAS\s+(\S+)")
_FLAG_FROM = re.compile(r"(?:\A|\s)--from=(\"[^\"]*\"|'[^']*'|\S+)")
_MOUNT = re.compile(r"(?:\A|\s)--mount=(\"[^\"]*\"|'[^']*'|\S+)")
# BuildKit's DetectSyntax: the first lines, with either sign of a comment.
_BASE = re.compile(r"\A((?:--\S*\s+)*+)\S+")
_COMMENT = re.compile(r"\s*(?:#|//)")
_SYNTAX = re.compile(r"\s*(?:#|//)\s*syntax\s*=\s*(\S+)", re.IGNORECASE)


def images(text: str, net: Net, check: Callable[[], None]) -> Iterator[Named | Partial]:
    """Yield the images of a Dockerfile, and those that the net catches in the rest of it.

    ``check`` may raise what ends a reading that takes too long.
    """
    yield from _syntax(text)
    bases = base_images(text)
    yield from (Named(image, line, "FROM") for image, line in bases)
    # An argument that is a part of one of them is no image of its own.
    composed = "\n".join(image for image, _ in bases[:_MOST_BASES])
    stages: set[str] = set()
    for instruction in parse(text):
        check()
        if instruction.keyword == "FROM":
            stage = _STAGE.search(instruction.arguments)
            stages |= {stage[1].lower()} if stage else set()
        others = [image for image in _others(instruction) if image.text.lower() not in stages]
        yield from others
        for part in _caught(instruction, net, {image.text for image in others}):
            if instruction.keyword != "ARG" or part.text not in composed:
                yield part


def _syntax(text: str) -> Iterator[Named]:
    """Yield the image that parses the file: the directive stands before all else."""
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if not _COMMENT.match(line):
            return
        if syntax := _SYNTAX.match(line):
            yield Named(syntax[1], number, "syntax")
            return


def _others(instruction: Instruction) -> Iterator[Named]:
    """Yield the images, and stages, that one instruction copies from or mounts."""
    arguments, line = instruction.arguments, instruction.line
    if instruction.keyword in {"COPY", "ADD", "ONBUILD"}:
        sources = [(_unquoted(flag), "COPY --from") for flag in _FLAG_FROM.findall(arguments)]
    else:
        mounts = [_unquoted(mount).split(",") for mount in _MOUNT.findall(arguments)]
        sources = [
            (_unquoted(option[5:]), "RUN --mount")
            for options in mounts
            for option in options
            if option.lower().startswith("from=")
        ]
    for image, where in sources:
        if image and image != _NOTHING and not image.isdecimal():
            yield Named(image, line, where)


def _caught(instruction: Instruction, net: Net, named: set[str]) -> Iterator[Named | Partial]:
    """Yield what the net catches, less what was read already."""
    arguments = instruction.arguments
    if instruction.keyword == "FROM":
        # The base image is read already, with the defaults of its variables.
        arguments = _BASE.sub(r"\1", arguments, count=1)
    texts = [f"{instruction.keyword} {arguments}", *(text for _, text in instruction.documents)]
    for text in texts:
        for catch in net.catches(text):
            if catch.is_whole:
                yield Named(catch.name, instruction.line, instruction.keyword)
            elif catch.name not in named:
                yield Partial(catch.name, instruction.line, "is not a whole name")


def _unquoted(text: str) -> str:
    return text.strip("\"'")
