"""GitHub Actions: annotations, the job summary, and the outputs of a step."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from gate.ci import Ci
from gate.errors import ReportUnwritable
from gate.report import annotation_lines, deployable, render, verdict_line
from gate.untrusted import for_markdown, for_workflow_data, for_workflow_property, redact
from gate.verdict import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.ci import Mistake
    from gate.errors import ExitCode
    from gate.verdict import Verdict

# A summary over 1 MiB is dropped whole; a step that runs the gate several times has one for all.
_MOST_SUMMARY = 1024 * 1024
_MOST_ANNOTATIONS = 9
_TITLE = "buildrisk-gate"
_PATHS = {"json": "report-json", "sarif": "sarif-file", "html": "report-html"}


class GitHub(Ci, frozen=True):
    """A step of GitHub Actions; its log is folded by itself."""

    def annotations(self, verdict: Verdict) -> str:
        """Return workflow commands, the worst findings of each type."""
        return "".join(f"{line}\n" for line in annotation_lines(verdict))

    def alarm(self, text: str, mistakes: Sequence[Mistake] = ()) -> str:
        """Return annotations of lines of files, else one of the run.

        GitHub shows ten annotations of a type; the tenth says how many there are besides.
        """
        if not mistakes:
            return f"::error title={_TITLE}::{for_workflow_data(text)}\n"
        more = len(mistakes) - _MOST_ANNOTATIONS
        rest = self.alarm(f"and {more} more, in the log.") if more > 0 else ""
        return "".join(map(_located, mistakes[:_MOST_ANNOTATIONS])) + rest

    def tell(
        self, verdict: Verdict, exit_code: ExitCode, reports: Sequence[tuple[str, str]]
    ) -> None:
        """Set the step's outputs, and append the verdict to the job's summary."""
        if path := self.environment.get("GITHUB_STEP_SUMMARY"):
            _append(path, _summary(Path(path), verdict), "job summary")
        if path := self.environment.get("GITHUB_OUTPUT"):
            outputs = _outputs(verdict, exit_code, reports)
            _append(path, "".join(_output(name, value) for name, value in outputs), "outputs")


def _located(mistake: Mistake) -> str:
    place = f"file={for_workflow_property(mistake.path)},line={mistake.line},col={mistake.column}"
    return f"::error {place},title={_TITLE}::{for_workflow_data(mistake.text)}\n"


def _outputs(
    verdict: Verdict, exit_code: ExitCode, reports: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    counts = verdict.count()
    yield "verdict", verdict.outcome.value
    yield "exit-code", str(int(exit_code))
    yield "image", "\n".join(deployable(verdict))
    yield "blocked", str(counts[Action.BLOCK])
    yield "warned", str(counts[Action.WARN])
    for name, path in reports:
        if name in _PATHS:
            yield _PATHS[name], path


def _output(name: str, value: str) -> str:
    """Write one output; nobody can guess the line that ends it."""
    delimiter = f"gate_{secrets.token_hex(16)}"
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _summary(path: Path, verdict: Verdict) -> str:
    text = render("markdown", verdict)
    there = path.stat().st_size if path.exists() else 0
    if there + len(text.encode()) <= _MOST_SUMMARY:
        return text
    line = for_markdown(verdict_line(verdict, full=True, policies=True))
    return f"\n## {line}\n\nThe summary of this step is full; the reports have the details.\n"


def _append(path: str, text: str, what: str) -> None:
    try:
        with Path(path).open(
            "a", encoding="utf-8", errors="backslashreplace", newline="\n"
        ) as file:
            file.write(redact(text))
    except OSError as error:
        raise ReportUnwritable(
            f"GitHub's file for the step's {what} can't be written: {error.strerror}.",
            "Run the gate on the runner itself, or with its files mounted, or with --no-ci.",
        ) from None
