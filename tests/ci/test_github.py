from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from gate.ci.github import GitHub
from gate.errors import ExitCode, ReportUnwritable
from gate.verdict import Action
from tests.report.verdicts import DIGEST, decision, run, scanned, unscanned, verdicts

if TYPE_CHECKING:
    from pathlib import Path

    from gate.verdict import Verdict

NAMES = ["verdict", "exit-code", "image", "blocked", "warned"]


@pytest.fixture
def step(tmp_path: Path) -> GitHub:
    return GitHub(
        {
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        },
        now,
    )


def now() -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC)


def outputs(step: GitHub) -> dict[str, str]:
    """Read a file of outputs as the runner does."""
    with open(step.environment["GITHUB_OUTPUT"], encoding="utf-8", newline="") as file:  # noqa: PTH123 - newline
        lines = iter(file.read().split("\n"))
    read: dict[str, str] = {}
    for line in lines:
        if not line:
            continue
        name, _, delimiter = line.partition("<<")
        assert delimiter, line
        value = []
        for inner in lines:
            if inner == delimiter:
                break
            value.append(inner)
        read[name] = "\n".join(value)
    return read


def test_outputs_tell_the_verdict_and_the_image_by_digest(step: GitHub) -> None:
    image = replace(
        scanned(decision(Action.BLOCK), decision(Action.WARN), decision(Action.ALLOW)),
        digest=DIGEST,
    )
    step.tell(
        run(image), ExitCode.BLOCKED, [("json", "a.json"), ("junit", "j"), ("html", "b.html")]
    )
    assert {
        "verdict": "block",
        "exit-code": "10",
        "image": f"registry.cn-hangzhou.aliyuncs.com/shop/web@{DIGEST}",
        "blocked": "1",
        "warned": "1",
        "report-json": "a.json",
        "report-html": "b.html",
    } == outputs(step)


def test_an_image_without_a_digest_has_none_in_the_outputs(step: GitHub) -> None:
    step.tell(run(unscanned()), ExitCode.UNDECIDED, [])
    assert "" == outputs(step)["image"]


@settings(max_examples=60, deadline=None)
@given(verdicts())
def test_no_text_of_others_sets_an_output(
    tmp_path_factory: pytest.TempPathFactory, verdict: Verdict
) -> None:
    folder = tmp_path_factory.mktemp("step")
    step = GitHub({"GITHUB_OUTPUT": str(folder / "output")}, now)
    step.tell(verdict, verdict.exit_code, [])
    assert NAMES == list(outputs(step))


def test_delimiters_are_never_the_same(step: GitHub) -> None:
    step.tell(run(scanned()), ExitCode.PASSED, [])
    with open(step.environment["GITHUB_OUTPUT"], encoding="utf-8") as file:  # noqa: PTH123 - a str
        found = re.findall(r"<<(\w+)", file.read())
    assert len(NAMES) == len(set(found))


def test_the_summary_is_appended(step: GitHub, tmp_path: Path) -> None:
    (tmp_path / "summary").write_text("# before\n")
    step.tell(run(scanned(decision())), ExitCode.BLOCKED, [])
    text = (tmp_path / "summary").read_text(encoding="utf-8")
    assert text.startswith("# before\n## BLOCK")
    assert "no&#95;user" in text or "no\\_user" in text


def test_a_full_summary_gets_the_verdict_alone(step: GitHub, tmp_path: Path) -> None:
    (tmp_path / "summary").write_text("x" * (1024 * 1024 - 500))
    step.tell(run(scanned(decision())), ExitCode.BLOCKED, [])
    assert 1024 * 1024 > (tmp_path / "summary").stat().st_size
    assert "BLOCK" in (tmp_path / "summary").read_text(encoding="utf-8")


def test_annotations_are_workflow_commands(step: GitHub) -> None:
    text = step.annotations(run(scanned(decision(name="a\n::error::b"))))
    (line,) = text.splitlines()
    assert line.startswith("::error title=")
    assert not step.annotations(run(scanned()))


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    step = GitHub({"GITHUB_OUTPUT": str(tmp_path)}, now)
    with pytest.raises(ReportUnwritable, match="outputs can't be written"):
        step.tell(run(scanned()), ExitCode.PASSED, [])


def test_without_the_files_nothing_is_written() -> None:
    GitHub({}, now).tell(run(scanned()), ExitCode.PASSED, [])
    assert "" == GitHub({}, now).opening() + GitHub({}, now).closing()
