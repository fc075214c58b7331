"""``gate policy``: work on policy files without an image."""

from __future__ import annotations

import click

from gate.cli.lazy import LazyCommand

_COMMANDS = {
    "explain": "Say step by step how policies decide.",
    "init": "Write a ready-made policy file.",
    "validate": "Check policy files.",
    "test": "Test policies by case files.",
    "waive": "Print waivers for what blocks today.",
    "prune": "Take waivers out of a file that cover nothing any more.",
    "diff": "Say what a change of policies changes.",
    "forecast": "Say what ends soon, and what then blocks.",
}
_ONLINE = frozenset({"validate"})  # takes options from variables, as `gate check` does


@click.group(
    "policy",
    commands={
        name: LazyCommand(name, summary, __name__, offline=name not in _ONLINE)
        for name, summary in _COMMANDS.items()
    },
)
def command() -> None:
    """Work on policy files without an image."""
