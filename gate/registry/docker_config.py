"""Docker's own credentials: those of its configuration file, and of the programs that it names.

The protocol of credential helpers is that of github.com/docker/docker-credential-helpers: ``get``
as the argument, the server on standard input, JSON on standard output.
"""

from __future__ import annotations

import base64
import os
import re
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import TYPE_CHECKING

import anyio
import msgspec
from msgspec import Struct

from gate.errors import ServiceError
from gate.untrusted import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_CONFIG = 1024 * 1024
"""In bytes."""

_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ADDRESS = re.compile(r"(?:https?://)?([^/]+)(?:/.*)?", re.DOTALL)
_HOMES = ("USERPROFILE", "HOME") if os.name == "nt" else ("HOME",)

_LARGEST_ANSWER = 1024 * 1024
_ENDING = ".exe" if os.name == "nt" else ""

# What helpers print, and exit with an error, for a host that they know nothing of.
_NOT_FOUND = b"credentials not found"

# The user name that stands for "the secret is an identity token".
_TOKEN_USER = "<token>"  # noqa: S105 - a mark of the protocol


class Login(Secret, frozen=True):
    """A user name with its password."""

    username: str
    password: str

    def basic(self) -> str:
        """Return it as the value of an ``Authorization`` header."""
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}"


class IdentityToken(Secret, frozen=True):
    """A refresh token, to be traded for access tokens."""

    token: str


Credential = Login | IdentityToken


class Helper(Struct, frozen=True):
    """A program ``docker-credential-<name>`` that keeps credentials.

    ``server`` is the name under which it knows the registry.
    """

    name: str
    server: str


class _Entry(Secret, frozen=True):
    auth: str | None = None
    username: str | None = None
    password: str | None = None
    identitytoken: str | None = None


class DockerConfig(Secret, frozen=True, rename="camel"):
    """The parts of ``config.json`` that tell credentials.

    The entries of ``auths`` are kept as bytes, so that a broken one of another host doesn't matter.
    """

    auths: dict[str, msgspec.Raw] | None = None
    cred_helpers: dict[str, str] | None = None
    creds_store: str | None = None


def config_path(environment: Mapping[str, str]) -> Path | None:
    """Return where Docker keeps its configuration; ``None`` if the environment tells no home."""
    if folder := environment.get("DOCKER_CONFIG"):
        return Path(folder) / "config.json"
    home = next((environment[name] for name in _HOMES if environment.get(name)), None)
    return Path(home) / ".docker" / "config.json" if home else None


def read_config(data: bytes, path: Path) -> DockerConfig:
    """Decode ``config.json``; any bytes either decode or raise ``ServiceError``."""
    if len(data) > LARGEST_CONFIG:
        raise _unreadable(f"{path} is larger than {LARGEST_CONFIG} bytes.")
    try:
        return msgspec.json.decode(data, type=DockerConfig)
    except (ValueError, RecursionError):
        # The decoder's own text may quote a secret, so it goes no further.
        raise _unreadable(f"{path} is not a configuration file of Docker.") from None


def find_helper(config: DockerConfig, host: str) -> Helper | None:
    """Return the program that keeps a host's credentials, ``None`` if there is none for it."""
    helpers = config.cred_helpers or {}
    name = helpers.get(host) or config.creds_store
    if not name:
        return None
    if not _HELPER.fullmatch(name):
        raise _unreadable(f"Docker's configuration names a credential helper {name[:64]!r}.")
    return Helper(name, host)


def find_credential(config: DockerConfig, host: str) -> Credential | None:
    """Return what the file itself holds for a host, ``None`` if there is nothing.

    Docker writes hosts with or without scheme and path; the exact name wins.
    """
    auths = config.auths or {}
    raw = auths.get(host) or next(
        (entry for address, entry in auths.items() if _hostname(address) == host), None
    )
    if raw is None:
        return None
    try:
        entry = msgspec.json.decode(raw, type=_Entry | None)
        return None if entry is None else _credential(entry)
    except (ValueError, RecursionError):
        raise _unreadable(f"Docker's configuration holds an invalid entry for {host}.") from None


def _credential(entry: _Entry) -> Credential | None:
    if entry.identitytoken:
        return IdentityToken(entry.identitytoken)
    if not entry.auth:
        return Login(entry.username, entry.password or "") if entry.username else None
    decoded = base64.b64decode(entry.auth, validate=True).decode("utf-8")
    username, colon, password = decoded.partition(":")
    if not (colon and username):
        raise ValueError
    # Docker pads passwords of some length with zero bytes.
    return Login(username, password.rstrip("\0"))


def _hostname(address: str) -> str:
    match = _ADDRESS.fullmatch(address)
    return match[1].lower() if match else ""


def _unreadable(cause: str) -> ServiceError:
    return ServiceError(cause, "Repair it, or log in again with docker login.")


class _HelperAnswer(Secret, frozen=True, rename="pascal"):
    username: str
    secret: str


async def ask_helper(
    helper: Helper, environment: Mapping[str, str], seconds: float
) -> Credential | None:
    """Run a credential helper; ``None`` if it has nothing for the host.

    It is stopped after so many ``seconds``. What it prints is never repeated: it may be a secret.
    Raises ``ServiceError``.
    """
    program = f"docker-credential-{helper.name}"
    path = _find(program, environment)
    if path is None:
        raise _failed(f"The credential helper {program} is not on PATH.")
    finished = None
    try:
        with anyio.move_on_after(seconds):
            finished = await _run(path, helper.server, environment)
    except OSError:
        raise _failed(f"The credential helper {program} can't be run.") from None
    if finished is None:
        raise _failed(f"The credential helper {program} did not answer in {seconds:.0f} seconds.")
    status, output = finished
    if status:
        if _NOT_FOUND in output:
            return None
        raise _failed(f"The credential helper {program} failed with {status}.")
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


def _read(output: bytes, program: str) -> Credential | None:
    try:
        answer = msgspec.json.decode(output, type=_HelperAnswer)
    except (ValueError, RecursionError):
        raise _failed(
            f"The credential helper {program} printed something that is not a credential."
        ) from None
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


def _failed(cause: str) -> ServiceError:
    return ServiceError(
        cause,
        "Repair the helper, or take it out of Docker's config.json and log in with docker login.",
    )
