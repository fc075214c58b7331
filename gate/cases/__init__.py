"""Case files: images with what is known of them, judged again by policies, without a network.

file ─▶ CaseFile ─▶ Case (facts and expectations) ─▶ judge_again ─▶ ImageVerdict

People write them as tests of a policy; the gate writes them as records of what it read.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gate.cases.baseline import Baseline, BaselineCollection, Criteria, NewWaiver, Unwaived
    from gate.cases.baseline_file import WaiverTexts, baseline_as_policy
    from gate.cases.case import KINDS, Case, CheckStates, Expectation, Recorded, RecordScope
    from gate.cases.case_wording import record_in_words, short_names
    from gate.cases.choosing import chosen_case_files
    from gate.cases.contents import case_schema
    from gate.cases.cutting import Miscut, NotCuttable, without
    from gate.cases.diff_pages import DIFF_FORMATS
    from gate.cases.differing import FAIL_ON, compare_policies
    from gate.cases.forecast_pages import FORECAST_FORMATS, head_lines
    from gate.cases.forecasting import forecast
    from gate.cases.formats import TEST_FORMATS, ResultStyle
    from gate.cases.judging_again import judge_again
    from gate.cases.opening import CaseFile, open_all_cases, open_cases
    from gate.cases.pruning import Doubt, Pruner, Use, WaivedRisk
    from gate.cases.testing import check_expectations, run_tests

__all__ = [
    "DIFF_FORMATS",
    "FAIL_ON",
    "FORECAST_FORMATS",
    "KINDS",
    "TEST_FORMATS",
    "Baseline",
    "BaselineCollection",
    "Case",
    "CaseFile",
    "CheckStates",
    "Criteria",
    "Doubt",
    "Expectation",
    "Miscut",
    "NewWaiver",
    "NotCuttable",
    "Pruner",
    "RecordScope",
    "Recorded",
    "ResultStyle",
    "Unwaived",
    "Use",
    "WaivedRisk",
    "WaiverTexts",
    "baseline_as_policy",
    "case_schema",
    "check_expectations",
    "chosen_case_files",
    "compare_policies",
    "forecast",
    "head_lines",
    "judge_again",
    "open_all_cases",
    "open_cases",
    "record_in_words",
    "run_tests",
    "short_names",
    "without",
]

# `gate schema` reads no file, and what only reads one judges nothing.
_LAZY = {
    **dict.fromkeys(
        ("KINDS", "Case", "CheckStates", "Expectation", "Recorded", "RecordScope"), "case"
    ),
    **dict.fromkeys(
        ("Baseline", "BaselineCollection", "Criteria", "NewWaiver", "Unwaived"), "baseline"
    ),
    **dict.fromkeys(("WaiverTexts", "baseline_as_policy"), "baseline_file"),
    "case_schema": "contents",
    **dict.fromkeys(("check_expectations", "run_tests"), "testing"),
    "chosen_case_files": "choosing",
    **dict.fromkeys(("Miscut", "NotCuttable", "without"), "cutting"),
    "DIFF_FORMATS": "diff_pages",
    **dict.fromkeys(("FAIL_ON", "compare_policies"), "differing"),
    **dict.fromkeys(("Doubt", "Pruner", "Use", "WaivedRisk"), "pruning"),
    **dict.fromkeys(("record_in_words", "short_names"), "case_wording"),
    **dict.fromkeys(("FORECAST_FORMATS", "head_lines"), "forecast_pages"),
    "forecast": "forecasting",
    "judge_again": "judging_again",
    **dict.fromkeys(("TEST_FORMATS", "ResultStyle"), "formats"),
    **dict.fromkeys(("CaseFile", "open_all_cases", "open_cases"), "opening"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - classes and functions
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
