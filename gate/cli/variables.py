"""Variables with the gate's prefix: each must belong to an option that may come from there.

A misspelt policy must not become no policy, and nothing that lets more pass comes from a variable.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from gate.cli.options import PREFIX
from gate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import click

_NO_OPTION = frozenset({f"{PREFIX}OIDC_TOKEN"})  # the token of a CI job: gate.credentials reads it


def check_variables(
    own: click.Command, others: Iterable[click.Command], environment: Mapping[str, str]
) -> None:
    """Refuse a variable that no option of any command reads; raises ``UsageError``.

    ``others`` are taken only where ``own``, the command that runs, has no such option.
    """
    unknown = _given(environment) - _variables([own], readable=True) - _NO_OPTION
    if not unknown:
        return
    commands = [own, *others]
    readable = _variables(commands, readable=True)
    for name in sorted(unknown - readable):
        if name in _variables(commands, readable=False):
            option = "--" + name.removeprefix(PREFIX).lower().replace("_", "-")
            raise UsageError(
                f"{name} is set, but {option} can't come from the environment.",
                f"Unset it, and give {option} on the command line if you mean it.",
            )
        nearest = get_close_matches(name, readable, n=1)
        hint = f"Did you mean {nearest[0]}? " if nearest else ""
        raise UsageError(
            f"{name} is set, but no option reads it.",
            f"{hint}Correct its name, or unset it.",
        )


def _given(environment: Mapping[str, str]) -> set[str]:
    # Names of variables don't depend on case on Windows, whose environment shows them upper-case.
    return {name for name in environment if name.startswith(PREFIX)}


def _variables(commands: Iterable[click.Command], *, readable: bool) -> set[str]:
    """Return the variables that options read, or those of the options that read none."""
    return {
        PREFIX + option.removeprefix("--").replace("-", "_").upper()
        for command in commands
        for parameter in command.params
        for option in _long_options(parameter)
        if (parameter.envvar is not None) is readable
    }


def _long_options(parameter: click.Parameter) -> Iterator[str]:
    yield from (option for option in parameter.opts if option.startswith("--"))
