"""SECURITY.md names the very permissions that the gate uses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gate.doctor import ram_policy

DOCUMENT = (Path(__file__).parents[2] / "SECURITY.md").read_text(encoding="utf-8")
READING, SCANNING = DOCUMENT.split("To ask for scans", 1)


@pytest.mark.parametrize(
    ("text", "scans"), [(READING, False), (DOCUMENT, True)], ids=["reading", "scanning"]
)
def test_the_permissions_are_those_of_the_gate(text: str, scans: bool) -> None:  # noqa: FBT001 - a case
    [statement] = json.loads(ram_policy(scans=scans))["Statement"]

    assert set(statement["Action"]) == set(re.findall(r"yundun-sas:[A-Z]\w+", text))
