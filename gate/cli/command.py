"""A command whose help has groups and examples, and whose errors name the variable they come from.

Options are grouped by the table here, which is also the order of the groups.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import click

from gate import ADDRESS
from gate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECTIONS = {
    "Images": (
        *("digest", "metadata-file", "images-from", "dockerfile", "resolve", "registry-host"),
        *("instance", "namespace", "repository", "allow-none", "allow-unread"),
    ),
    "Policy": ("policy", "at"),
    "Scanning": ("scan", "dry-run", "wait", "timeout", "concurrency"),
    "Service": ("region", "endpoint", "lang", "sandbox"),
    "Output": ("format", "report", "compare", "no-ci", "quiet", "verbose"),
}
"""The groups of options in help; an option that stands in none is shown before them."""

_WHOLE = r"(?<![\w./-]){}(?![\w/-]|\.\w)"  # a value that is not only a part of another one
_EXIT_CODES = """\
\b
Exit codes:
  0    every image passed, with evidence
  10   blocked: the policy blocks at least one finding
  2    wrong usage, or an invalid policy file
  3    undecided: no finished, fresh, complete scan of exactly this image
  4    access: no credentials, or a missing permission
  5    service: network, throttling, an answer that makes no sense
  1    a defect of the gate; 130, 143: interrupted, terminated"""
_DOCUMENTS = f"""\
\b
Documents: {ADDRESS}/tree/main/docs"""


def epilog(*examples: str, exit_codes: bool = True) -> str:
    """Return what stands below the options: examples, the exit codes, where the documents are."""
    shown = "\n".join(["\b", "Examples:" if len(examples) > 1 else "Example:", *examples])
    codes = [_EXIT_CODES] if exit_codes else []
    return "\n\n".join([*([shown] if examples else []), *codes, _DOCUMENTS])


class GateCommand(click.Command):
    """A command whose options are shown in groups."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, those of one group together."""
        records: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                records[_section_of(parameter)].append(record)
        for title in ("Options", *_SECTIONS):
            if records[title]:
                with formatter.section(title):
                    formatter.write_dl(records[title])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; an error knows of which command it is."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click's own
        """Run the command; an error about a value of a variable names the variable."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            names = ", ".join(_variables_of(error.message, ctx))
            if names:
                error.remedy = f"{error.remedy} The value is that of the variable {names}."
            raise


def _section_of(option: click.Option) -> str:
    names = {name.removeprefix("--") for name in option.opts}
    return next((title for title, own in _SECTIONS.items() if names & set(own)), "Options")


def _variables_of(message: str, ctx: click.Context) -> Iterator[str]:
    """Yield the variables whose value a message names."""
    for parameter in ctx.command.params:
        source = ctx.get_parameter_source(parameter.name or "")
        value = ctx.params.get(parameter.name or "")
        if source is not click.core.ParameterSource.ENVIRONMENT:
            continue
        texts = value if isinstance(value, tuple) else (value,)
        named = (text.partition("#sha256=")[0] for text in texts if isinstance(text, str))
        if any(text and re.search(_WHOLE.format(re.escape(text)), message) for text in named):
            yield str(parameter.envvar)
