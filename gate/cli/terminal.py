"""The process that the gate runs in: its clock, environment, streams and files."""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct

from gate.checkout import path_in_checkout
from gate.clock import Clock, Run
from gate.errors import UsageError
from gate.report import Style
from gate.untrusted import LARGEST, Unreadable, decoded, encodable, for_terminal, read_file, redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_FALLBACK = 80  # columns of a terminal that doesn't tell
_UNCOLOURED = frozenset({"", "0", "false"})


class Terminal(Struct, frozen=True, kw_only=True):
    """Where a run shows how far it is; standard error, for all that isn't the report.

    ``write`` takes raw text; ``live`` tells whether a person watches on a terminal of ``width()``
    columns.
    """

    write: Callable[[str], None]
    live: bool
    width: Callable[[], int]


def terminal(*, quiet: bool) -> Terminal:
    """Return this process's own."""
    live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")
    return Terminal(write=write_error, live=live and not quiet, width=lambda: _columns(sys.stderr))


def new_run(timeout: float, *, verbose: bool = False, options: frozenset[str] | None = None) -> Run:
    """Begin a run that may take ``timeout`` seconds; ``verbose`` tells of each request.

    ``options`` are those that the command has.
    """
    clock = _clock()
    return Run(
        clock=clock,
        deadline=clock.monotonic() + timeout,
        environment=dict(os.environ),
        observer=say if verbose else None,
        options=options,
    )


def _clock() -> Clock:
    import anyio  # noqa: PLC0415 - not every command needs it

    return Clock(now, time.monotonic, anyio.sleep)


def style(*, verbose: bool = False, quiet: bool = False) -> Style:
    """Return how a report for people is to look on standard output."""
    unicode = "utf" in (sys.stdout.encoding or "").lower()
    return Style(
        width=width_of(sys.stdout),
        colour=is_coloured(sys.stdout),
        verbose=verbose,
        quiet=quiet,
        ascii=not unicode,
    )


def width_of(stream: TextIO) -> int | None:
    """Return to how many columns a text for people is to be folded; ``None`` for not at all.

    A terminal has a width. A pipe or a log has none, unless somebody says one in ``COLUMNS``.
    """
    return _columns(stream) if stream.isatty() or _columns_in_environment() else None


def is_coloured(stream: TextIO) -> bool:
    """Tell whether to colour what goes to a stream: on a terminal, unless the environment says.

    In the order of Python's own programs: ``NO_COLOR``, ``FORCE_COLOR`` and ``CLICOLOR_FORCE``,
    ``TERM=dumb``. A CI system alone is no reason, though its pages show colours: whether its log
    or a file takes the output can't be told there.
    """
    environment = os.environ
    if environment.get("NO_COLOR"):
        return False
    forcing = (environment.get(name, "") for name in ("FORCE_COLOR", "CLICOLOR_FORCE"))
    if any(value.lower() not in _UNCOLOURED for value in forcing):
        return True
    return environment.get("TERM") != "dumb" and stream.isatty()


def _columns(stream: TextIO) -> int:
    """Return the width that ``COLUMNS`` says, else that of the stream's terminal."""
    if number := _columns_in_environment():
        return number
    try:
        return os.get_terminal_size(stream.fileno()).columns or _FALLBACK
    except (OSError, ValueError):
        return _FALLBACK


def _columns_in_environment() -> int:
    """Return the number that ``COLUMNS`` holds; 0 for none."""
    text = os.environ.get("COLUMNS", "")
    return int(text) if re.fullmatch("[0-9]{1,6}", text) else 0


def now() -> datetime:
    """Return the time of day in UTC."""
    return datetime.now(UTC)


def read_text(path: str, limit: int = LARGEST) -> str:
    """Return the text of a file that the caller names, ``limit`` bytes; raises ``UsageError``."""
    try:
        return decoded(read_file(Path(path), limit, name=path), name=path)
    except Unreadable as error:
        raise UsageError(error.text, "Give another file.") from None


def read_lines(path: str) -> list[str]:
    """Return the lines of a file, or of standard input for ``-``."""
    return (sys.stdin.read() if path == "-" else read_text(path)).splitlines()


def read_input(limit: int) -> str:
    """Return the text of standard input, of ``limit`` bytes at most; raises ``UsageError``."""
    raw = sys.stdin.buffer.read(limit + 1)
    if len(raw) > limit:
        raise UsageError(f"Standard input is larger than {limit // 1024} KiB.", "Split it.")
    try:
        return decoded(raw, name="Standard input")
    except Unreadable as error:
        raise UsageError(error.text, "Give other input.") from None


def path_in_this_checkout(path: str) -> str:
    """Return a file's path as the pages of the CI system name it."""
    return path_in_checkout(path, os.environ, Path.cwd())


def open_streams() -> None:
    """Stand in for standard streams that were closed before the gate began.

    Without them, the first file or connection that is opened would be one. What is written to a
    stand-in fails as it does for a closed stream.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDONLY)
            if descriptor != number:  # on Windows
                os.dup2(descriptor, number)
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def show(text: str) -> None:
    """Write a text and a line end to standard output.

    Somebody who stops reading (``| head -1``) has seen enough: the rest goes nowhere, and the
    command ends as it would have.
    """
    try:
        write_output((f"{text}\n",))
    except BrokenPipeError:
        give_up(sys.stdout)


def write_output(parts: Iterable[str]) -> None:
    """Write a report's texts to standard output, each when it is made.

    Raises ``OSError`` if nobody takes them.
    """
    for part in parts:
        sys.stdout.write(encodable(redact(part), sys.stdout.encoding or "utf-8"))
    sys.stdout.flush()


def give_up(stream: TextIO) -> None:
    """Let what is still buffered go nowhere, so that the interpreter's end doesn't fail on it."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def say(text: str) -> None:
    """Write a line of diagnostics to standard error."""
    write_error(f"{text}\n")


def say_error(message: str, remedy: str) -> None:
    """Write what went wrong, each line of it as an error, and what to do."""
    label = "\x1b[1;31merror:\x1b[0m" if is_coloured(sys.stderr) else "error:"
    for line in message.splitlines():
        say(f"{label} {for_terminal(line)}")
    if remedy:
        say(f"       {for_terminal(remedy)}")


def write_error(text: str) -> None:
    """Write to standard error; the verdict does not depend on whether somebody reads it."""
    try:
        sys.stderr.write(encodable(redact(text), sys.stderr.encoding or "utf-8"))
        sys.stderr.flush()
    except (OSError, ValueError):
        give_up(sys.stderr)
