"""The script that brings and runs everything."""

from __future__ import annotations

import sys
import tarfile
import tomllib
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

import dev
from action import install
from tests.tools import bring
from tests.tools.steps import run, run_steps, start

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_failing_step_does_not_keep_the_others_from_running(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done: list[str] = []

    def step(name: str, *, succeeds: bool) -> Callable[[], bool]:
        def record() -> bool:
            done.append(name)
            return succeeds

        return record

    steps = {"first": step("first", succeeds=False), "second": step("second", succeeds=True)}

    code = run_steps(steps)

    assert done == list(steps)
    assert code == 1
    assert capsys.readouterr().out.endswith("Failed: first.\n")


def test_steps_that_all_succeed_exit_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_steps({"only": lambda: True}) == 0
    assert capsys.readouterr().out.endswith("All is well.\n")


def test_a_step_that_lacks_something_fails_alone(capsys: pytest.CaptureFixture[str]) -> None:
    def lacking() -> bool:
        raise install.SetupError("no index")

    assert run_steps({"lacking": lacking, "other": lambda: True}) == 1
    assert "no index" in capsys.readouterr().out


@pytest.mark.parametrize(("code", "succeeds"), [(0, True), (10, False)])
def test_what_runs_beside_others_shows_its_output_in_one_piece(
    capsys: pytest.CaptureFixture[str],
    code: int,
    succeeds: bool,  # noqa: FBT001 - a case of the table
) -> None:
    program = f"print('first'); print('last', flush=True); raise SystemExit({code})"
    wait = start([sys.executable, "-c", program])

    assert "" == capsys.readouterr().out
    assert succeeds == wait()
    assert capsys.readouterr().out.startswith("first\nlast\n")


@pytest.mark.parametrize(("expected", "succeeds"), [(10, True), (0, False)])
def test_a_program_succeeds_with_the_expected_exit_code(
    expected: int,
    succeeds: bool,  # noqa: FBT001 - a case of the table
) -> None:
    command = [sys.executable, "-c", "raise SystemExit(10)"]

    assert succeeds == run(command, expected=expected)


def test_a_program_that_must_be_quiet_says_why_it_failed() -> None:
    command = [sys.executable, "-c", "print('no such index'); raise SystemExit(1)"]

    with pytest.raises(install.SetupError, match="no such index\nIs it reachable"):
        install.run_silently(command, "Is it reachable?")


def test_an_environment_depends_on_what_its_requirements_say(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("", encoding="utf-8")
    before = install.fingerprint(requirements)

    assert before == install.fingerprint(requirements)
    requirements.write_text("click==8.5.1", encoding="utf-8")
    assert before != install.fingerprint(requirements)


def test_a_pin_is_a_requirement_with_its_hashes(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lines = ["a==1 \\", "    --hash=sha256:1 \\", "    --hash=sha256:2", "b==2 \\", "    --hash=x"]
    lock.write_text("\n".join(lines), encoding="utf-8")

    assert ["\n".join(lines[:3]), "\n".join(lines[3:])] == bring.pins(lock)
    assert any(pin.startswith("pytest==") for pin in bring.pins(dev.TEST))


@pytest.mark.parametrize(
    ("names", "found"), [(["a/x.xsd"], True), ([], False), (["a/x.xsd", "b/x.xsd"], False)]
)
def test_one_file_is_taken_out_of_an_archive(
    tmp_path: Path, names: list[str], *, found: bool
) -> None:
    archive = tmp_path / "sources.tar.gz"
    (tmp_path / "file").write_bytes(b"<schema/>")
    with tarfile.open(archive, "w:gz") as members:
        for name in names:
            members.add(tmp_path / "file", name)

    with nullcontext() if found else pytest.raises(install.SetupError, match=r"x\.xsd"):
        assert b"<schema/>" == bring.read_member(archive, "x.xsd")


@pytest.mark.parametrize("arguments", [[], ["tset"]])
def test_an_unknown_command_shows_those_that_there_are(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert dev.main(arguments) == 2
    assert "python3 dev.py test " in capsys.readouterr().err


def test_help_is_no_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(["--help"]) == 0
    assert "python3 dev.py test " in capsys.readouterr().out


def test_arguments_that_would_be_ignored_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(["test", "--fast"]) == 1
    assert "--fast" in capsys.readouterr().err


def test_the_oldest_python_is_the_one_that_the_project_promises() -> None:
    project = tomllib.loads((dev.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = ".".join(map(str, dev.OLDEST_PYTHON))

    assert f">={oldest}" == project["requires-python"]


def test_ci_runs_what_a_contributor_runs() -> None:
    script = (dev.ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert script.endswith('\ncd "$(dirname "$0")/.."\nexec python3 dev.py test\n')
