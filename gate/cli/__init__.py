"""The command line: the only package that reads arguments, environment or clock, prints, or exits.

One file a command; each is imported when it is called, because most of what one needs the others
don't.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from gate import ADDRESS, __version__
from gate.ci import Mistake, find_ci
from gate.cli.lazy import LazyCommand
from gate.cli.mistakes import usage_error
from gate.cli.options import PREFIX
from gate.cli.terminal import (
    give_up,
    now,
    open_streams,
    path_in_this_checkout,
    say,
    say_error,
    show,
    write_error,
)
from gate.errors import ExitCode, GateError
from gate.untrusted import forget_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["cli", "main", "run"]

_COMMANDS = {
    "check": "Judge images by their build risks.",
    "manifests": "Judge the images that deployment files name.",
    "audit": "Judge every image that Security Center knows.",
    "risks": "Explain one risk, or list the build risks and whether their checks are on.",
    "doctor": "Find out why the gate can't decide.",
    "policy": "Work on policy files without an image.",
    "schema": "Print a JSON schema.",
    "sandbox": "Serve a local Security Center with sample data.",
}
"""What ``gate --help`` says of each command: the first line of its own help."""

_PROGRAMS = ("gate", "buildrisk-gate")  # the names of the one entry point
_OFFLINE = frozenset({"policy"})  # its commands decide by themselves what they take from variables
_EPILOG = f"""\
\b
Without an account:
  gate check --sandbox registry.cn-hangzhou.aliyuncs.com/shop/web:1.4

\b
Documents: {ADDRESS}/tree/main/docs
"""
_IN_FILE = re.compile(r"(?P<file>.+?):(?P<line>[0-9]{1,9}):(?P<column>[0-9]{1,9}): (?P<text>.*)")
_STREAM_TROUBLES = frozenset({errno.EPIPE, errno.EBADF, errno.ENOSPC, errno.EIO})


def main() -> NoReturn:
    """Run the command line, and exit with one of the codes of ``ExitCode``."""
    open_streams()
    program = Path(sys.argv[0]).stem
    sys.exit(run(sys.argv[1:], program if program in _PROGRAMS else "gate"))


def run(arguments: Sequence[str], program: str = "gate") -> int:  # noqa: PLR0911 - each end has its code
    """Run the command line; every exception ends here, as a code and a sentence.

    Completion asks by a variable whose name is made from that of the ``program``.
    """
    forget_secrets()
    try:
        return int(cli.main(list(arguments), prog_name=program, standalone_mode=False) or 0)
    except click.exceptions.Exit as done:
        return done.exit_code
    except SystemExit as end:  # click's own, of completion, or where nobody reads its help
        give_up(sys.stdout)
        return ExitCode.SERVICE if end.code else ExitCode.PASSED
    except click.exceptions.NoArgsIsHelpError as help_wanted:
        say(help_wanted.format_message())
        return ExitCode.USAGE
    except click.ClickException as mistake:
        return _failed(usage_error(mistake), arguments)
    except GateError as trouble:
        return _failed(trouble, arguments)
    except (KeyboardInterrupt, click.Abort):
        say("interrupted")
        return ExitCode.INTERRUPTED
    except OSError as trouble:
        if not _is_of_a_stream(trouble):
            return _defect()
        give_up(sys.stdout)
        return ExitCode.SERVICE
    except Exception:  # noqa: BLE001 - the one boundary of the program
        return _defect()


def _failed(trouble: GateError, arguments: Sequence[str]) -> ExitCode:
    """Say what went wrong, a line for each sentence of its own, and what to do."""
    _alarm(trouble, arguments)
    say_error(trouble.message, trouble.remedy)
    return trouble.exit_code


def _is_of_a_stream(trouble: OSError) -> bool:
    """Tell whether this is what writing to a closed or full standard output ends in."""
    return trouble.filename is None and trouble.errno in _STREAM_TROUBLES


def _defect() -> ExitCode:
    """Say what a maintainer needs to know of the exception that is being handled."""
    say(traceback.format_exc().rstrip())
    say_error(
        f"this is a defect of buildrisk-gate {__version__}; nothing was decided.",
        "Please report it with the lines above, which hold no secrets of the gate.",
    )
    return ExitCode.DEFECT


def _show_versions(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's own
    """Print the versions of the program, of Python, and of what policies and reports look like."""
    if wanted and not context.resilient_parsing:
        python = ".".join(map(str, sys.version_info[:3]))
        show(f"buildrisk-gate, version {__version__}")
        show(f"Python {python}; policy files, version 1; JSON report, version 1")
        context.exit()


@click.group(
    commands={
        name: LazyCommand(name, summary, offline=name in _OFFLINE)
        for name, summary in _COMMANDS.items()
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EPILOG,
)
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_versions,
    help="Show the versions and exit.",
)
def cli() -> None:
    """Decide by policy whether container images may go on.

    After a push, the gate asks Alibaba Cloud Security Center which image build risks an image has.
    A pass is a statement with evidence. Exit codes: 0 pass, 10 blocked, 2 wrong usage or policy,
    3 undecided, 4 access, 5 service, 1 a defect of the gate.
    """


def _alarm(trouble: GateError, arguments: Sequence[str]) -> None:
    """Let the CI system show an error, because its page would otherwise show only the exit code."""
    ci = find_ci(os.environ, now)
    if ci is not None and "--no-ci" not in arguments and not os.environ.get(f"{PREFIX}NO_CI"):
        write_error(ci.alarm(str(trouble), tuple(_mistakes_in_files(trouble.message))))


def _mistakes_in_files(message: str) -> Iterator[Mistake]:
    """Yield what a message says of lines of files, each as ``FILE:LINE:COLUMN: text``."""
    for line in message.splitlines():
        match = _IN_FILE.fullmatch(line)
        if match and Path(match["file"]).is_file():
            path = path_in_this_checkout(match["file"])
            yield Mistake(path, int(match["line"]), int(match["column"]), match["text"])
