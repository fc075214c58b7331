"""Tell by its content what a file is, and find the images that it names."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from gate.checkout.manifests import builds, charts, compose, kubernetes, kustomize
from gate.checkout.manifests.named import (
    Elsewhere,
    Inline,
    LeftOut,
    Named,
    Partial,
    has_tag,
    shown,
)
from gate.untrusted import LENIENT, Fields, Items, Unreadable, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gate.checkout.manifests.named import Part
    from gate.checkout.manifests.net import Catch, Net
    from gate.untrusted import Node, Tree

_DOCKERFILE = re.compile(
    r"(?:docker|container)file.*|.*(?:docker|container)file", re.IGNORECASE | re.DOTALL
)
_IGNORED = ".dockerignore"
_TEMPLATE = re.compile(r"\{\{|\{%")
# What a document must hold to name an image, to be a template, or to say what stands elsewhere. A
# backslash or a tag may hide a letter.
_WORTH_READING = re.compile(
    r"image|repository|build|services|include|resources|bases|components|patches|transformers"
    r"|generators|replacements|chart|\\|!|\{\{|\{%",
    re.IGNORECASE,
)
# Where an image may stand in a document that can't be parsed.
_MAY_NAME = re.compile(r"image|repository|containers|\\[ux]", re.IGNORECASE)
# YAML 1.2.2, section 9.1: such a line always begins or ends a document, inside of quotes and blocks
# too, so that a stream can be split before it is parsed, and one broken document spoils no other.
_BOUNDARY = re.compile(r"^(?=(?:---|\.\.\.)(?:\s|$))", re.MULTILINE)
_ENDED = re.compile(r"\.\.\.(?:\s|$)")
_DIRECTIVE = re.compile(r"%(?:YAML|TAG)\s")
# A text that holds no more than the name that a reader took it for.
_ONE_NAME = re.compile(r"\s*[^\s,;|=&()'\"\\\[\]]+\s*")
_BETWEEN_OBJECTS = re.compile(r"\s*")
_MOST_NESTED = 5  # documents that stand in one another as texts

_WHOLE = "Write the whole name there"
_RENDERED = f"{_WHOLE}, or judge what the tool renders: {{}} | gate manifests -."
_HELM = _RENDERED.format("helm template CHART")
_KUSTOMIZE = _RENDERED.format("kustomize build FOLDER")
_COMPOSE = _RENDERED.format("docker compose config")
_ANY = f"{_WHOLE}, or judge what your tool renders by `gate manifests -`."
_DOCKER = f"{_WHOLE}, or give its ARG a default."
_NOT_WHOLE = "is not a whole name"


# What a file says at one of its lines, and what to do where that can't be read.
Remedied = tuple[Named | Partial | LeftOut | Elsewhere, str]


class Contents(NamedTuple):
    """How to read files: the known registries, and what ends a reading that takes too long."""

    net: Net
    check: Callable[[], None]

    def read(self, path: str, text: str, values: Mapping[str, str]) -> Iterator[Remedied]:
        """Yield all that a file says of images; only for Dockerfiles its name counts.

        ``values`` are those of the ``.env`` beside it.
        """
        name = re.split(r"[\\/]", path)[-1]
        self.check()
        if _DOCKERFILE.fullmatch(name) and not name.lower().endswith(_IGNORED):
            yield from ((part, _DOCKER) for part in builds.images(text, self.net, self.check))
            return
        for document in documents(text):
            self.check()
            if not _WORTH_READING.search(document.text) and not any(
                self.net.catches(document.text)
            ):
                continue
            remedied = sorted(self._of_document(document, values), key=lambda each: each[0].line)
            for part, remedy in remedied:
                yield part._replace(line=part.line + document.line - 1), remedy

    def _of_document(self, document: Document, values: Mapping[str, str]) -> Iterator[Remedied]:
        try:
            yield from self._of_text(document.text, values, depth=0)
        except Unreadable as error:
            yield from self._of_broken(document.text, error)

    def _of_text(self, text: str, values: Mapping[str, str], depth: int) -> Iterator[Remedied]:
        """Yield what a document says; raises ``Unreadable``."""
        tree = parse_yaml(text, LENIENT, self.check)
        for line, key in tree.repeated:
            why = f"{shown(key)} stands twice in one mapping; the last one counts"
            yield LeftOut(line, why), ""
        taken: set[int] = set()
        for part, remedy in _read(tree, values):
            if isinstance(part, Inline):
                taken.add(id(part.node))
                inner = self._of_inline(part, values, depth)
                yield from ((each._replace(line=part.node.line), how) for each, how in inner)
            else:
                nodes = part.nodes if isinstance(part, Named | Partial) else ()
                taken.update(id(node) for node in nodes if _ONE_NAME.fullmatch(node.text))
                yield part, remedy
        if tree.is_contested:
            # Some tools let the merged key win. What else is in there was read already.
            other = parse_yaml(text, replace(LENIENT, merged_first=True), self.check)
            for part, remedy in _read(other, values):
                if isinstance(part, Named | Partial):
                    yield part, remedy
        yield from self._of_rest(tree, taken)

    def _of_rest(self, tree: Tree, taken: set[int]) -> Iterator[Remedied]:
        """Yield what the net catches in texts that no reader took for a part of an image."""
        is_latest = _means_latest(tree.root)
        for scalar in tree.scalars:
            if id(scalar) not in taken:
                for catch in self.net.catches(scalar.text):
                    yield _caught(catch, scalar.line, is_latest=is_latest), _ANY

    def _of_inline(self, inline: Inline, values: Mapping[str, str], depth: int) -> list[Remedied]:
        """Return what a document says that stands as a text in another."""
        try:
            if depth < _MOST_NESTED:
                return list(self._of_text(inline.node.text, values, depth + 1))
        except Unreadable:
            pass
        catches = self.net.catches(inline.node.text)
        caught = [(_caught(catch, 1, is_latest=False), _ANY) for catch in catches]
        if not (caught or _MAY_NAME.search(inline.node.text)):
            return []
        return [
            *caught,
            (Partial("", inline.node.line, f"holds {inline.what} that can't be read"), _ANY),
        ]

    def _of_broken(self, text: str, error: Unreadable) -> Iterator[Remedied]:
        """Yield what can be told of a document that can't be parsed."""
        is_template = _TEMPLATE.search(text) is not None
        remedy = _HELM if is_template else _ANY
        why = "is a template, not YAML" if is_template else f"can't be read: {error.text}"
        for catch in self.net.catches(text):
            yield _caught(catch, catch.line + 1, is_latest=False), remedy
        if _MAY_NAME.search(text):
            yield Partial("", error.place.line, why), remedy
        else:
            yield LeftOut(error.place.line, f"a document that {why}; skipped"), ""


