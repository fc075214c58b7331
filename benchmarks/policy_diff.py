"""What `gate policy diff` needs for a record of a large account, beside reading it alone."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.case_record import measure, policy


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3, help="of each side, interleaved")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # What the new policy waives less is blocked: half of the images change.
        old, new = folder / "old.yaml", folder / "new.yaml"
        old.write_text(policy(waived=1_000, until="2027-01"), encoding="utf-8")
        text = policy(waived=500, until="2027-01").replace("[high, medium]", "[high, medium, low]")
        new.write_text(text, encoding="utf-8")
        command = ("diff", "--from", str(old), "-p", str(new))
        print(measure(folder, command, given.images, given.runs))


if __name__ == "__main__":
    main()
