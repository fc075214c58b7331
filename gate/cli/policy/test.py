"""``gate policy test``: hold policies against images, and what must come out for each."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.cases import (
    TEST_FORMATS,
    ResultStyle,
    check_expectations,
    chosen_case_files,
    open_all_cases,
    run_tests,
)
from gate.cli.groups import PolicyFiles, at, offline_policies
from gate.cli.terminal import path_in_this_checkout, show

if TYPE_CHECKING:
    from datetime import date

    from gate.cases import CaseFile
    from gate.errors import ExitCode
    from gate.policy import Policies


@click.command("test")
@click.argument("files", metavar="[FILE|FOLDER]...", nargs=-1)
@offline_policies
@at
@click.option("--coverage", is_flag=True, help="Fail if a rule or selector decided nothing.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(TEST_FORMATS)),
    default="text",
    show_default=True,
    help="What standard output shows.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show why, and digests and waivers, too.")
def command(  # noqa: PLR0913, PLR0917 - one for each option
    files: tuple[str, ...],
    policies: PolicyFiles,
    at: date | None,
    coverage: bool,  # noqa: FBT001 - click's flags
    format_: str,
    verbose: bool,  # noqa: FBT001 - as above
) -> ExitCode:
    """Test policies by case files.

    A case file holds images, with findings, and what must come out for them; `gate schema cases`
    says more. FOLDER stands for the *.test.yaml, *.test.yml and *.test.json below it. Without
    either, .buildrisk-gate.test.yaml is taken, beside the policy.
    """
    directory = Path.cwd()
    cases = open_all_cases(chosen_case_files(files, directory), directory=directory)
    check_expectations(cases)
    days = [at] if at else [day for file in cases for day in file.days()]
    latest = max(days, default=None)

    @cache
    def load(specs: tuple[str, ...]) -> Policies:
        return PolicyFiles(specs).load(latest)

    def policies_of(file: CaseFile) -> Policies:
        return load(policies.policy_files or file.policies)

    results = run_tests(cases, policies_of, at=at, coverage=coverage)
    style = ResultStyle(verbose=verbose, page_path=path_in_this_checkout)
    show(TEST_FORMATS[format_](results, style).removesuffix("\n"))
    return results.exit_code
