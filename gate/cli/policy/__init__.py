"""``gate policy``: work on policy files without an image."""

from __future__ import annotations

import click

from gate.cli.lazy import LazyCommand

_COMMANDS = {"validate": "Check policy files."}


@click.group(
    "policy",
    commands={name: LazyCommand(name, summary, __name__) for name, summary in _COMMANDS.items()},
)
def command() -> None:
    """Work on policy files without an image."""
