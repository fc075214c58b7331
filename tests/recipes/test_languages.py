"""README, recipes and the page about policies say the same in each of their languages."""

from __future__ import annotations

import re

import pytest

from gate.errors import ExitCode
from tests.project.markdown import Page
from tests.recipes.documents import CHINESE, DOCUMENTS, ENGLISH, Document

NEVER = {"yundun-sas:SetImageBuildRiskStatus", "yundun-sas:SetBuildRiskDefineRuleConfig"}
PAIRS = {
    "README": ("README.md", "README.zh-CN.md"),
    "recipes": (ENGLISH.name, CHINESE.name),
    "policy as code": ("docs/policy-as-code.md", "docs/policy-as-code.zh-CN.md"),
}
PAGES = [Page.read(name) for pair in PAIRS.values() for name in pair]

pairs = pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
each_readme = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.readme)


def exit_codes(document: Document) -> Page:
    return Page.read(document.readme).section(document.exit_codes)


@pairs
def test_every_snippet_is_there_and_the_same(pair: tuple[str, str]) -> None:
    english, chinese = (Page.read(name).snippets for name in pair)

    assert english
    assert english == chinese


@pairs
def test_the_headings_have_the_same_levels(pair: tuple[str, str]) -> None:
    english, chinese = ([level for level, _ in Page.read(name).headings] for name in pair)

    assert english == chinese


@each_page
def test_every_fence_belongs_to_a_snippet(page: Page) -> None:
    assert "```" not in page.prose


@each_readme
def test_every_exit_code_is_explained(document: Document) -> None:
    cells = [row[0] for row in exit_codes(document).rows]
    codes = [int(code) for cell in cells for code in re.split(r"[,、]", cell)]

    assert sorted(ExitCode) == sorted(codes)


def test_the_exit_codes_stand_in_the_same_order() -> None:
    english, chinese = (
        [re.findall(r"\d+", row[0]) for row in exit_codes(document).rows] for document in DOCUMENTS
    )

    assert english == chinese


def test_the_samples_are_the_same() -> None:
    english, chinese = (
        [row[:2] for row in document.page.section(document.samples).rows] for document in DOCUMENTS
    )

    assert 11 == len(english)
    assert english == chinese


def test_the_inputs_of_the_action_are_the_same() -> None:
    english, chinese = (
        [re.findall(r"[\w-]+", row[0]) for row in document.page.section(document.github).rows]
        for document in DOCUMENTS
    )

    assert english
    assert english == chinese


@pairs
def test_the_tables_have_the_same_number_of_rows(pair: tuple[str, str]) -> None:
    english, chinese = (len(Page.read(name).rows) for name in pair)

    assert english == chinese


@each_readme
def test_what_ci_must_never_be_granted_is_said(document: Document) -> None:
    assert NEVER <= set(re.findall(r"`([\w:-]+)`", Page.read(document.readme).text))


@pairs
def test_the_languages_lead_to_each_other(pair: tuple[str, str]) -> None:
    names = {name.rpartition("/")[2] for name in pair}

    for name in pair:
        top = Page.read(name).text.splitlines()[2]
        assert names - {name.rpartition("/")[2]} == set(re.findall(r"\((.*?)\)", top))


@pairs
def test_a_chinese_page_leads_to_an_english_one_only_where_there_is_no_other(
    pair: tuple[str, str],
) -> None:
    english, chinese = pair
    translated = {name.rpartition("/")[2] for name, _ in PAIRS.values()} - {english.split("/")[-1]}

    assert not translated & {path.rpartition("/")[2] for path, _ in Page.read(chinese).links}
