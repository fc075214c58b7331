"""A standard stream that is closed, full or no longer read changes no block and no code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.sandbox import SampleFinding, SampleImage
from tests.rigs.command import HOST, reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox

    Serve = Callable[..., AbstractContextManager[Sandbox]]

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="the redirections are those of a POSIX shell"
)

HIGH = SampleFinding(risk="no_user", level="high", command="USER root")
BAD = SampleImage(namespace="shop", repository="web", tag="1", findings=(HIGH,))
CLEAN = SampleImage(namespace="shop", repository="api", tag="2.0")
STRICT = str(Path(__file__).parents[3] / "policies" / "strict.yaml")
CLOSED = [
    "{} >&-",
    "{} 2>&-",
    "{} <&-",
    "{} >&- 2>&-",
    "{} <&- >&- 2>&-",
    "{} >/dev/full",
    "{} 2>/dev/full",
    "{} >/dev/full 2>/dev/full",
    "({}; echo $? >code) | head -c 1",
    "({} 2>&1 >/dev/null; echo $? >code) | true",
]


def run(line: str, *arguments: str) -> tuple[int, str]:
    """Run the gate in a shell's line; return its own code, and what it said on standard error."""
    command = " ".join([sys.executable, "-m", "gate", *arguments])
    done = subprocess.run(
        ["bash", "-c", line.format(command)],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    if "code" in line:
        return int(Path("code").read_text(encoding="utf-8")), done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("line", CLOSED)
@pytest.mark.usefixtures("_workdir")
def test_a_block_survives(serve: Serve, line: str) -> None:
    with serve(BAD) as sandbox:
        arguments = ("check", "-v", "--endpoint", sandbox.url, "--wait", "0", reference(BAD))
        code, errors = run(line, *arguments)
    assert 10 == code, errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("line", CLOSED)
@pytest.mark.usefixtures("_workdir")
def test_a_pass_survives_unless_its_report_can_not_be_written(serve: Serve, line: str) -> None:
    with serve(CLEAN) as sandbox:
        arguments = ("check", "-v", "--endpoint", sandbox.url, "--wait", "0", reference(CLEAN))
        code, errors = run(line, *arguments)
    unwritten = ">&-" in line.replace("2>&-", "") or ">/dev/full" in line.replace("2>/dev/full", "")
    assert code == (5 if unwritten else 0) or "head" in line
    assert "Traceback" not in errors


@pytest.mark.parametrize("line", ["{} >&-", "{} 2>/dev/full", "{} <&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--version",), {0, 5}),
        (("--help",), {0, 5}),
        (("schema", "policy"), {0, 5}),
        (("check",), {2}),
        (("check", "--digest", "x", "y"), {2}),
        (("policy", "validate"), {0, 5}),
        (("check", "--images-from", "-"), {2}),
    ],
    ids=str,
)
@pytest.mark.usefixtures("_workdir")
def test_other_commands_end_without_a_traceback(
    line: str, arguments: tuple[str, ...], expected: set[int]
) -> None:
    code, errors = run(line, *arguments)
    assert code in expected
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("doctor", "--sandbox"), {0}),
        (("doctor", "--sandbox", f"{HOST}/shop/legacy:0.9"), {3}),
        (("policy", "validate", STRICT, STRICT), {0}),
        (("risks", "--sandbox"), {0}),
        (("schema", "report"), {0}),
        (("--version",), {0}),
        (("--help",), {0, 5}),
    ],
    ids=str,
)
@pytest.mark.parametrize("reader", ["head -1", "true"])
@pytest.mark.usefixtures("_workdir")
def test_who_stops_reading_ends_nothing(
    arguments: tuple[str, ...], expected: set[int], reader: str
) -> None:
    code, errors = run(f"{{}} | {reader}; exit ${{{{PIPESTATUS[0]}}}}", *arguments)
    assert code in expected
    assert "" == errors
