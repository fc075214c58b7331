"""The CI systems that the gate feels at home in: what they tell, and what they expect."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from gate.errors import ExitCode
    from gate.verdict import Verdict

__all__ = ["Ci", "Mistake", "find_ci"]

# GitHub's "Default environment variables", GitLab's "Predefined CI/CD variables": what is "true"
# there, and the class that is imported then.
_SYSTEMS = {
    "GITHUB_ACTIONS": ("gate.ci.github", "GitHub"),
    "GITLAB_CI": ("gate.ci.gitlab", "GitLab"),
}


class Mistake(Struct, frozen=True):
    """What is wrong at a line and a column of a file, whose path is as the CI's pages name it."""

    path: str
    line: int
    column: int
    text: str


class Ci(Struct, frozen=True):
    """What a run does beside its reports because it runs in a CI system: nothing, unless told.

    The texts are for standard error; ``now`` is the machine's clock.
    """

    environment: Mapping[str, str]
    now: Callable[[], datetime]

    def opening(self) -> str:
        """Return what stands before the run's diagnostics."""
        return ""

    def closing(self) -> str:
        """Return what stands behind them."""
        return ""

    def annotations(self, _verdict: Verdict) -> str:
        """Return what makes the system point at findings."""
        return ""

    def alarm(self, _text: str, _mistakes: Sequence[Mistake] = ()) -> str:
        """Return what makes the system show an error that ended the run before any verdict.

        ``_mistakes`` are what of it stands in files.
        """
        return ""

    def tell(
        self, verdict: Verdict, exit_code: ExitCode, reports: Sequence[tuple[str, str]]
    ) -> None:
        """Hand the verdict to later steps and to the system's pages; ``reports`` were written.

        Raises ``ReportUnwritable``.
        """


def find_ci(environment: Mapping[str, str], now: Callable[[], datetime]) -> Ci | None:
    """Return the CI system that this environment is one of, ``None`` if it isn't known."""
    for variable, (module, name) in _SYSTEMS.items():
        if environment.get(variable) == "true":
            system: Ci = getattr(import_module(module), name)(environment, now)
            return system
    return None
