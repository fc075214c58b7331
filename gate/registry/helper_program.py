"""Credential helpers: the programs that keep Docker's credentials outside of its file.

The protocol is that of github.com/docker/docker-credential-helpers: ``get`` as the argument, the
server on standard input, JSON on standard output.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import TYPE_CHECKING

import anyio
import msgspec

from gate.registry.docker_config import Credential, Helper, IdentityToken, Login
from gate.registry.resolution import Unresolved

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST_ANSWER = 1024 * 1024
_ENDING = ".exe" if os.name == "nt" else ""

# What helpers print, and exit with an error, for a host that they know nothing of.
_NOT_FOUND = b"credentials not found"

# The user name that stands for "the secret is an identity token".
_TOKEN_USER = "<token>"  # noqa: S105 - a mark of the protocol


class _HelperAnswer(msgspec.Struct, rename="pascal"):
    username: str
    secret: str

    def __repr__(self) -> str:
        return "_HelperAnswer(…)"


async def ask_helper(
    helper: Helper, environment: Mapping[str, str], seconds: float
) -> Credential | Unresolved | None:
    """Run a credential helper; ``None`` if it has nothing for the host.

    It is stopped after so many ``seconds``. What it prints is never repeated: it may be a secret.
    """
    program = f"docker-credential-{helper.name}"
    path = _find(program, environment)
    if path is None:
        return _failed(f"The credential helper {program} is not on PATH.")
    finished = None
    try:
        with anyio.move_on_after(seconds):
            finished = await _run(path, helper.server, environment)
    except OSError:
        return _failed(f"The credential helper {program} can't be run.")
    if finished is None:
        return _failed(f"The credential helper {program} did not answer in {seconds:.0f} seconds.")
    status, output = finished
    if status:
        if _NOT_FOUND in output:
            return None
        return _failed(f"The credential helper {program} failed with {status}.")
    return _read(output, program)


async def _run(program: Path, server: str, environment: Mapping[str, str]) -> tuple[int, bytes]:
    """Run a helper to its end, and return its exit status and what it printed.

    A helper that ends without reading its input is no trouble; one that prints without an end is
    cut off, and then broken. If this is cancelled, the program is killed.
    """
    async with await anyio.open_process(
        [str(program), "get"], stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise AssertionError
        with suppress(anyio.BrokenResourceError):
            await process.stdin.send(server.encode())
        await process.stdin.aclose()
        output = b""
        async for chunk in process.stdout:
            output += chunk
            if len(output) > _LARGEST_ANSWER:
                process.kill()
                break
        return await process.wait(), output


def _read(output: bytes, program: str) -> Credential | Unresolved | None:
    try:
        answer = msgspec.json.decode(output, type=_HelperAnswer)
    except (ValueError, RecursionError):
        return _failed(
            f"The credential helper {program} printed something that is not a credential."
        )
    if answer.username == _TOKEN_USER:
        return IdentityToken(answer.secret)
    return Login(answer.username, answer.secret) if answer.username else None


def _find(program: str, environment: Mapping[str, str]) -> Path | None:
    """Find a program on PATH, in absolute folders only.

    The working directory is often a checkout of somebody's pull request.
    """
    for folder in environment.get("PATH", "").split(os.pathsep):
        candidate = Path(folder) / f"{program}{_ENDING}"
        if candidate.is_absolute() and candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate
    return None


def _failed(cause: str) -> Unresolved:
    return Unresolved(
        cause,
        "Repair the helper, or take it out of Docker's config.json and log in with docker login.",
    )
