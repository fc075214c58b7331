"""What the action's scripts do where the gate can't run, or is to end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import dev
from action import main as action

if TYPE_CHECKING:
    from pathlib import Path

unix = pytest.mark.skipif(os.name == "nt", reason="signals and file modes are those of Unix")

# A gate that says it has started, and what ended it.
SLOW_GATE = """\
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
print("started", sys.stdin.read(), flush=True)
time.sleep(60)
"""
WAITING = """\
import os, sys
from action import main
sys.exit(main.run([sys.executable, "-c", sys.argv[1]], "images", os.environ))
"""


@unix
def test_a_cancelled_job_reaches_the_gate() -> None:
    command = [sys.executable, "-c", WAITING, SLOW_GATE]
    with subprocess.Popen(command, cwd=dev.ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "started images\n" == process.stdout.readline()
        process.send_signal(signal.SIGTERM)

        assert 143 == process.wait(10)


@unix
def test_a_gate_that_was_killed_ends_as_in_a_shell() -> None:
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    command = [sys.executable, "-c", WAITING, killed]

    assert 137 == subprocess.run(command, cwd=dev.ROOT, check=False).returncode


@unix
def test_without_a_python_that_is_new_enough_nothing_runs(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run(
        [bash, dev.ROOT / "action" / "run.sh"],
        env={"PATH": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "output")},
        check=False,
        capture_output=True,
        text=True,
    )

    assert action.USAGE == done.returncode
    assert "Python 3.11" in done.stderr
    assert "exit-code=2\n" == (tmp_path / "output").read_text(encoding="utf-8")


def test_the_oldest_python_is_the_one_that_the_project_promises() -> None:
    script = (dev.ROOT / "action" / "run.sh").read_text(encoding="utf-8")

    assert f"sys.version_info < {dev.OLDEST_PYTHON}" in script


def test_what_can_not_be_installed_is_trouble_with_a_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    output = tmp_path / "output"

    code = action.main(
        {"GATE_IMAGE": "a/b", "RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(output)}
    )

    assert action.SERVICE == code
    assert "exit-code=5\n" == output.read_text(encoding="utf-8")
    _, stop, *_, resume = capsys.readouterr().err.splitlines()
    assert stop.removeprefix("::stop-commands::") == resume.strip(":")


def test_a_defect_has_its_exit_code_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(action, "judge", broken)
    output = tmp_path / "output"

    with pytest.raises(ZeroDivisionError):
        action.main({"GITHUB_OUTPUT": str(output)})
    assert "exit-code=1\n" == output.read_text(encoding="utf-8")
