"""Policies and a record of many images, for what is measured on records."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from benchmarks.measuring import GATE, ROOT, cost_table, interleaved, machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.measuring import Side

PER_IMAGE = 4  # findings
DAY = "2026-11-24"
SECONDS, MIB = 15, 300
"""What at most may be needed for 100,000 images with 400,000 findings."""

_RISKS, _APPS, _TEAMS = 60, 5_000, 50
_LEVELS = ("high", "medium", "low", "low")
_STATUSES = ("unhandled", "unhandled", "ignored", "false_positive")
_READ = "reading its lines as JSON alone"
_RECORDED = {
    "at": f"{DAY}T19:11:19Z",
    "tool": "buildrisk-gate",
    "endpoint": "tds.cn-hangzhou.aliyuncs.com",
    "region": "cn-hangzhou",
    "sandbox": False,
    "scope": {"command": "audit", "namespace": None, "repository": None},
    "policies": [],
}


def measure(
    folder: Path, command: tuple[str, ...], images: int, runs: int, *, expected: int = 0
) -> str:
    """Return a table of a command of `gate policy` on a record, beside reading alone."""
    record = folder / "audit.cases"
    with record.open("w", encoding="utf-8") as file:
        file.writelines(_record(images))
    name = f"gate policy {command[0]}"
    peer = ROOT / "benchmarks" / "peers" / "record_bare.py"
    sides: dict[str, Side] = {
        _READ: ((sys.executable, str(peer), str(record)), {}),
        name: ((*GATE, "policy", *command, "--on", str(record)), {}),
    }
    costs = interleaved(sides, runs, expected={name: expected})
    shown = cost_table(costs, "÷ reading", lambda of, than: of / than, _READ)
    return (
        f"{images:,} images with {images * PER_IMAGE:,} findings; medians of {runs} runs. At most "
        f"{SECONDS} s and {MIB} MiB are wanted for 100,000 images. On {machine()}.\n\n{shown}"
    )


def policy(*, waived: int, until: str) -> str:
    """Return a policy with this many waivers, which end on that day or a few days later."""
    waivers = "".join(
        f'  - {{risks: [risk_{at % _RISKS}], images: ["team-{at % _TEAMS}/app-{at}"], reason: r, '
        f"expires: {until}-{at % 28 + 1:02}}}\n"
        for at in range(waived)
    )
    block = "version: 1\nblock: {levels: [high, medium], statuses: [unhandled]}\n"
    return block + "warn: {levels: [low], statuses: [unhandled]}\nwaivers:\n" + waivers


def _record(images: int) -> Iterator[str]:
    yield f'{{\n"version": 1,\n"recorded": {json.dumps(_RECORDED)},\n"checks": {{"off": []}},\n'
    yield '"images": [\n'
    for number in range(images):
        yield json.dumps(_image(number)) + (",\n" if number < images - 1 else "\n")
    yield "]\n}\n"


def _image(number: int) -> dict[str, object]:
    name = f"team-{number % _TEAMS}/app-{number % _APPS}:v{number}"
    return {
        "reference": f"registry.cn-hangzhou.aliyuncs.com/{name}@sha256:{number:064x}",
        "tags": [f"v{number}"],
        "identified_by": "digest",
        "scan": {"age": f"{number % 1_000_000}s"},
        "evidence": "complete",
        "kinds": ["build_risk"],
        "findings": [_finding(number, at) for at in range(PER_IMAGE)],
    }


def _finding(number: int, at: int) -> dict[str, str]:
    return {
        "risk": f"risk_{(number * PER_IMAGE + at) % _RISKS}",
        "level": _LEVELS[(number + at) % len(_LEVELS)],
        "status": _STATUSES[(number * 3 + at) % len(_STATUSES)],
        "class": "other",
        "kind": "build_risk",
    }
