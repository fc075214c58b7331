"""docs/evidence.md explains every reason, with the exit code that it ends in."""

from __future__ import annotations

from gate.errors import ExitCode
from gate.findings import Reason, Unscanned
from gate.policy import policy_schema
from gate.verdict import judge_image
from tests.project.markdown import Page, words

PAGE = Page.read("docs/evidence.md")
ROWS = {words(reason)[0]: int(code) for reason, code, _ in PAGE.section("Reasons").rows}
DECIDED = {
    "clean": ExitCode.PASSED,
    "allowed": ExitCode.PASSED,
    "blocked": ExitCode.BLOCKED,
}


def code_of(reason: Reason) -> int:
    evidence = Unscanned(reason=reason, message="")
    return judge_image("image", evidence, (), tolerated=False).exit_code


def test_every_reason_is_explained_with_its_exit_code() -> None:
    undecided = {reason.value: code_of(reason) for reason in Reason}

    assert {**DECIDED, **undecided} == ROWS


def test_what_a_policy_may_tolerate_is_a_reason() -> None:
    words_of_policy = policy_schema()["properties"]["undecided"]["properties"]["warn_on"]["items"]

    assert set(words_of_policy["enum"]) <= ROWS.keys()
