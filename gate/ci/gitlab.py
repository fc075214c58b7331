"""GitLab CI: a folded section of the job's log.

Its reports are formats like any other: ``--report gitlab=…``, ``codequality=…``, ``junit=…`` and
``dotenv=…`` for later jobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from gate.errors import ExitCode
    from gate.verdict import Verdict

_SECTION = "buildrisk_gate"
_CLEAR = "\x1b[0K"  # GitLab looks for it around a section's marks


class GitLab(Struct, frozen=True):
    """A job of GitLab CI."""

    now: Callable[[], datetime]

    def opening(self) -> str:
        """Fold the diagnostics into a section, so that the report is what one sees."""
        return (
            f"{_CLEAR}section_start:{self._seconds()}:{_SECTION}[collapsed=true]\r{_CLEAR}"
            "buildrisk-gate: asking Security Center\n"
        )

    def closing(self) -> str:
        """End the section."""
        return f"{_CLEAR}section_end:{self._seconds()}:{_SECTION}\r{_CLEAR}"

    def _seconds(self) -> int:
        return int(self.now().timestamp())

    def annotations(self, verdict: Verdict) -> str:  # noqa: ARG002 - reports do that here
        """Return nothing: a Code Quality report points at findings."""
        return ""

    def alarm(self, text: str) -> str:  # noqa: ARG002 - the log is all that is shown here
        """Return nothing: the job's log ends with the error."""
        return ""

    def tell(
        self, verdict: Verdict, exit_code: ExitCode, reports: Sequence[tuple[str, str]]
    ) -> None:
        """Do nothing: what later jobs are told is an artifact."""
