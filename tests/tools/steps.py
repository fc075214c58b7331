"""Run the steps of dev.py: one after the other, or beside others, none stopping the rest."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from action.install import ROOT, SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LIMIT = 900
"""Seconds after which a step counts as hung."""


def run_steps(steps: Mapping[str, Callable[[], bool]]) -> int:
    """Run each step, then say which ones failed and how long each was waited for."""
    results: list[tuple[str, bool, float]] = []
    for name, step in steps.items():
        print(f"\n==> {name}", flush=True)
        started = time.monotonic()
        try:
            succeeded = step()
        except SetupError as trouble:
            print(trouble)
            succeeded = False
        results.append((name, succeeded, time.monotonic() - started))
    print("\n==> summary")
    for name, succeeded, seconds in results:
        print(f"{'ok' if succeeded else 'FAILED':8}{name:18}{seconds:7.1f} s")
    failed = [name for name, succeeded, _ in results if not succeeded]
    print(f"Failed: {', '.join(failed)}." if failed else "All is well.", flush=True)
    return 1 if failed else 0


def run(
    command: Sequence[str | Path],
    *,
    expected: int = 0,
    cwd: Path = ROOT,
    environment: Mapping[str, str] | None = None,
) -> bool:
    """Run a program whose output goes to ours, and return whether it exits as expected."""
    try:
        code = subprocess.run(
            command, cwd=cwd, env=environment, check=False, timeout=LIMIT
        ).returncode
    except subprocess.TimeoutExpired:
        print(f"{Path(command[0]).name} was stopped after {LIMIT} seconds.", flush=True)
        return False
    return _is_expected(code, expected)


def start(command: Sequence[str | Path]) -> Callable[[], bool]:
    """Start a program at once; return the step that waits for it and shows its output in one piece.

    The output goes to a file meanwhile, so that programs that run side by side don't mix theirs.
    """
    output = tempfile.TemporaryFile(mode="w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - the step closes it
    process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)

    def wait() -> bool:
        with output:
            try:
                code = process.wait(LIMIT)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
                print(f"stopped after {LIMIT} seconds", flush=True)
            output.seek(0)
            shutil.copyfileobj(output, sys.stdout)
        return _is_expected(code, 0)

    return wait


def _is_expected(code: int, expected: int) -> bool:
    if code != expected:
        print(f"exit code {code} instead of {expected}", flush=True)
    return code == expected
