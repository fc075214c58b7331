"""Credential helpers: the programs that keep Docker's credentials outside of its file.

The protocol is that of github.com/docker/docker-credential-helpers: ``get`` as the argument, the
server on standard input, JSON on standard output.
"""

from __future__ import annotations

import os
from pathlib import Path
from subprocess import DEVNULL
from typing import TYPE_CHECKING

import anyio
import msgspec

from gate.registry.answers import Unresolved
from gate.registry.docker_config import Credential, Helper, IdentityToken, Login

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENDING = ".exe" if os.name == "nt" else ""

# What helpers print, and exit with an error, for a host that they know nothing of.
_NOT_FOUND = b"credentials not found"

# The user name that stands for "the secret is an identity token".
_TOKEN_USER = "<token>"  # noqa: S105 - a mark of the protocol


class _Answer(msgspec.Struct, rename="pascal"):
    username: str
    secret: str

    def __repr__(self) -> str:
        return "_Answer(…)"


async def ask_helper(
    helper: Helper, environment: Mapping[str, str], seconds: float
) -> Credential | Unresolved | None:
    """Run a credential helper; ``None`` if it has nothing for the host.

    It is stopped after so many ``seconds``. What it prints is never repeated: it may be a secret.
    """
    program = f"docker-credential-{helper.name}"
    found = _find(program, environment)
    if found is None:
        return _failed(f"The credential helper {program} is not on PATH.")
    finished = None
    try:
        with anyio.move_on_after(seconds):
            finished = await anyio.run_process(
                [str(found), "get"],
                input=helper.server.encode(),
                stderr=DEVNULL,
                check=False,
                env=environment,
            )
    except OSError:
        return _failed(f"The credential helper {program} can't be run.")
    if finished is None:
        return _failed(f"The credential helper {program} did not answer in {seconds:.0f} seconds.")
    if finished.returncode:
        if _NOT_FOUND in finished.stdout:
            return None
        return _failed(f"The credential helper {program} failed with {finished.returncode}.")
    return _read(finished.stdout, program)


def _read(output: bytes, program: str) -> Credential | Unresolved | None:
    try:
        answer = msgspec.json.decode(output, type=_Answer)
    except (ValueError, RecursionError):
        return _failed(f"The credential helper {program} printed what is no credential.")
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
