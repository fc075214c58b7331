"""The forms for issues and pull requests ask for what a maintainer needs."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML

import dev

GITHUB = dev.ROOT / ".github"
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")
KINDS = {"markdown", "input", "textarea", "dropdown"}


def loaded(name: str) -> Any:
    return YAML(typ="safe").load((GITHUB / name).read_text(encoding="utf-8"))


def questions(form: str) -> dict[str, Any]:
    """Return the questions of a form by their id."""
    return {part["id"]: part for part in loaded(form)["body"] if part["type"] != "markdown"}


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_a_form_is_one_that_github_shows(form: Any) -> None:
    content = loaded(f"ISSUE_TEMPLATE/{form.name}")

    assert {"name", "description", "body"} <= content.keys()
    for part in content["body"]:
        assert part["type"] in KINDS
        assert "value" in part["attributes"] or part["attributes"]["label"]


def test_a_bug_report_says_version_command_exit_code_and_report() -> None:
    form = questions("ISSUE_TEMPLATE/bug.yml")
    required = {name for name, part in form.items() if part.get("validations", {}).get("required")}

    assert {"version", "command", "exit-code"} <= required
    assert "report" in form


def test_readings_are_asked_for_where_the_documents_say() -> None:
    form = questions("ISSUE_TEMPLATE/readings.yml")
    page = (dev.ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")

    assert form["readings"]["validations"]["required"]
    assert "`gate doctor --readings`" in form["readings"]["attributes"]["label"]
    assert "`gate doctor --readings`" in page
    assert "issues/new?template=readings.yml" in page


def test_whoever_opens_an_issue_is_shown_the_private_way() -> None:
    (link,) = loaded("ISSUE_TEMPLATE/config.yml")["contact_links"]
    bug = (GITHUB / "ISSUE_TEMPLATE" / "bug.yml").read_text(encoding="utf-8")
    pull_request = (GITHUB / "PULL_REQUEST_TEMPLATE.md").read_text(encoding="utf-8")

    assert link["url"].endswith("/security/advisories/new")
    assert "SECURITY.md" in link["about"]
    assert "SECURITY.md" in bug
    assert "SECURITY.md" in pull_request


def test_updates_are_proposed_weekly_and_in_groups() -> None:
    updates = loaded("dependabot.yml")["updates"]

    assert {"github-actions", "pip"} == {one["package-ecosystem"] for one in updates}
    assert {"weekly"} == {one["schedule"]["interval"] for one in updates}
    assert all(one["groups"] for one in updates)
    assert all((dev.ROOT / one["directory"].strip("/")).is_dir() for one in updates)
