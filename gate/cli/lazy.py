"""Commands that are imported when they are called."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class LazyCommand(click.Command):
    """The command ``NAME`` of a package, which is ``command`` in its module ``NAME``.

    Help and completion list it without importing it. Unless it takes nothing from the environment
    (``offline``), variables with the gate's prefix are checked before it runs.
    """

    def __init__(
        self, name: str, summary: str, package: str = "gate.cli", *, offline: bool = False
    ) -> None:
        super().__init__(name, short_help=summary)
        self._module = f"{package}.{name}"
        self._offline = offline

    def load(self) -> click.Command:
        """Import the command."""
        command: click.Command = import_module(self._module).command
        return command

    def make_context(
        self,
        info_name: str | None,
        args: Sequence[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401 - click's own settings
    ) -> click.Context:
        """Parse the arguments as the command itself does, which takes this one's place."""
        context = self.load().make_context(info_name, list(args), parent, **extra)
        if not (self._offline or context.resilient_parsing):
            from gate.cli.variables import check_variables  # noqa: PLC0415 - not for completion

            check_variables(context.command, _all_commands(context), os.environ)
        return context


def _all_commands(context: click.Context) -> Iterator[click.Command]:
    """Yield all commands of the program, each imported when it is asked for."""
    root = context.find_root().command
    commands = list(root.commands.values()) if isinstance(root, click.Group) else []
    while commands:
        command = commands.pop()
        loaded = command.load() if isinstance(command, LazyCommand) else command
        commands += loaded.commands.values() if isinstance(loaded, click.Group) else ()
        yield loaded
