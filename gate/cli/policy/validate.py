"""``gate policy validate``: say whether policy files are valid, and what is wrong with them."""

from __future__ import annotations

import click

from gate.cli.command import GateCommand
from gate.cli.groups import PolicyFiles
from gate.cli.options import PREFIX, Text
from gate.cli.terminal import show
from gate.errors import ExitCode
from gate.untrusted import for_terminal


@click.command("validate", cls=GateCommand)
@click.argument("files", metavar="[FILE]...", nargs=-1, type=Text("file"), envvar=f"{PREFIX}POLICY")
def command(files: tuple[str, ...]) -> ExitCode:
    """Check policy files.

    Without FILE, those that `gate check` would use. Notes say what a valid file may not be meant
    to do: waivers that have ended or end soon, rules that never match, nothing that blocks.
    """
    loaded = PolicyFiles(files).load()
    for source in loaded.sources:
        show(for_terminal(f"{source.path}: valid, sha256={source.sha256}"))
    for note in loaded.remarks():
        show(for_terminal(f"note: {note}"))
    return ExitCode.PASSED
