"""Every format of one verdict that has everything, to be read in the diff of a change.

`SNAPSHOTS=write python3 dev.py pytest tests/report/test_snapshots.py` writes the files anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from gate import __version__
from gate.report import FORMATS, Style, render
from tests.report.verdicts import everything

FOLDER = Path(__file__).parent / "snapshots"
WRITE = os.environ.get("SNAPSHOTS") == "write"
LOOKS = {"text-verbose": ("text", Style(verbose=True)), "text-quiet": ("text", Style(quiet=True))}
CASES = {**{name: (name, Style()) for name in FORMATS}, **LOOKS}


def snapshot(name: str, style: Style) -> str:
    """Return the report without what isn't about the verdict: the version, a page's style."""
    text = render(name, everything(), style)
    if name == "html":
        text = re.sub(r"(<(style|script)\b[^>]*>).*?(</\2>)", r"\1…\3", text, flags=re.DOTALL)
        text = re.sub(r"sha256-[\w+/=]+", "sha256-…", text)
        text = re.sub(r"(?<=>)(?=<(?:article|details|div|h\d|li|p|section|table|tr)\b)", "\n", text)
    return text.replace(__version__, "VERSION")


@pytest.mark.parametrize("case", CASES)
def test_a_report_looks_as_it_did(case: str) -> None:
    file = FOLDER / f"{case}.txt"
    text = snapshot(*CASES[case])
    if WRITE:
        FOLDER.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")

    assert file.read_text(encoding="utf-8") == text


def test_every_snapshot_is_of_a_report() -> None:
    assert set(CASES) == {file.stem for file in FOLDER.iterdir()}


def test_the_verdict_has_everything() -> None:
    """A new outcome, decision or level appears in the snapshots."""
    verdict = everything()
    decisions = [decision for image in verdict.images for decision in image.decisions]
    for kind, values in (
        (type(verdict.outcome), {image.outcome for image in verdict.images}),
        (type(decisions[0].action), {decision.action for decision in decisions}),
        (type(decisions[0].finding.level), {decision.finding.level for decision in decisions}),
        (type(decisions[0].finding.status), {decision.finding.status for decision in decisions}),
    ):
        assert set(kind) == values
    assert {False, True} == {use.expired for use in (each.waiver for each in decisions) if use}
