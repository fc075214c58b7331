"""The gate and its sandbox as programs of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gate.sandbox.service import SAMPLE_KEY_ID, SAMPLE_KEY_SECRET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
KEYS = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": SAMPLE_KEY_ID,
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SAMPLE_KEY_SECRET,
}
_KEPT = ("PATH", "SYSTEMROOT", "COVERAGE_PROCESS_CONFIG", "COVERAGE_FILE", "COVERAGE_PROCESS_START")


def program(*arguments: str) -> list[str]:
    """Return the command line of a command of the gate's."""
    return [sys.executable, "-m", "gate", *arguments]


def surroundings(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment in which nothing that this process's own says is left."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    own = {"HOME": str(folder), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    return kept | own | more


def run(
    folder: Path,
    *arguments: str,
    environment: Mapping[str, str],
    keys: Mapping[str, str] = KEYS,
) -> subprocess.CompletedProcess[str]:
    """Run a command of the gate's to its end, in a folder, with a sandbox's keys or others."""
    done = subprocess.run(
        program(*arguments),
        cwd=folder,
        env=surroundings(folder, **keys, **environment),
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def run_at_once(cases: Mapping[str, Callable[[], T]]) -> dict[str, T]:
    """Run what starts programs some at a time: most of them wait most of the time."""
    with ThreadPoolExecutor(max_workers=6) as pool:
        running = {name: pool.submit(case) for name, case in cases.items()}
    return {name: one.result() for name, one in running.items()}


@contextmanager
def sandbox_program(folder: Path, *arguments: str) -> Iterator[str]:
    """Serve the sample world by another process, which leaves this one's memory alone."""
    with subprocess.Popen(
        program("sandbox", *arguments),
        cwd=folder,
        env=surroundings(folder, PYTHONUNBUFFERED="1", **KEYS),
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as serving:
        assert serving.stdout is not None
        try:
            lines = iter(serving.stdout.readline, "")
            yield next(_url(line) for line in lines if "http://" in line)
        finally:
            serving.terminate()
            serving.stdout.close()


def _url(line: str) -> str:
    return "http://" + line.partition("http://")[2].split()[0].strip("'\".,;")
