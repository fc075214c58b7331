"""The environment that tests see, and the one in which programs of other projects run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SETTINGS = (
    *("ACTIONS_", "ALIBABA_CLOUD_", "BUILDRISK_GATE_", "CI", "DOCKER_", "GCL_", "GIT"),
    *("PRE_COMMIT", "RUNNER_", "SKIP"),
    *("CLICOLOR", "COLUMNS", "FORCE_COLOR", "NO_COLOR"),
)
"""Begins of the variables that the gate, git, a hook or a CI system reads, or a terminal sets."""

PROXIES = ("all_proxy", "http_proxy", "https_proxy", "no_proxy")
WAYS = (*PROXIES, *map(str.upper, PROXIES))

FRUGAL = {"PIP_COMPILE": "false", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
"""What spares pip work whose result these tests use once."""

_OF_THE_TESTS = ("COVERAGE_", "PYTHON")
_WHOLE = dict(os.environ)  # as pytest was started, because tests get to see less of it


def foreign(names: Iterable[str]) -> list[str]:
    """Return the names of settings that whoever runs the tests, or a job around them, has made."""
    return [name for name in names if name.startswith(SETTINGS) or name in WAYS]


def surroundings() -> dict[str, str]:
    """Return what programs need that install packages: home, proxies and pip's settings too."""
    others = (*SETTINGS, *_OF_THE_TESTS)
    kept = {name: value for name, value in _WHOLE.items() if not name.startswith(others)}
    return kept | FRUGAL
