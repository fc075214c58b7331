"""The recipes in their languages: sections, and the snippets that readers copy from them."""

from __future__ import annotations

from dataclasses import dataclass

from tests.project.markdown import Page


@dataclass(frozen=True)
class Document:
    """A page of recipes with its headings, and the README in the same language."""

    name: str
    readme: str
    github: str
    gitlab: str
    pre_commit: str
    anywhere: str
    samples: str
    exit_codes: str

    @property
    def page(self) -> Page:
        return Page.read(self.name)

    def snippet(self, heading: str) -> str:
        """Return the text of the first snippet under a heading."""
        return self.page.section(heading).snippets[0].text


ENGLISH = Document(
    name="docs/recipes.md",
    readme="README.md",
    github="GitHub Actions",
    gitlab="GitLab CI",
    pre_commit="pre-commit",
    anywhere="Any other CI system",
    samples="Without an account",
    exit_codes="Exit codes",
)
CHINESE = Document(
    name="docs/recipes.zh-CN.md",
    readme="README.zh-CN.md",
    github="GitHub Actions",
    gitlab="GitLab CI",
    pre_commit="pre-commit",
    anywhere="其他 CI 系统",
    samples="无需账号试用",
    exit_codes="退出码",
)
DOCUMENTS = (ENGLISH, CHINESE)


def replaced(text: str, before: str, after: str) -> str:
    """Put one thing in the place of another, which must stand in the text exactly once."""
    assert 1 == text.count(before), before
    return text.replace(before, after)
