"""Case files: images with what is known of them, judged again by policies, without a network.

file ─▶ CaseFile ─▶ Case (facts and expectations) ─▶ judge_again ─▶ ImageVerdict

People write them as tests of a policy; the gate writes them as records of what it read.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gate.cases.case import KINDS, Case, CheckStates, Expectation, Recorded, RecordScope
    from gate.cases.choosing import chosen_case_files
    from gate.cases.contents import case_schema
    from gate.cases.formats import TEST_FORMATS, ResultStyle
    from gate.cases.judging_again import judge_again
    from gate.cases.opening import CaseFile, open_all_cases, open_cases
    from gate.cases.testing import check_expectations, run_tests

__all__ = [
    "KINDS",
    "TEST_FORMATS",
    "Case",
    "CaseFile",
    "CheckStates",
    "Expectation",
    "RecordScope",
    "Recorded",
    "ResultStyle",
    "case_schema",
    "check_expectations",
    "chosen_case_files",
    "judge_again",
    "open_all_cases",
    "open_cases",
    "run_tests",
]

# `gate schema` reads no file, and what only reads one judges nothing.
_LAZY = {
    **dict.fromkeys(
        ("KINDS", "Case", "CheckStates", "Expectation", "Recorded", "RecordScope"), "case"
    ),
    "case_schema": "contents",
    **dict.fromkeys(("check_expectations", "run_tests"), "testing"),
    "chosen_case_files": "choosing",
    "judge_again": "judging_again",
    **dict.fromkeys(("TEST_FORMATS", "ResultStyle"), "formats"),
    **dict.fromkeys(("CaseFile", "open_all_cases", "open_cases"), "opening"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - classes and functions
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
