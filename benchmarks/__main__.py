"""Run benchmarks by their names, in the environment of the tests; without a name, all of them.

    python3 benchmarks                      all, one after the other
    python3 benchmarks one_check --runs 30  one, with its own arguments

Python is all that it needs: it brings the rest.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAMES = (
    "one_check",
    "startup",
    "policy",
    "policy_diff",
    "policy_forecast",
    "fleet",
    "audit",
    "reports",
)


def main(arguments: list[str]) -> int:
    """Return the exit code of the first benchmark that fails, else 0."""
    sys.path.insert(0, str(ROOT))
    from tests.tools.bring import furnish_tests

    if arguments and arguments[0] not in NAMES:
        print(f"{__doc__}\nNames: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    for name in arguments[:1] or NAMES:
        print(f"## {name}\n", flush=True)
        module = f"benchmarks.{name}"
        command = [str(furnish_tests()), "-m", module, *arguments[1:]]
        code = subprocess.call(command, cwd=ROOT)
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
