"""What `gate policy forecast` needs for a record of a large account, beside reading it alone."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.case_record import DAY, measure, policy

DUE = 10  # the exit code


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3, help="of each side, interleaved")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        baseline = folder / "baseline.yaml"
        text = policy(waived=1_000, until="2026-12")
        later = "undecided: {warn_on: [stale], until: 2026-12-05}\n"
        # This one is about all images.
        begins = 'rules: [{match: {risks: ["risk_1*"]}, action: block, from: 2026-12-20}]\n'
        baseline.write_text(text + later + begins, encoding="utf-8")
        command = ("forecast", "-p", str(baseline), "--at", DAY, "--within", "60d")
        print(measure(folder, command, given.images, given.runs, expected=DUE))


if __name__ == "__main__":
    main()
