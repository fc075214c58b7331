"""SECURITY.md names the very permissions that the gate uses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gate.doctor import ram_policy
from gate.security_center import Purpose

DOCUMENT = (Path(__file__).parents[2] / "SECURITY.md").read_text(encoding="utf-8")
READING, _ = DOCUMENT.split("To ask for scans", 1)
READS = set(Purpose) - {Purpose.SCAN, Purpose.DRY_RUN}


@pytest.mark.parametrize(
    ("text", "purposes"), [(READING, READS), (DOCUMENT, set(Purpose))], ids=["reading", "scanning"]
)
def test_the_permissions_are_those_of_the_gate(text: str, purposes: set[Purpose]) -> None:
    [statement] = json.loads(ram_policy(purposes))["Statement"]

    assert set(statement["Action"]) == set(re.findall(r"yundun-sas:[A-Z]\w+", text))
