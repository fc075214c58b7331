"""How long commands take that ask nobody, and a whole check, beside an import of aiohttp."""

from __future__ import annotations

import argparse
import sys
from operator import truediv

from benchmarks.measuring import GATE, ROOT, cost_table, interleaved, machine
from benchmarks.preparing import in_child
from benchmarks.serving import served

IMPORT = 'python -c "import aiohttp"'


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="of each side, interleaved")
    runs = parser.parse_args().runs
    image = in_child("image")
    policy = str(ROOT / "policies" / "strict.yaml")
    tests = str(ROOT / "policies")  # about 20 images
    with served() as sandbox:
        check = (*GATE, "check", "--no-ci", "--endpoint", sandbox.url, image)
        medians = interleaved(
            {
                IMPORT: ((sys.executable, "-c", "import aiohttp"), None),
                "gate --version": ((*GATE, "--version"), None),
                "gate policy validate": ((*GATE, "policy", "validate", policy), None),
                "gate policy test": ((*GATE, "policy", "test", tests), None),
                "gate check": (check, sandbox.keys),
            },
            runs,
        )
    print(f"Medians of {runs} runs each, by plain HTTP without latency. On {machine()}.\n")
    print(cost_table(medians, "÷ import", truediv, other=IMPORT))


if __name__ == "__main__":
    main()
