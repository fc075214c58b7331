"""What tells one finding from another, the same from build to build."""

from __future__ import annotations

import hashlib
import re
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import Counter

    from gate.findings import Finding

_SPACE = re.compile(r"\s+")
# The values of build arguments, which differ from build to build: RUN |1 VERSION=7 /bin/sh -c make
_ARGUMENTS = re.compile(r"\|\d+ .*?(?=/bin/sh -c )", re.DOTALL)


def fingerprint(repository: str, finding: Finding, seen: Counter[str]) -> str:
    """Tell findings apart by what stays from build to build: repository, risk and command.

    ``seen`` counts equal findings of the report, so that each has a fingerprint of its own.
    """
    identity = f"{repository}\n{finding.risk}\n{steady_command(finding)}"
    digest = hashlib.sha256(identity.encode("utf-8", "backslashreplace")).hexdigest()[:16]
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"


def steady_command(finding: Finding) -> str:
    """Return the build command on one line, without the values of build arguments."""
    return _SPACE.sub(" ", _ARGUMENTS.sub("", finding.fact("command"))).strip()


def file_of(finding: Finding) -> str | None:
    """Return the file of the checkout that the finding points at, with ``/`` between its parts.

    ``None`` if it points nowhere, or at a path that leads out of the checkout.
    """
    if finding.location is None:
        return None
    path = PureWindowsPath(finding.location.path)
    if path.anchor or not path.parts or ".." in path.parts:
        return None
    return path.as_posix()
