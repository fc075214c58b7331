"""Checks at the level of the library, in this process."""

from __future__ import annotations

import os
import stat
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from gate.cli.groups import Gathering, ServiceOptions
from gate.cli.terminal import Terminal
from gate.clock import Clock, Run
from gate.policy import load_policies
from gate.reference import ImageReference
from tests.rigs.programs import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gate.policy import Policies

SHOP = "registry.cn-hangzhou.aliyuncs.com/shop"
DAY = date(2026, 3, 1)
_DESCRIPTORS = Path("/dev/fd")
_POLICY = (
    "version: 1\nblock: {levels: [high], statuses: [unhandled]}\n"
    "scan: {settle: 0s, require_digest: false}\n"
)


def policies(folder: Path) -> Policies:
    (folder / "policy.yaml").write_text(_POLICY, encoding="utf-8")
    return load_policies(["policy.yaml"], directory=folder, today=DAY)


def new_run(observer: Callable[[str], None] | None = None, *, seconds: float = 20.0) -> Run:
    """Begin a run with a sandbox's keys."""
    return Run(
        clock=Clock(lambda: datetime.now(UTC), time.monotonic, anyio.sleep),
        deadline=time.monotonic() + seconds,
        environment=KEYS,
        observer=observer,
    )


def silent() -> Terminal:
    """Return a terminal that shows nothing."""
    return Terminal(write=lambda _: None, live=False, width=lambda: 80)


def gathering(**more: object) -> Gathering:
    """Return how images of the sample world are checked; nothing is waited for."""
    chosen = {"timeout": timedelta(seconds=20), "wait": timedelta(0), "resolve": False}
    return Gathering(**(chosen | more))  # type: ignore[arg-type]


def service(url: str) -> ServiceOptions:
    """Return the Security Center that is asked."""
    return ServiceOptions(endpoint=url)


def references(names: Iterable[str]) -> list[ImageReference]:
    """Return the images of these names."""
    return [ImageReference.parse(name) for name in names]


def open_sockets() -> int:
    """Count this process's open sockets; those of anyio and asyncio themselves too."""
    return sum(stat.S_ISSOCK(mode) for mode in open_modes())


def open_modes() -> list[int]:
    """Return the kinds of this process's open descriptors."""
    modes = []
    for descriptor in _DESCRIPTORS.iterdir():
        try:
            modes.append(os.fstat(int(descriptor.name)).st_mode)
        except OSError:
            continue  # that of the listing itself
    return modes
