"""Every ready-made policy is valid, by the command that users run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(ROOT.glob("policies/*"))
POLICIES = [file for file in FILES if ".test." not in file.name]
TESTS = [file for file in FILES if file not in POLICIES]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_a_ready_made_policy_is_valid(policy: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gate", "policy", "validate", str(policy)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )

    assert not done.returncode, done.stderr
    assert policy.name in done.stdout


def test_every_ready_made_policy_is_tested_to_its_last_selector() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "gate",
            "policy",
            "test",
            "--coverage",
            "--format",
            "json",
            "policies",
        ],
        cwd=ROOT,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )

    assert not done.returncode, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert {f"policies/{policy.name}" for policy in POLICIES} == {
        policy["path"] for policy in report["policies"]
    }
    assert not report["idle"]


def test_the_promised_policies_are_there() -> None:
    promised = {"default.yaml", "strict.yaml", "report-only.yaml", "organisation.yaml"}

    assert promised <= {policy.name for policy in POLICIES}
