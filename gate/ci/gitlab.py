"""GitLab CI: a folded section of the job's log.

Its reports are formats like any other: ``--report gitlab=…``, ``codequality=…``, ``junit=…`` and
``dotenv=…`` for later jobs.
"""

from __future__ import annotations

from gate.ci import Ci

_SECTION = "buildrisk_gate"
_CLEAR = "\x1b[0K"  # GitLab looks for it around a section's marks


class GitLab(Ci, frozen=True):
    """A job of GitLab CI."""

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
