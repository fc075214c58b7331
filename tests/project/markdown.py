"""The project's documents, as readers see them: headings, snippets, tables and links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import dedent

import dev

# `` ```yaml `` and the like, at any indentation, up to the fence that closes it.
_SNIPPET = re.compile(r"^(?P<indent> *)```(\w+)\n(.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)")
_CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Snippet:
    language: str
    text: str


@dataclass(frozen=True)
class Page:
    """A document, named by its path from the project's root; or a part of one."""

    name: str
    text: str

    @classmethod
    def read(cls, name: str) -> Page:
        return cls(name, (dev.ROOT / name).read_text(encoding="utf-8"))

    @property
    def prose(self) -> str:
        """All but the snippets."""
        return _SNIPPET.sub("", self.text)

    @property
    def snippets(self) -> list[Snippet]:
        return [
            Snippet(language, dedent(body)) for _, language, body in _SNIPPET.findall(self.text)
        ]

    @property
    def headings(self) -> list[tuple[int, str]]:
        """Levels and texts of the headings, in order."""
        lines = re.findall(r"^(#+) (.*)$", self.prose, re.MULTILINE)
        return [(len(level), text) for level, text in lines]

    @property
    def anchors(self) -> set[str]:
        """What links may name: GitHub's slugs of the headings."""
        kept = (re.sub(r"[^\w\- ]", "", text.lower()) for _, text in self.headings)
        return {text.replace(" ", "-") for text in kept}

    @property
    def links(self) -> list[tuple[str, str]]:
        """Path and anchor of each link that leads to a file of the project; either may be empty."""
        return _LINK.findall(self.prose)

    @property
    def rows(self) -> list[list[str]]:
        """The cells of all tables, without their heads."""
        rows: list[list[str]] = []
        table = 0  # lines of the present table
        for line in self.prose.splitlines():
            table = table + 1 if line.startswith("|") else 0
            if table > 2:  # after the head and the line below it
                cells = _CELL.split(line.strip().strip("|"))
                rows.append([cell.strip().replace("\\|", "|") for cell in cells])
        return rows

    def section(self, heading: str) -> Page:
        """Return what stands under a heading, up to the next one of its level or above."""
        (level,) = {level for level, text in self.headings if text == heading}
        start = re.search(rf"^#{{{level}}} {re.escape(heading)}\n", self.text, re.MULTILINE)
        assert start is not None
        rest = self.text[start.end() :]
        hidden = _SNIPPET.sub(lambda match: re.sub(r"\S", ".", match[0]), rest)
        end = re.search(rf"^#{{1,{level}}} ", hidden, re.MULTILINE)
        return Page(f"{self.name}#{heading}", rest[: end.start()] if end else rest)

    def snippet(self, language: str, holding: str = "") -> str:
        """Return the text of the first snippet in a language that holds a text."""
        return next(
            snippet.text
            for snippet in self.snippets
            if snippet.language == language and holding in snippet.text
        )


def words(cell: str) -> list[str]:
    """Return what stands in code in a cell."""
    return re.findall(r"`([^`]+)`", cell)
