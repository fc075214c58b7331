"""Check a written report by its schema, and by what its readers ask for beyond that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from junitparser import JUnitXml

from tests.report.validation import schemas
from tests.report.validation.github_rules import assert_github_takes

if TYPE_CHECKING:
    from collections.abc import Callable

    from jsonschema.protocols import Validator
    from junitparser import TestSuite

_COUNTS = ("tests", "failures", "errors", "skipped")


def check_sarif(text: str) -> None:
    log = json.loads(text)
    assert_valid(schemas.sarif(), log)
    assert_github_takes(log)


def check_junit(text: str) -> None:
    """Check by the schema, and that a reader counts what the file says there is."""
    assert [] == [str(error) for error in schemas.junit().iter_errors(text)]
    written = ET.fromstring(text)  # noqa: S314 - our own document
    read = [_counted(suite) for suite in JUnitXml.fromstring(text.encode())]
    assert read == [{name: int(suite.attrib[name]) for name in _COUNTS} for suite in written]
    for name in _COUNTS[:3]:
        assert sum(counts[name] for counts in read) == int(written.attrib[name])


def check_gitlab(text: str) -> None:
    report = json.loads(text)
    assert_valid(schemas.own("gitlab"), report)
    ids = [each["id"] for each in report["vulnerabilities"]]
    assert len(ids) == len(set(ids))


def check_codequality(text: str) -> None:
    entries = json.loads(text)
    assert_valid(schemas.own("codequality"), entries)
    fingerprints = [entry["fingerprint"] for entry in entries]
    assert len(fingerprints) == len(set(fingerprints))


def check_vsa(text: str) -> None:
    assert_valid(schemas.own("vsa"), json.loads(text))


def check_vsa_predicate(text: str) -> None:
    assert_valid(schemas.own("vsa-predicate"), json.loads(text))


def check_json(text: str) -> None:
    assert_valid(schemas.own("json"), json.loads(text))


CHECKS: dict[str, Callable[[str], None]] = {
    "sarif": check_sarif,
    "junit": check_junit,
    "gitlab": check_gitlab,
    "codequality": check_codequality,
    "vsa": check_vsa,
    "vsa-predicate": check_vsa_predicate,
    "json": check_json,
}


def assert_valid(validator: Validator, document: Any) -> None:
    errors = validator.iter_errors(document)
    assert [] == [f"{error.json_path}: {error.message[:300]}" for error in errors]


def _counted(suite: TestSuite) -> dict[str, int]:
    """Count a suite's cases, whatever the suite itself says."""
    cases = list(suite)
    return {
        "tests": len(cases),
        "failures": sum(case.is_failure for case in cases),
        "errors": sum(case.is_error for case in cases),
        "skipped": sum(case.is_skipped for case in cases),
    }
