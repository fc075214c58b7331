from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gate.ci import find_ci
from gate.ci.github import GitHub
from gate.ci.gitlab import GitLab
from gate.errors import ExitCode
from tests.report.verdicts import run, scanned


def now() -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ({"GITHUB_ACTIONS": "true"}, GitHub),
        ({"GITLAB_CI": "true"}, GitLab),
        ({"GITHUB_ACTIONS": "true", "GITLAB_CI": "true"}, GitHub),
        ({"GITHUB_ACTIONS": "1", "GITLAB_CI": "false", "CI": "true"}, type(None)),
        ({"PRE_COMMIT": "1"}, type(None)),
    ],
)
def test_a_ci_system_is_known_by_its_own_variable(environment: dict[str, str], kind: type) -> None:
    assert isinstance(find_ci(environment, now), kind)


def test_gitlab_folds_diagnostics_into_a_section() -> None:
    gitlab = GitLab({}, now)
    start, end = gitlab.opening(), gitlab.closing()
    assert start.startswith(
        "\x1b[0Ksection_start:1772323200:buildrisk_gate[collapsed=true]\r\x1b[0K"
    )
    assert start.endswith("\n")
    assert "\x1b[0Ksection_end:1772323200:buildrisk_gate\r\x1b[0K" == end


def test_gitlab_takes_reports_for_the_rest() -> None:
    gitlab = GitLab({}, now)
    gitlab.tell(run(scanned()), ExitCode.PASSED, [])
    assert "" == gitlab.annotations(run(scanned())) + gitlab.alarm("anything")
