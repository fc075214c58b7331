"""What GitHub code scanning asks of a SARIF file beyond its schema, and its limits."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

REGION = ("startLine", "startColumn", "endLine", "endColumn")
MOST_BYTES = 10 * 1024 * 1024  # compressed by gzip
MOST_RUNS = 20
MOST_RESULTS = 25_000


def assert_github_takes(log: Any) -> None:
    """Check what GitHub's documents ask for; its limits too."""
    assert "2.1.0" == log["version"]
    assert 1 <= len(log["runs"]) <= MOST_RUNS
    assert sum(len(run["results"]) for run in log["runs"]) <= MOST_RESULTS
    assert len(gzip.compress(json.dumps(log, indent=2).encode(), 1)) <= MOST_BYTES
    categories = [run["automationDetails"]["id"] for run in log["runs"]]
    assert len(categories) == len(set(categories))
    for run in log["runs"]:
        _assert_run(run)


def _assert_run(run: Any) -> None:
    assert re.fullmatch(r"buildrisk-gate/.+/", run["automationDetails"]["id"])
    rules = run["tool"]["driver"]["rules"]
    for rule in rules:
        _assert_rule(rule)
    assert len(rules) == len({rule["id"] for rule in rules})
    for result in run["results"]:
        assert result["ruleId"] == rules[result["ruleIndex"]]["id"]
        _assert_result(result)
    fingerprints = [result["partialFingerprints"]["buildRisk/v1"] for result in run["results"]]
    assert len(fingerprints) == len(set(fingerprints))


def _assert_rule(rule: Any) -> None:
    assert 1 <= len(rule["id"]) <= 255
    for key in ("shortDescription", "fullDescription", "help"):
        assert 1 <= len(rule[key]["text"]) <= 1024
    severity = rule["properties"]["security-severity"]
    assert isinstance(severity, str)
    assert 0.0 < float(severity) <= 10.0
    assert len(rule["properties"]["tags"]) <= 20


def _assert_result(result: Any) -> None:
    assert result["message"]["text"].strip()
    assert "](" not in result["message"]["text"]
    assert result["level"] in ("error", "warning", "note")
    assert ("suppressions" in result) == (result["properties"]["decision"] == "waived")
    [location] = result["locations"]
    place = location["physicalLocation"]
    assert set(REGION) == set(place["region"])
    assert all(value >= 1 for value in place["region"].values())
    _assert_relative(place["artifactLocation"]["uri"])
    assert all(result["partialFingerprints"].values())


def _assert_relative(uri: str) -> None:
    """Without scheme, spaces and colons, tag and digest: each character is plain or encoded."""
    segments = uri.split("/")
    assert all(re.fullmatch(r"(?:[\w.~-]|%[0-9A-F]{2})+", part, re.ASCII) for part in segments)
    assert not {".", ".."} & set(segments)
