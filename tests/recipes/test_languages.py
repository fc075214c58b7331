"""The README says the same in each of its languages."""

from __future__ import annotations

import re

import pytest

import dev
from gate.errors import ExitCode
from tests.recipes.documents import CHINESE, DOCUMENTS, ENGLISH, Document, snippets

NEVER = {"yundun-sas:SetImageBuildRiskStatus", "yundun-sas:SetBuildRiskDefineRuleConfig"}


def named(document: Document) -> str:
    return document.name


def rows(section: str) -> list[list[str]]:
    """Return the cells of a section's tables, without their heads."""
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0][0] in "`[0123456789"]


def anchors(document: Document) -> set[str]:
    """Return what links may name: GitHub's slugs of the headings."""
    headings = re.findall(r"^#+ (.*)$", document.text, re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in kept}


def test_every_snippet_but_that_of_the_library_is_there_and_the_same() -> None:
    english, chinese = snippets(ENGLISH.text), snippets(CHINESE.text)

    assert [snippet for snippet in english if snippet.language != "python"] == chinese


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_fence_belongs_to_a_snippet(document: Document) -> None:
    fences = re.findall(r"^ *```", document.text, re.MULTILINE)

    assert len(fences) == 2 * len(snippets(document.text))


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_exit_code_is_explained(document: Document) -> None:
    codes = [row[0] for row in rows(document.section(document.exit_codes))]

    told = [int(code) for cell in codes for code in re.split(r"[,、]", cell)]
    assert sorted(ExitCode) == sorted(told)


def test_the_samples_are_the_same() -> None:
    english, chinese = (
        [row[:2] for row in rows(document.section(document.samples))] for document in DOCUMENTS
    )

    assert 11 == len(english)
    assert english == chinese


@pytest.mark.parametrize("heading", ["github", "exit_codes"])
def test_the_tables_have_the_same_rows(heading: str) -> None:
    english, chinese = (
        [
            re.findall(r"[\w-]+", row[0])
            for row in rows(document.section(getattr(document, heading)))
        ]
        for document in DOCUMENTS
    )

    assert english
    assert english == chinese


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_what_ci_must_never_be_granted_is_said(document: Document) -> None:
    assert NEVER <= set(re.findall(r"`([\w:-]+)`", document.text))


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_the_languages_lead_to_each_other(document: Document) -> None:
    top = document.text.splitlines()[2]

    assert {one.name for one in DOCUMENTS} - {document.name} == set(re.findall(r"\((.*?)\)", top))


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_links_lead_somewhere(document: Document) -> None:
    places = {one.name: anchors(one) for one in DOCUMENTS}
    links = re.findall(r"\]\((?!\w+:)([^)#]*)(?:#([^)]*))?\)", document.text)

    assert not [file for file, _ in links if file and not (dev.ROOT / file).exists()]
    assert not [
        anchor for file, anchor in links if anchor and anchor not in places[file or document.name]
    ]
