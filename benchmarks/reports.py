"""What reports on a whole account cost beyond its verdict: CPU time, size, and peak memory."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

from benchmarks.measuring import ROOT, machine, table
from gate.findings import (
    Finding,
    IdentifiedBy,
    Image,
    Level,
    Reason,
    Scan,
    Scanned,
    ScanState,
    Status,
    Unscanned,
)
from gate.report import render_parts
from gate.verdict import (
    Action,
    Audited,
    Decision,
    ImageVerdict,
    PolicySource,
    Service,
    Verdict,
    judge_image,
    judge_run,
)

IMAGES = 100_000
FORMATS = ("json", "html")
_HOST = "registry.cn-hangzhou.aliyuncs.com"
_NOW = datetime(2026, 3, 1, tzinfo=UTC)
_SCAN = Scan(state=ScanState.FINISHED, finished_at=_NOW, age=timedelta(hours=2), checks_on=14)
_ACTIONS = (Action.BLOCK, Action.WARN, Action.ALLOW, Action.WAIVED)
_LEVELS = (Level.HIGH, Level.MEDIUM, Level.LOW)
_RISKS = 60


def main() -> None:
    """Print a table, or measure one format by itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=IMAGES)
    parser.add_argument("--format", choices=FORMATS, help="only this, as JSON")
    given = parser.parse_args()
    if given.format:
        print(json.dumps(measured(given.format, account(given.images))))
        return
    rows = []
    for name in FORMATS:
        command = [sys.executable, "-m", "benchmarks.reports", "--format", name]
        command += ["--images", str(given.images)]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        seconds, size, memory = json.loads(done.stdout)
        rows.append((name, f"{seconds:.1f} s", f"{size / 1e6:.1f} MB", f"{memory:.0f} MiB"))
    print(f"{given.images:,} images. On {machine()}.\n")
    print(table(("report", "CPU", "size", "memory beyond the verdict"), rows))


def measured(name: str, verdict: Verdict) -> tuple[float, int, float]:
    """Return seconds of CPU, bytes, and by how many MiB the process's peak grew."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    size = sum(len(part.encode()) for part in render_parts(name, verdict))
    spent = time.process_time() - start
    return spent, size, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def account(images: int) -> Verdict:
    """Return the verdict of an audit; a tenth is undecided, half of the others have findings."""
    decisions = [_decision(number) for number in range(_RISKS * len(_ACTIONS))]
    return judge_run(
        [_image(number, decisions) for number in range(images)],
        generated_at=_NOW,
        service=Service("https://tds.aliyuncs.com", "cn-hangzhou", sandbox=False),
        policies=[PolicySource("(built-in)", "0" * 64)],
        audited=Audited(),
    )


def _decision(number: int) -> Decision:
    risk = f"risk_{number % _RISKS}"
    finding = Finding(
        risk=risk,
        name=f"Something about {risk}",
        level=_LEVELS[number % len(_LEVELS)],
        status=Status.UNHANDLED,
    )
    return Decision(
        finding=finding,
        action=_ACTIONS[number // _RISKS],
        because="The policy's block says so.",
    )


def _image(number: int, decisions: list[Decision]) -> ImageVerdict:
    namespace, repository, tag = f"team-{number % 97}", f"service-{number % 1234}", f"{number:07x}"
    digest = f"sha256:{number:064x}"
    record = Image(
        uuid=f"{number:032x}",
        region="cn-hangzhou",
        instance="cri-1",
        namespace=namespace,
        repository=repository,
        tag=tag,
        digest=digest,
    )
    reference = f"{_HOST}/{namespace}/{repository}:{tag}@{digest}"
    if number % 10 == 0:
        message = f"The scan of {namespace}/{repository}:{tag} failed (FAIL)."
        evidence = Unscanned(reason=Reason.FAILED, message=message, image=record)
        return judge_image(reference, evidence, (), tolerated=False)
    found = [decisions[(number * 7 + n * 13) % len(decisions)] for n in range(number % 2 * 6)]
    scanned = Scanned(
        image=record,
        identified_by=IdentifiedBy.DIGEST,
        scan=_SCAN,
        findings=tuple(each.finding for each in found),
    )
    return judge_image(reference, scanned, found, tolerated=False)


if __name__ == "__main__":
    main()
