"""Short ways to case files for the tests of this folder."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from gate.cases import CaseFile, judge_again, open_cases
from gate.errors import InvalidCases
from gate.policy import load_policies

if TYPE_CHECKING:
    from pathlib import Path

    from gate.cases import Case
    from gate.verdict import ImageVerdict

TODAY = date(2026, 11, 24)
HEAD = "version: 1\nat: 2026-11-24\nimages:\n"
POLICY = "version: 1\nblock: {levels: [high, medium], statuses: [unhandled]}\n"


def opened(folder: Path, text: str, name: str = "a.test.yaml") -> CaseFile:
    """Open a case file with this text."""
    (folder / name).write_text(text, encoding="utf-8")
    return open_cases(name, directory=folder)


def case(folder: Path, fields: str) -> Case:
    """Return the one image with these fields, the lines below its reference."""
    lines = "".join(f"    {line}\n" for line in fields.splitlines())
    [only] = opened(folder, f"{HEAD}  - reference: shop/web:1\n{lines}").images()
    return only


def judged(folder: Path, fields: str, policy: str = "") -> ImageVerdict:
    """Judge the one image with these fields by a policy."""
    (folder / "policy.yaml").write_text(POLICY + policy, encoding="utf-8")
    policies = load_policies(["policy.yaml"], directory=folder, today=TODAY)
    return judge_again(case(folder, fields), policies)


def refused(folder: Path, text: str, name: str = "a.test.yaml") -> list[str]:
    """Return the problems of a case file, in their order, without its name."""
    with pytest.raises(InvalidCases) as caught:
        list(opened(folder, text, name).images())
    assert caught.value.remedy
    assert caught.value.exit_code == 2
    return [line.removeprefix(f"{name}:") for line in caught.value.message.split("\n")]
