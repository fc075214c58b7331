"""The CI systems that the gate feels at home in: what they tell, and what they expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from gate.errors import ExitCode
    from gate.verdict import Verdict

__all__ = ["Ci", "find_ci"]


class Ci(Protocol):
    """What a run does beside its reports because it runs in a CI system.

    The texts are for standard error.
    """

    def opening(self) -> str:
        """Return what stands before the run's diagnostics."""

    def closing(self) -> str:
        """Return what stands behind them."""

    def annotations(self, verdict: Verdict) -> str:
        """Return what makes the system point at findings."""

    def alarm(self, text: str) -> str:
        """Return what makes the system show an error that ended the run before any verdict."""

    def tell(
        self, verdict: Verdict, exit_code: ExitCode, reports: Sequence[tuple[str, str]]
    ) -> None:
        """Hand the verdict to later steps and to the system's pages; ``reports`` were written.

        Raises ``ReportUnwritable``.
        """


def find_ci(environment: Mapping[str, str], now: Callable[[], datetime]) -> Ci | None:
    """Return the CI system that this environment is one of, ``None`` if it isn't known.

    ``now`` is the machine's clock.

    Sources: GitHub's "Default environment variables", GitLab's "Predefined CI/CD variables".
    """
    if environment.get("GITHUB_ACTIONS") == "true":
        from gate.ci.github import GitHub  # noqa: PLC0415 - only where it is needed

        return GitHub(environment)
    if environment.get("GITLAB_CI") == "true":
        from gate.ci.gitlab import GitLab  # noqa: PLC0415 - only where it is needed

        return GitLab(now)
    return None
