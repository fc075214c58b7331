"""The command line as a program: signals, pipes, and what the streams can't encode."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.sandbox import SampleFinding, SampleImage, State
from tests.rigs.command import HOST, Result, reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

pytestmark = pytest.mark.usefixtures("_workdir")

BAD = SampleImage(
    namespace="shop",
    repository="web",
    tag="1",
    findings=(
        SampleFinding(risk="no_user", level="high", command="ENV TOKEN=hunter2\n::error::x"),
    ),
)
RUNNING = SampleImage(
    namespace="shop", repository="web", tag="2", timeline=(State(scan="CVE_ANALYZER"),)
)
WAIT = ("--wait", "0")
GATE = [sys.executable, "-m", "gate"]
ROOT = Path(__file__).parents[3]


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*GATE, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_still_leaves_reports(serve: Serve, number: int, code: int) -> None:
    with serve(RUNNING) as sandbox:
        process = start(
            *("check", "--endpoint", sandbox.url, "--wait", "5m", reference(RUNNING)),
            *("--report", "json=report.json"),
        )
        while not any(r.operation == "DescribeImageBuildRiskByKey" for r in sandbox.requests):
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(number)
        out, _ = process.communicate(timeout=20)
    report = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert (code, code, "running") == (
        process.returncode,
        report["exit_code"],
        report["images"][0]["reason"],
    )
    assert f"(exit {code})" in out


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_nobody_reading_the_report_is_no_defect(serve: Serve) -> None:
    with serve(BAD) as sandbox:
        process = start("check", "--endpoint", sandbox.url, *WAIT, reference(BAD))
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        process.stderr.close()
        assert 10 == process.wait(timeout=20)
    assert "Traceback" not in err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gbk", "utf-8"])
def test_streams_never_fail_on_a_character(serve: Serve, encoding: str) -> None:
    with serve(BAD) as sandbox:
        process = subprocess.run(
            [*GATE, "check", "--endpoint", sandbox.url, *WAIT, "--lang", "zh", reference(BAD)],
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding},
        )
    assert 10 == process.returncode, process.stderr
    assert b"Traceback" not in process.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("data", [None, "images: [{namespace: a, repository: b, tag: '1'}]"])
def test_the_command_that_the_sandbox_prints_works(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, data: str | None
) -> None:
    if data is not None:
        Path("data.yaml").write_text(data)
    process = start("sandbox", *(("--data", "data.yaml") if data else ()), PYTHONUNBUFFERED="1")
    assert process.stdout is not None
    names = []
    for line in iter(process.stdout.readline, ""):
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").strip().partition("=")
            monkeypatch.setenv(name, value)
        if line.startswith("#   "):
            names.append(line.split()[-1])
        if line.startswith("# gate check "):
            break
    result = gate(*line.removeprefix("# gate ").split())
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert (0 if data else 10) == result.code, result.out
    assert data or any(name.startswith(f"{HOST}/shop/ghost:1.0@sha256:") for name in names)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_the_sandbox_serves_other_gates_until_interrupted(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = start(
        "sandbox",
        "--reading",
        "rows=image",
        "--reading",
        "page_cap=7",
        "--fault",
        "account_quota=20",
        PYTHONUNBUFFERED="1",
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    url = next(word for word in first.split() if word.startswith("http://")).rstrip(";")
    assert "export ALIBABA_CLOUD_ACCESS_KEY_ID=" in process.stdout.readline()
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "sandbox-key-id")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "sandbox-key-secret")
    digest = json.loads(gate("check", "--sandbox", "--format", "json", f"{HOST}/shop/api:2.0").out)[
        "images"
    ][0]["image"]["digest"]
    result = gate("check", "--endpoint", url, f"{HOST}/shop/api:2.0@{digest}")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert (0, 130) == (result.code, process.returncode), result.out
