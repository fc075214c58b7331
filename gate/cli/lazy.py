"""Commands that are imported when they are called."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence


class LazyCommand(click.Command):
    """The command ``NAME`` of a package, which is ``command`` in its module ``NAME``.

    Help and completion list it without importing it.
    """

    def __init__(self, name: str, summary: str, package: str = "gate.cli") -> None:
        super().__init__(name, short_help=summary)
        self._module = f"{package}.{name}"

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
        return self.load().make_context(info_name, list(args), parent, **extra)
