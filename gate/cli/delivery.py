"""What becomes of a verdict: standard output, report files, the CI system, the exit code."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gate.ci import find_ci
from gate.cli.terminal import give_up, now, say_error, style, write_error, write_output
from gate.errors import ExitCode, ReportUnwritable
from gate.report import render_parts, write_report
from gate.verdict import worst

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gate.cli.groups import Output
    from gate.clock import Run
    from gate.report import Style
    from gate.verdict import Verdict

    AsText = Callable[[Verdict, Style], str]


def deliver(
    judge: Callable[[], Verdict],
    output: Output,
    run: Run,
    *,
    verbose: bool,
    as_text: AsText | None = None,
) -> ExitCode:
    """Reach a verdict and deliver it, as the CI system around likes it.

    ``as_text`` is what ``--format text`` shows, if not the report of that name. Trouble with an
    output never changes a block.
    """
    ci = None if output.no_ci else find_ci(run.environment, now)
    write_error(ci.opening() if ci else "")
    try:
        verdict = judge()
    finally:
        write_error(ci.closing() if ci else "")
    look = style(verbose=verbose, quiet=output.quiet)

    def parts() -> Iterable[str]:
        if as_text and output.format_ == "text":
            return (as_text(verdict, look),)
        return render_parts(output.format_, verdict, look)

    code = _write(verdict, output, parts)
    if ci is None:
        return code
    if output.format_ != "github":
        write_error(ci.annotations(verdict))
    try:
        ci.tell(verdict, code, output.reports)
    except ReportUnwritable as trouble:
        return _unwritten(verdict, trouble, code)
    return code


def _write(verdict: Verdict, output: Output, parts: Callable[[], Iterable[str]]) -> ExitCode:
    """Write the reports to their files, then the one for standard output."""
    code = verdict.exit_code
    for name, path in output.reports:
        try:
            write_report(name, Path(path), verdict)
        except ReportUnwritable as trouble:
            code = _unwritten(verdict, trouble, code)
    try:
        write_output(parts())
    except ReportUnwritable as trouble:
        code = _unwritten(verdict, trouble, code)
    except OSError as trouble:
        give_up(sys.stdout)
        message = f"The report could not be written to standard output: {trouble.strerror}."
        code = _unwritten(verdict, ReportUnwritable(message, ""), code)
    return code


def _unwritten(verdict: Verdict, trouble: ReportUnwritable, code: ExitCode) -> ExitCode:
    """Say that an output could not be written; return the code that decides now."""
    say_error(trouble.message, trouble.remedy)
    return code if verdict.interrupted else worst((code, trouble.exit_code))
