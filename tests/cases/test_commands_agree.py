"""`gate check` against the sandbox that plays a case file, and `gate policy test` on the file."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings

from tests.cases.living import HOST
from tests.cases.test_cases_played import case_files, played
from tests.cases.test_records_judged_again import policy_files
from tests.policy.making import TODAY

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox
    from tests.rigs.command import Result

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

FILE = Path("a.cases")


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


@settings(
    max_examples=40,
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
    world = played(FILE)
    if world is None:
        return
    policies: list[str] = []
    for number, policy in enumerate(files):
        Path(f"{number}.json").write_text(json.dumps(policy, indent=1), encoding="utf-8")
        policies += ["-p", f"{number}.json"]
    digests = list(dict.fromkeys(image.digest for image in world.images))
    named = [
        f"{HOST}/{image['reference']}"
        + ("" if "identified_by" in image or "@" in image["reference"] else f"@{digest}")
        for image, digest in zip(content["images"], [*digests, ""], strict=False)
    ]
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
