"""Read a record line by line with the standard library, and make nothing of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    """Count the findings of the images of a record."""
    findings = 0
    with Path(sys.argv[1]).open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith('{"reference"'):
                findings += len(json.loads(line.rstrip().rstrip(","))["findings"])
    print(findings)


if __name__ == "__main__":
    main()
