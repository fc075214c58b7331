from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.rigs.command import HOST

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rigs.command import Result

    Gate = Callable[..., Result]

WEB = f"{HOST}/shop/web:1.4"


@pytest.fixture
def _github(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))


@pytest.mark.usefixtures("_github")
def test_under_github_a_run_annotates_sums_up_and_sets_outputs(gate: Gate) -> None:
    result = gate("check", "--sandbox", WEB, "--report", "json=out/report.json")
    assert 10 == result.code
    assert "::error title=" in result.err
    assert "::error" not in result.out
    assert "## BLOCK" in Path("summary").read_text(encoding="utf-8")
    outputs = Path("output").read_text(encoding="utf-8")
    assert "\nblock\n" in outputs
    assert "\nout/report.json\n" in outputs


@pytest.mark.usefixtures("_github")
def test_annotations_are_not_printed_twice(gate: Gate) -> None:
    result = gate("check", "--sandbox", WEB, "--format", "github")
    assert "::error" in result.out
    assert "::error" not in result.err


@pytest.mark.usefixtures("_github")
def test_no_ci_turns_all_of_that_off(gate: Gate) -> None:
    result = gate("check", "--sandbox", "--no-ci", WEB)
    assert "::error" not in result.err
    assert not Path("output").exists()
    assert not Path("summary").exists()


@pytest.mark.usefixtures("_github")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("check", "harbor.example.com/shop/web:1"), "Which Security Center knows the image"),
        (("check", "--scan", "often", WEB), "is not one of"),
        (("policy", "validate", "gone.yaml"), "gone.yaml"),
    ],
)
def test_a_mistake_is_an_annotation_too(gate: Gate, arguments: tuple[str, ...], told: str) -> None:
    result = gate(*arguments)
    assert 2 == result.code
    [line] = [line for line in result.err.splitlines() if line.startswith("::error")]
    assert line.startswith("::error title=buildrisk-gate::")
    assert told in line
    assert "::error" not in gate(*arguments[:1], "--no-ci", *arguments[1:]).err


@pytest.mark.usefixtures("_github")
def test_a_mistake_in_a_file_is_an_annotation_of_its_line(gate: Gate) -> None:
    Path("a policy.yaml").write_text(
        "version: 1\nblok: {}\nblock: {levels: [hihg], statuses: [unhandled]}\n"
    )
    result = gate("check", "--sandbox", "-p", "a policy.yaml", WEB)
    assert 2 == result.code
    lines = [line for line in result.err.splitlines() if line.startswith("::error")]
    start = "::error file=a policy.yaml,line="
    assert [f"{start}2,col=1,", f"{start}3,col=18,"] == [
        line.partition("title=")[0] for line in lines
    ]
    assert "Did you mean block?" in lines[0]


@pytest.mark.usefixtures("_github")
def test_many_mistakes_are_counted_because_few_are_shown(gate: Gate) -> None:
    Path("bad.yaml").write_text("version: 1\n" + "".join(f"key{n}: 1\n" for n in range(20)))
    err = gate("policy", "validate", "bad.yaml").err
    lines = [line for line in err.splitlines() if line.startswith("::error")]
    assert 10 == len(lines)
    assert lines[-1].startswith("::error title=buildrisk-gate::and ")


@pytest.mark.usefixtures("_github")
def test_notes_are_printed_once(gate: Gate) -> None:
    Path("Dockerfile").write_text(f"FROM {HOST}/shop/api:2.0\nFROM docker.io/library/nginx:1\n")
    result = gate("manifests", "--sandbox", "--format", "github", "Dockerfile")
    notes = [line for line in result.out.splitlines() if line.startswith("note: ")]
    assert len(set(notes)) == len(notes) > 1
    assert "note" not in result.err


@pytest.mark.usefixtures("_github")
def test_outputs_that_cannot_be_set_are_an_error(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path))
    passing = gate("check", "--sandbox", f"{HOST}/shop/api:2.0")
    assert 5 == passing.code
    assert "outputs can't be written" in passing.err
    assert 10 == gate("check", "--sandbox", WEB).code


def test_under_gitlab_the_diagnostics_are_folded(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    result = gate("check", "--sandbox", "-v", WEB)
    assert result.err.index("section_start:") < result.err.index("section_end:")
    assert "section_" not in result.out


def test_the_section_is_closed_after_a_mistake(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    result = gate("check", "harbor.example.com/shop/web:1")
    assert 2 == result.code
    assert result.err.index("section_end:") < result.err.index("error:")


def test_a_statement_without_a_digest_is_not_shown(gate: Gate) -> None:
    Path(".buildrisk-gate.yaml").write_text(
        "version: 1\nblock: {levels: [high], statuses: [unhandled]}\n"
        "undecided: {warn_on: [missing], until: 2099-01-01}\nscan: {require_digest: false}\n"
    )
    result = gate(
        "check", "--sandbox", "--no-resolve", "--wait", "0", "--format", "vsa", f"{HOST}/shop/no:1"
    )  # fmt: skip
    assert 5 == result.code
    assert "" == result.out
