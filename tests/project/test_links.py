"""Links between the documents lead somewhere."""

from __future__ import annotations

import tomllib
from posixpath import join, normpath

import pytest

import dev
from tests.project.markdown import Page

PAGES = {
    path.relative_to(dev.ROOT).as_posix(): Page.read(path.relative_to(dev.ROOT).as_posix())
    for folder in (".", "docs", "benchmarks", ".github")
    for path in sorted((dev.ROOT / folder).glob("*.md"))
}
LINKS = [
    (page.name, normpath(join(page.name, "..", path)) if path else page.name, anchor)
    for page in PAGES.values()
    for path, anchor in page.links
]


def test_the_documents_are_read() -> None:
    assert {"README.md", "SECURITY.md", "docs/recipes.md", "benchmarks/README.md"} <= PAGES.keys()
    assert 50 < len(LINKS)


def test_every_link_leads_to_a_file() -> None:
    assert not [(page, target) for page, target, _ in LINKS if not (dev.ROOT / target).exists()]


def test_every_anchor_is_a_heading() -> None:
    anchored = [link for link in LINKS if link[2]]

    assert anchored
    assert not [link for link in anchored if link[2] not in PAGES[link[1]].anchors]


@pytest.mark.parametrize("index", ["README.md", "docs/README.md"])
def test_every_page_of_the_documents_is_in_the_index(index: str) -> None:
    pages = {name for name in PAGES if name.startswith("docs/") and ".zh-CN" not in name}
    linked = {target for page, target, _ in LINKS if page == index}

    assert pages - {"docs/README.md"} <= linked


def test_every_page_is_shipped_with_the_sources() -> None:
    project = tomllib.loads((dev.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shipped = project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]

    assert {name.partition("/")[0] for name in PAGES} <= set(shipped)
