"""What is wrong with a command line, in the words and the form of all other errors."""

from __future__ import annotations

from typing import Any

import click

from gate.errors import UsageError

_REPORTS = "--format NAME shows a report, and --report NAME=PATH writes one to a file."
_POLICY = (
    "What fails is said by the policy file (`block: {levels: [high], …}`): `gate policy init`."
)
# What other programs call what this one has.
_ELSEWHERE = {
    **dict.fromkeys(("-o", "--output", "-f", "--out", "--output-file"), _REPORTS),
    "--json": "Write --format json.",
    "--sarif": "Write --format sarif, or --report sarif=PATH.",
    **dict.fromkeys(("--fail-on", "--severity", "-s", "--fail-on-severity"), _POLICY),
    "--exit-code": "Exit codes are fixed: 10 is blocked. What blocks is said by the policy file.",
    "--config": "Options come from the command line or from variables; --policy names a policy.",
    "--ignore-file": "A waiver of the policy file lets a finding pass until a day.",
    "-V": "Write `gate --version`.",
    "help": "Write `gate --help`, or `gate COMMAND --help`.",
    "version": "Write `gate --version`.",
    "scan": "`gate check IMAGE` judges an image; with --scan it asks for a scan.",
    "image": "`gate check IMAGE` judges an image.",
    "explain": "`gate risks KEY` explains a risk.",
}
_WORDS = {
    **dict.fromkeys(("table", "txt", "plain", "human", "default"), "text"),
    **dict.fromkeys(("md", "summary"), "markdown"),
    **dict.fromkeys(("xml", "junit-xml", "junitxml"), "junit"),
    **dict.fromkeys(("github-actions", "actions", "annotations"), "github"),
    **dict.fromkeys(("gitlab-ci", "gl-container-scanning", "container-scanning"), "gitlab"),
    **dict.fromkeys(("code-quality", "codeclimate"), "codequality"),
    **dict.fromkeys(("env", ".env"), "dotenv"),
    **dict.fromkeys(("slsa", "attestation", "in-toto", "intoto"), "vsa"),
    **dict.fromkeys(("yaml", "jsonl"), "json"),
    **dict.fromkeys(("htm", "web"), "html"),
}


class Format(click.Choice[str]):
    """The name of a format; a wrong one is answered with the one that was probably meant."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:  # noqa: ANN401 - click's
        """Return the sentence about a word that names no format."""
        return super().get_invalid_choice_message(value, ctx) + meant(str(value), self.choices)


def meant(word: str, names: Any) -> str:  # noqa: ANN401 - any names
    """Return a question for the format that was probably meant; empty if none is near."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for mistakes

    nearest = get_close_matches(word.lower(), names, n=1)
    name = _WORDS.get(word.lower()) or (nearest[0] if nearest else "")
    return f" Did you mean {name}?" if name in names else ""


def usage_error(mistake: click.ClickException) -> UsageError:
    """Return a mistake that click found as the gate says mistakes."""
    context = mistake.ctx if isinstance(mistake, click.UsageError) else None
    command = context.command_path if context else "gate"
    remedy = f"`{command} --help` shows what there is."
    for attribute in ("option_name", "command_name"):  # of what there isn't
        remedy = _ELSEWHERE.get(getattr(mistake, attribute, ""), remedy)
    return UsageError(_sentence(mistake), remedy)


def _sentence(mistake: click.ClickException) -> str:
    """Return the message; a value is said to be of a variable only if it came from there."""
    if not isinstance(mistake, click.BadParameter) or isinstance(mistake, click.MissingParameter):
        return mistake.format_message()
    context, parameter = mistake.ctx, mistake.param
    if context is None or not isinstance(parameter, click.Option):
        return mistake.format_message()
    source = context.get_parameter_source(parameter.name or "")
    if source is click.core.ParameterSource.ENVIRONMENT:
        name = f"the variable {parameter.envvar}"
    else:
        name = " / ".join(f"'{name}'" for name in parameter.opts)
    return f"Invalid value for {name}: {mistake.message}"
