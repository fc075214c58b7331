"""Two checkouts of this project in one run, to see whether this one is slower than the other.

    .venv-test/bin/python -m benchmarks.compare --base ../before

Each is started by the interpreter of its own ``.venv-test``, in turn with the other, and both ask
the same sandbox, which this checkout serves.
"""

from __future__ import annotations

import argparse
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.audit import BLOCKED, audit_arguments
from benchmarks.measuring import ROOT, Cost, interleaved, machine, table
from benchmarks.preparing import in_child
from benchmarks.serving import served

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.measuring import Side

_BASE, _THIS = "base", "this"
_HEAD = ("", "wall, base", "wall, this", "÷", "CPU, base", "CPU, this", "÷")
_POLICY = str(ROOT / "policies" / "strict.yaml")
_CONCURRENCY = "8"


def main() -> None:
    """Print a row for each command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="the other checkout")
    parser.add_argument("--runs", type=int, default=15, help="of each command on each side")
    parser.add_argument("--audits", type=int, default=5, help="audits on each side")
    parser.add_argument("--images", type=int, default=10_000, help="of the audited account")
    options = parser.parse_args()
    checkouts = {_BASE: options.base.resolve(), _THIS: ROOT}
    for checkout in checkouts.values():
        _make_sure_of(checkout)

    def row(
        command: tuple[str, ...],
        runs: int,
        keys: Mapping[str, str] | None = None,
        expected: int = 0,
    ) -> list[str]:
        sides = {name: _side(at, command, keys or {}) for name, at in checkouts.items()}
        costs = interleaved(sides, runs, expected=dict.fromkeys(sides, expected))
        name = " ".join(command[:2]).removesuffix(" --no-ci")
        return [f"gate {name}", *_compared(costs)]

    rows = [row(("--version",), options.runs)]
    rows.append(row(("policy", "validate", _POLICY), options.runs))
    with served() as sandbox:
        check = ("check", "--no-ci", "--endpoint", sandbox.url, in_child("image"))
        rows.append(row(check, options.runs, sandbox.keys))
    with served(images=options.images) as sandbox:
        audit = audit_arguments(sandbox.url, _CONCURRENCY)
        rows.append(row(audit, options.audits, sandbox.keys, BLOCKED))
    print(
        f"Medians of {options.runs} runs each, of {options.audits} for the audit of "
        f"{options.images:,} images. On {machine()}.\n\n{table(_HEAD, rows)}"
    )


def _side(checkout: Path, command: tuple[str, ...], keys: Mapping[str, str]) -> Side:
    return (_python(checkout), "-m", "gate", *command), {**_environment(checkout), **keys}


def _python(checkout: Path) -> str:
    return str(checkout / ".venv-test" / "bin" / "python")


def _environment(checkout: Path) -> dict[str, str]:
    # Without the safe path, Python would import the gate of the working directory on both sides.
    return {"PYTHONPATH": str(checkout), "PYTHONSAFEPATH": "1"}


def _make_sure_of(checkout: Path) -> None:
    """Raise ``RuntimeError`` unless a checkout's interpreter imports that checkout's gate."""
    package = subprocess.run(
        [_python(checkout), "-c", "import gate; print(gate.__file__)"],
        env={**os.environ, **_environment(checkout)},
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ).stdout
    if not Path(package.strip()).is_relative_to(checkout):
        raise RuntimeError(f"{_python(checkout)} imports {package.strip()}")


def _compared(costs: Mapping[str, Cost]) -> list[str]:
    base, this = costs[_BASE], costs[_THIS]
    pairs = ((base.wall, this.wall), (base.cpu, this.cpu))
    cells = []
    for before, after in pairs:
        cells += [f"{before * 1000:.0f} ms", f"{after * 1000:.0f} ms", f"{after / before:.2f}"]
    return cells


if __name__ == "__main__":
    main()
