"""What the recipes show of keyless jobs is what the gate, the action and the services know."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ruamel.yaml import YAML

import dev
from gate.credentials.find import _ARNS
from tests.project.markdown import Page
from tests.rigs.cloud import AUDIENCE, ISSUER, SUBJECT

SECTION = Page.read("docs/recipes.md").section("Without a stored key")


def blocks(language: str) -> list[str]:
    return [snippet.text for snippet in SECTION.snippets if snippet.language == language]


def loaded(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def test_the_trust_policy_trusts_one_branch_of_one_repository() -> None:
    [document] = map(json.loads, blocks("json"))
    [statement] = document["Statement"]
    assert ("Allow", "sts:AssumeRole") == (statement["Effect"], statement["Action"])
    assert {
        "StringEquals": {"oidc:iss": [ISSUER], "oidc:aud": [AUDIENCE], "oidc:sub": [SUBJECT]}
    } == statement["Condition"]


def test_the_job_of_github_gives_the_actions_inputs() -> None:
    job = loaded(blocks("yaml")[0])
    assert "write" == job["permissions"]["id-token"]
    action = loaded((dev.ROOT / "action.yml").read_text(encoding="utf-8"))
    assert job["steps"][0]["with"].keys() <= action["inputs"].keys()


def test_the_job_of_gitlab_has_its_token_where_it_is_looked_for() -> None:
    job = loaded(blocks("yaml")[1])["gate"]
    assert {"BUILDRISK_GATE_OIDC_TOKEN": {"aud": AUDIENCE}} == job["id_tokens"]
    assert set(_ARNS) == set(job["variables"])


@pytest.mark.parametrize("arn", sorted(set(re.findall(r"acs:ram::[\w:/-]+", SECTION.text))))
def test_the_arns_are_such(arn: str) -> None:
    assert any(re.fullmatch(shape, arn) for shape in _ARNS.values())
