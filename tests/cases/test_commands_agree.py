"""`gate check` against the sandbox that plays a case file, and `gate policy test` on the file."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gate.cli.sandbox import read_world
from tests.cases.living import HOST
from tests.cases.test_records_judged_again import policy_files
from tests.policy import drawn
from tests.policy.making import TODAY

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox
    from tests.rigs.command import Result

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

FILE = Path("a.cases")
CLASSES = dict(zip(drawn.RISKS, ("other", "secret", ""), strict=True))
EVIDENCE = (*["complete"] * 5, "stale", "missing", "running", "failed", "unsupported")


def of_today(content: Any) -> Any:
    """Return data whose days are as far from today as they were from ``TODAY``."""
    ahead = datetime.now(UTC).date() - TODAY
    text = json.dumps(content)
    return json.loads(
        re.sub(r"\d{4}-\d\d-\d\d", lambda day: str(date.fromisoformat(day[0]) + ahead), text)
    )


def expecting(image: dict[str, Any], reported: dict[str, Any]) -> dict[str, Any]:
    """Return an image of a case file that expects what a check reported of it."""
    decided = {
        (each["risk"], each["level"], each["status"]): {
            "decision": each["decision"],
            "rule": each["rule"],
        }
        for each in reported["findings"]
    }
    findings = [
        {**each, **decided.get((each["risk"], each["level"], each["status"]), {})}
        for each in image["findings"]
    ]
    verdict = {key: reported[key] for key in ("verdict", "reason", "exit_code")}
    return {**image, "findings": findings, **verdict}


findings = st.builds(
    lambda risk, level, status: {
        "risk": risk,
        "level": level,
        "status": status,
        "class": CLASSES[risk],
    },
    risk=st.sampled_from(drawn.RISKS),
    level=st.sampled_from((*drawn.LEVELS, *["low"] * 4, "unknown")),
    status=st.sampled_from((*drawn.STATUSES, *["ignored"] * 4, "unknown")),
)


@st.composite
def images(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """Return an image under a name of its own; most of them are scanned, and not blocked."""
    name = f"{HOST}/{draw(st.sampled_from(('shop', 'other')))}/web{number or ''}"
    tag, *others = draw(st.lists(st.sampled_from(("1.4", "1.5", "2")), min_size=1, unique=True))
    evidence = draw(st.sampled_from(EVIDENCE))
    by_tag = draw(st.integers(0, 4)) == 0  # which says less: a case file may hold more than that
    lists = [] if by_tag or evidence == "missing" else draw(st.lists(findings, max_size=3))
    digest = f"sha256:{number + 1:064x}"
    return {
        "reference": f"{name}:{tag}" if by_tag else f"{name}:{tag}@{digest}",
        "identified_by": "tag" if by_tag else "digest",
        "tags": [tag] if by_tag else draw(st.sampled_from(([tag], [tag, *others], others))),
        "scan": {"age": draw(st.sampled_from(("1h", "3d")))},
        "evidence": evidence,
        "findings": lists,
    }


@st.composite
def case_files(draw: st.DrawFn) -> dict[str, Any]:
    some = draw(st.lists(st.sampled_from(drawn.RISKS), unique=True))
    return {
        "version": 1,
        "at": str(TODAY),
        "checks": {"on": draw(st.sampled_from((drawn.RISKS, drawn.RISKS, tuple(some))))},
        "images": [draw(images(number)) for number in range(4)],
    }


@settings(
    max_examples=60,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(content=case_files(), files=policy_files())
def test_a_check_of_a_played_case_file_decides_what_the_test_expects(
    gate: Gate, serve: Serve, content: dict[str, Any], files: list[dict[str, Any]]
) -> None:
    content, files = of_today(content), of_today(files)
    FILE.write_text(json.dumps(content), encoding="utf-8")
    world = read_world(FILE)
    policies: list[str] = []
    for number, policy in enumerate(files):
        Path(f"{number}.json").write_text(json.dumps(policy, indent=1), encoding="utf-8")
        policies += ["-p", f"{number}.json"]
    named = [image["reference"] for image in content["images"]]
    with serve(world=world) as sandbox:
        options = ("--endpoint", sandbox.url, "--no-resolve", "--wait", "0", "--format", "json")
        checked = gate("check", *options, *policies, *named)
    assert checked.code != 2, checked.err
    images = [
        expecting(image, reported)
        for image, reported in zip(content["images"], checked.report["images"], strict=True)
    ]
    FILE.write_text(json.dumps({**content, "images": images}), encoding="utf-8")

    tested = gate("policy", "test", str(FILE), *policies)

    assert tested.code == 0, tested.out + tested.err
    assert f"OK  {len(images)} of {len(images)} images as expected" in tested.out
