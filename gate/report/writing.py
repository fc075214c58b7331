"""Write a report, or another file, whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import select
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gate.errors import ReportUnwritable
from gate.report import render_parts
from gate.untrusted import redact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.verdict import Verdict

# These may lead to a regular file that the process itself is writing to.
_STREAMS = (Path("/dev/stdout"), Path("/dev/stderr"), Path("/dev/fd"), Path("/proc"))
PATIENCE = 5.0  # seconds in which somebody must read a pipe, and take more of it
_PAUSE = 0.05
_NOBODY_READS = "it is not a regular file, and nobody reads it"


def write_report(name: str, path: Path, verdict: Verdict) -> None:
    r"""Write the report of that format as UTF-8 with ``\n`` as line ends; make missing folders.

    It is written as it is made, so that one of a large account never stands whole in memory. A
    regular file is replaced at once, so that nobody reads half a report, and a link goes on
    pointing to it. A pipe or a device is written to as long as somebody takes what is written.
    Raises ``ReportUnwritable``.
    """
    parts = render_parts(name, verdict)
    content = (redact(part).encode("utf-8", "backslashreplace") for part in parts)
    try:
        if _is_device(path):
            _pour(path, content)
        else:
            replace_file(Path(os.path.realpath(path)), content)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ReportUnwritable(
            f"The report {path} can't be written: {reason}.",
            "Give --report the path of a file that may be created and written.",
        ) from None


def _pour(path: Path, content: Iterable[bytes]) -> None:
    """Write to what isn't a regular file; opening or filling a pipe must not wait for ever."""
    if os.name == "nt":
        path.write_bytes(b"".join(content))
        return
    with os.fdopen(_opened(path), "ab", buffering=0) as device:
        for part in content:
            rest = memoryview(part)
            while rest:
                _, ready, _ = select.select([], [device], [], PATIENCE)
                if not ready:
                    raise TimeoutError(errno.ETIMEDOUT, _NOBODY_READS)
                rest = rest[device.write(rest) or 0 :]


def _opened(path: Path) -> int:
    """Open a pipe once somebody reads it, anything else at once."""
    last = time.monotonic() + PATIENCE
    while True:
        try:
            return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
        if time.monotonic() > last:
            raise TimeoutError(errno.ETIMEDOUT, _NOBODY_READS)
        time.sleep(_PAUSE)


def _is_device(path: Path) -> bool:
    """Tell whether something other than a regular file stands there, even a folder."""
    return (path.exists() and not path.is_file()) or any(
        path.is_relative_to(stream) for stream in _STREAMS
    )


def replace_file(path: Path, content: Iterable[bytes]) -> None:
    """Put a file in the place of another, which stays as it is until then, with its mode.

    What is written stands beside it first, so whatever ends the writing leaves the other one
    whole. Raises ``OSError``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name[:60]}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.writelines(content)
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
