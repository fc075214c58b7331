"""The steps that sign a verdict, in the pipelines that docs/deploying.md puts them into."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

from tests.end_to_end.action.test_lint import said_by
from tests.project.markdown import Page
from tests.recipes.documents import ENGLISH, replaced

if TYPE_CHECKING:
    from pathlib import Path

PAGE = Page.read("docs/deploying.md")
GATE = "          scan: missing\n"
REPORTS = "reports: vsa-predicate=gate.vsa.json"
PERMISSION = "      id-token: write          # for the role\n"


def test_linters_find_nothing_in_the_job_that_attests_on_github(tmp_path: Path) -> None:
    step = PAGE.section("On GitHub").snippet("yaml")
    recipe = replaced(ENGLISH.snippet(ENGLISH.github), GATE, f"{GATE}          {REPORTS}\n")
    recipe = replaced(recipe, PERMISSION, f"{PERMISSION}      attestations: write  # why\n")
    deploy = "      - name: Deploy\n"
    file = tmp_path / "release.yml"
    file.write_text(replaced(recipe, deploy, indent(step, " " * 6) + deploy), encoding="utf-8")
    strictest = ["--offline", "--persona=auditor", "--no-progress", "--strict-collection"]

    assert not said_by("zizmor", *strictest, file)
    assert not said_by("check-jsonschema", "--builtin-schema", "vendor.github-workflows", file)
    assert not said_by("actionlint", file)


def test_the_job_that_attests_on_gitlab_fits_the_schema_and_the_recipe(tmp_path: Path) -> None:
    job = PAGE.section("With cosign, anywhere").snippet("yaml")
    pipeline = ENGLISH.snippet(ENGLISH.gitlab) + "\n" + job
    file = tmp_path / ".gitlab-ci.yml"
    file.write_text(pipeline, encoding="utf-8")
    schema = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]

    assert not said_by("check-jsonschema", *schema, file)
    loaded = YAML(typ="safe").load(pipeline)
    assert loaded["attest"]["stage"] in loaded["stages"]
    assert loaded["deploy"]["needs"] == loaded["attest"]["needs"]


def test_both_pipelines_sign_the_file_that_the_gate_writes() -> None:
    github, gitlab = PAGE.section("On GitHub"), PAGE.section("With cosign, anywhere")

    assert REPORTS in " ".join(github.text.split())
    assert "predicate-path: gate.vsa.json" in github.text
    assert 'reports: ["vsa-predicate=buildrisk-gate/vsa.json"]' in gitlab.text
    assert "--predicate buildrisk-gate/vsa.json" in gitlab.text
