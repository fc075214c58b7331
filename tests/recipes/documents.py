"""The README in its languages: sections, and the snippets that readers copy from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import dedent

import dev

# `` ```yaml `` and the like, at any indentation, up to the fence that closes it.
_SNIPPET = re.compile(r"^(?P<indent> *)```(\w+)\n(.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Snippet:
    language: str
    text: str


@dataclass(frozen=True)
class Document:
    """A README, with the headings under which its recipes stand."""

    name: str
    github: str
    gitlab: str
    pre_commit: str
    anywhere: str
    exit_codes: str
    samples: str

    @property
    def text(self) -> str:
        return (dev.ROOT / self.name).read_text(encoding="utf-8")

    def section(self, heading: str) -> str:
        """Return what stands under a heading, up to the next one of its level."""
        (found,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", self.text, _WHOLE)
        return str(found)

    def snippet(self, heading: str) -> str:
        """Return the text of the first snippet under a heading."""
        return snippets(self.section(heading))[0].text


_WHOLE = re.MULTILINE | re.DOTALL

ENGLISH = Document(
    name="README.md",
    github="In GitHub Actions",
    gitlab="In GitLab CI",
    pre_commit="In pre-commit",
    anywhere="Anywhere else",
    exit_codes="Exit codes",
    samples="Try it without an account",
)
CHINESE = Document(
    name="README.zh-CN.md",
    github="GitHub Actions",
    gitlab="GitLab CI",
    pre_commit="pre-commit",
    anywhere="其他 CI 系统",
    exit_codes="退出码",
    samples="无需账号试用",
)
DOCUMENTS = (ENGLISH, CHINESE)


def snippets(text: str) -> list[Snippet]:
    return [Snippet(language, dedent(body)) for _, language, body in _SNIPPET.findall(text)]


def replaced(text: str, before: str, after: str) -> str:
    """Put one thing in the place of another, which must stand in the text exactly once."""
    assert 1 == text.count(before), before
    return text.replace(before, after)
