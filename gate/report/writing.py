"""Write a report to a file, whole or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gate.errors import ReportUnwritable
from gate.report import render

if TYPE_CHECKING:
    from gate.verdict import Verdict

# These may lead to a regular file that the process itself is writing to.
_STREAMS = (Path("/dev/stdout"), Path("/dev/stderr"), Path("/dev/fd"), Path("/proc"))


def write_report(name: str, path: Path, verdict: Verdict) -> None:
    r"""Write the report of that format as UTF-8 with ``\n`` as line ends; make missing folders.

    A regular file is replaced at once, so that nobody reads half a report, and a link goes on
    pointing to it. Devices and pipes are written to. Raises ``ReportUnwritable``.
    """
    content = render(name, verdict).encode("utf-8", "backslashreplace")
    try:
        if _is_device(path):
            with path.open("ab") as device:
                device.write(content)
        else:
            _replace(Path(os.path.realpath(path)), content)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ReportUnwritable(
            f"The report {path} can't be written: {reason}.",
            "Give --report the path of a file that may be created and written.",
        ) from None


def _is_device(path: Path) -> bool:
    """Tell whether something other than a regular file stands there, even a folder."""
    return (path.exists() and not path.is_file()) or any(
        path.is_relative_to(stream) for stream in _STREAMS
    )


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name[:60]}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
