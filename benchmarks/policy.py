"""How fast a policy judges, and how the cost grows with findings, rules and waivers."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import machine, table
from gate.findings import Fact, Finding, Level, Status
from gate.policy import load_policies
from gate.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.policy import Policies
    from gate.reference import Names

TODAY = date(2026, 3, 1)
FINDINGS, RULES, WAIVERS = 100_000, 50, 200
PER_IMAGE = 20  # findings
_RISKS = 60
_LEVELS = (Level.HIGH, Level.MEDIUM, Level.LOW)
_STATUSES = (Status.UNHANDLED, Status.UNHANDLED, Status.IGNORED, Status.FALSE_POSITIVE)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each size")
    runs = parser.parse_args().runs
    sizes = [
        (FINDINGS, RULES, WAIVERS),
        *((FINDINGS * share // 4, RULES, WAIVERS) for share in (1, 2, 8)),
        *((FINDINGS, rules, WAIVERS) for rules in (0, 100, 200, 1000)),
        *((FINDINGS, RULES, waivers) for waivers in (0, 400, 800, 2000)),
    ]
    seconds = {size: statistics.median(judged(*size) for _ in range(runs)) for size in sizes}
    base = seconds[sizes[0]]
    rows = [
        (
            f"{findings:,} by {rules} by {waivers}",
            f"{took:.2f} s",
            f"{findings / took:,.0f}",
            f"{took / base:.2f}",
        )
        for (findings, rules, waivers), took in seconds.items()
    ]
    print(f"{PER_IMAGE} findings an image; medians of {runs} runs. On {machine()}.\n")
    head = ("findings by rules by waivers", "time", "findings a second", "÷ the first row")
    print(table(head, rows))


def judged(findings: int, rules: int, waivers: int) -> float:
    """Return the seconds that judging takes, the loading of the policy not counted."""
    policies = _policies(rules, waivers)
    images = [
        (_names(at // PER_IMAGE), _findings(at, findings)) for at in range(0, findings, PER_IMAGE)
    ]
    started = time.perf_counter()
    for names, of_image in images:
        policies.judge(of_image, names)
    return time.perf_counter() - started


def _policies(rules: int, waivers: int) -> Policies:
    text = ["version: 1", "block: {levels: [high, medium], statuses: [unhandled]}"]
    text += ["warn: {levels: [low], statuses: [unhandled, ignored]}"]
    text += _section("rules", map(_rule, range(rules)))
    text += _section("waivers", map(_waiver, range(waivers)))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "policy.yaml"
        file.write_text("\n".join(text), encoding="utf-8")
        return load_policies([str(file)], directory=Path(folder), today=TODAY)


def _section(name: str, entries: Iterable[str]) -> list[str]:
    lines = list(entries)
    return [f"{name}:", *lines] if lines else []


def _rule(number: int) -> str:
    """Return a rule: some name risks and images literally, some by patterns."""
    risk = f"risk_{number % _RISKS}" if number % 2 else f"*_{number % _RISKS}"
    images = f"team-{number % 20}/app-*" if number % 3 else f"**/app-{number % 100}:v?"
    return f'- {{match: {{images: ["{images}"], risks: ["{risk}"]}}, action: warn}}'


def _waiver(number: int) -> str:
    risk = f"risk_{number % _RISKS}"
    images = f"team-{number % 20}/app-{number % 50}*" if number % 2 else f"team-{number % 20}/**"
    return f'- {{risks: ["{risk}"], images: ["{images}"], reason: x, expires: 2026-12-31}}'


def _names(image: int) -> Names:
    team, app = f"team-{image % 20}", f"app-{image % 500}"
    text = f"registry.cn-hangzhou.aliyuncs.com/{team}/{app}:v{image}"
    return ImageReference.parse(text).names({f"v{image}"})


def _findings(first: int, findings: int) -> tuple[Finding, ...]:
    """Return the findings of one image."""
    return tuple(_finding(number) for number in range(first, min(first + PER_IMAGE, findings)))


def _finding(number: int) -> Finding:
    return Finding(
        risk=f"risk_{number % _RISKS}",
        level=_LEVELS[number % 3],
        status=_STATUSES[number % 4],
        facts=(Fact("command", "Build command", f"RUN step {number}"),),
    )


if __name__ == "__main__":
    main()
