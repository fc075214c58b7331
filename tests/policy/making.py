"""Short ways to policies and findings for the tests of this folder."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from gate.errors import InvalidPolicy
from gate.findings import Finding, Level, Status
from gate.policy import Policies, load_policies
from gate.reference import ImageReference, Names

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 24)
NAMES = ImageReference.parse("registry.example.com/shop/web:1.4").names({"1.4"})
BLOCK = "block: {levels: [high, medium], statuses: [unhandled]}\n"
NOTHING = "block: {levels: [], statuses: []}\n"


def named(*names: str) -> Names:
    """Return names that all are certain."""
    return Names(names)


def written(folder: Path, *texts: str, raw: bool = False) -> list[str]:
    """Write policies, named a.yaml, b.yaml and so on; return their names.

    Unless ``raw``, each gets a version, and a block where it has none.
    """
    names = []
    for letter, text in zip("abcdef", texts, strict=False):
        head = "" if raw else "version: 1\n" + ("" if text.startswith("block:") else BLOCK)
        (folder / f"{letter}.yaml").write_text(head + text, encoding="utf-8")
        names.append(f"{letter}.yaml")
    return names


def loaded(folder: Path, *texts: str, today: date = TODAY) -> Policies:
    """Load policies from texts."""
    return load_policies(written(folder, *texts), directory=folder, today=today)


def refused(folder: Path, *texts: str, raw: bool = False) -> list[str]:
    """Return the problems of policies that can't be loaded."""
    names = written(folder, *texts, raw=raw)
    with pytest.raises(InvalidPolicy) as caught:
        load_policies(names, directory=folder, today=TODAY)
    assert caught.value.remedy
    return caught.value.message.split("\n")


def finding(
    risk: str = "no_user",
    level: Level = Level.HIGH,
    status: Status = Status.UNHANDLED,
    *,
    risk_class: str = "other",
    level_word: str = "",
) -> Finding:
    return Finding(
        risk=risk, risk_class=risk_class, level=level, level_word=level_word, status=status
    )