def _read(tree: Tree, values: Mapping[str, str]) -> Iterator[tuple[Part, str]]:
    """Yield what each reader that a document fits makes of it."""
    root = tree.root
    if isinstance(root, Items):
        yield from ((part, _HELM) for part in charts.images(root))
    if not isinstance(root, Fields):
        return
    special: list[tuple[Part, str]] = []
    if kustomize.is_kustomization(root):
        special += ((part, _KUSTOMIZE) for part in kustomize.images(root))
    is_declared = kustomize.is_declared(root)
    if kubernetes.is_object(root) and not is_declared:
        special += ((part, _ANY) for part in kubernetes.images(root))
    is_compose = compose.is_compose(root)
    if is_compose:
        special += ((part, _COMPOSE) for part in compose.images(root, values))
    yield from special
    if kubernetes.is_object(root) or is_declared:
        return
    nodes = (part.nodes for part, _ in special if isinstance(part, Named | Partial))
    taken = {id(node) for each in nodes for node in each}
    for part in charts.images(compose.other_keys(root) if is_compose else root):
        # What is made of the same parts is the same image.
        if not taken.issuperset(map(id, part.nodes)):
            yield part, _HELM


def _means_latest(root: Node | None) -> bool:
    """Tell whether a name without a tag means ``latest`` in a document."""
    return isinstance(root, Fields) and (kubernetes.is_object(root) or compose.is_compose(root))


def _caught(catch: Catch, line: int, *, is_latest: bool) -> Named | Partial:
    if not catch.is_whole:
        return Partial(catch.name, line, _NOT_WHOLE)
    if is_latest or has_tag(catch.name):
        return Named(catch.name, line, "text")
    return Partial(catch.name, line, charts.NO_TAG)


class Document(NamedTuple):
    """The text of a document, and the line of the file, counted from 1, in which it begins."""

    text: str
    line: int


def documents(text: str) -> Iterator[Document]:
    """Yield the documents of a stream, less empty ones; objects of JSON may follow one another."""
    for document in _stream(text.removeprefix("\ufeff")):
        yield from _objects(document)


def _stream(text: str) -> Iterator[Document]:
    line = 1
    directives: Document | None = None
    for part in _BOUNDARY.split(text):
        content = _without_end(part)
        if _is_directives(content):
            directives = Document(content, line)
        else:
            before = directives or Document("", line)
            if content.strip() not in {"", "---"}:
                yield Document(before.text + content, before.line)
            directives = None
        line += part.count("\n")


def _objects(document: Document) -> Iterator[Document]:
    """Split objects of JSON that follow one another; a document of another kind stays whole."""
    text, line = document
    if not text.lstrip().startswith("{"):
        yield document
        return
    decoder, start = json.JSONDecoder(strict=False), 0
    try:
        while (begin := _BETWEEN_OBJECTS.match(text, start).end()) < len(text):  # type: ignore[union-attr]
            _, end = decoder.raw_decode(text, begin)
            yield Document(text[begin:end], line + text.count("\n", 0, begin))
            start = end
    except (ValueError, RecursionError):
        # What isn't JSON to its end may be YAML, from its beginning or from here on.
        yield Document(text[start:], line + text.count("\n", 0, start))


def _without_end(part: str) -> str:
    """Blank out a line that ends a document, so that the number of lines stays."""
    return f"   {part[3:]}" if _ENDED.match(part) else part


def _is_directives(part: str) -> bool:
    """Tell whether a part holds directives (``%YAML 1.2``), which belong to the next."""
    lines = [line for line in part.splitlines() if line.strip() and not line.startswith("#")]
    return bool(lines) and all(map(_DIRECTIVE.match, lines))
