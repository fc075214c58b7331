"""Checks at the level of the library, in this process."""

from __future__ import annotations

import os
import stat
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from gate.check_run import CheckOptions
from gate.clock import Clock
from gate.machine import Machine
from gate.policy import load_policies
from gate.reference import ImageReference
from tests.rigs.programs import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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


def machine(say: Callable[[str], None] = lambda _: None) -> Machine:
    """Return a machine with a sandbox's keys, that shows nothing."""
    return Machine(
        clock=Clock(lambda: datetime.now(UTC), time.monotonic, anyio.sleep),
        environment=KEYS,
        say=say,
        write=lambda _: None,
        live=False,
        width=lambda: 80,
    )


def options(url: str, images: Sequence[str], **more: object) -> CheckOptions:
    """Return options of a check of images of the sample world; nothing is waited for."""
    known = {
        "endpoint": url,
        "images": [ImageReference.parse(name) for name in images],
        "timeout": timedelta(seconds=20),
        "wait": timedelta(0),
        "resolve": False,
    }
    return CheckOptions(**(known | more))  # type: ignore[arg-type]


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
