"""Docker's own credentials: where they are, and what the configuration file says of a host."""

from __future__ import annotations

import base64
import binascii
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from gate.registry.resolution import Unresolved

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_CONFIG = 1024 * 1024
"""In bytes."""

_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ADDRESS = re.compile(r"(?:https?://)?([^/]+)(?:/.*)?", re.DOTALL)
_HOMES = ("USERPROFILE", "HOME") if os.name == "nt" else ("HOME",)


@dataclass(frozen=True, slots=True)
class Login:
    """A user name with its password."""

    username: str = field(repr=False)
    password: str = field(repr=False)

    def basic(self) -> str:
        """Return it as the value of an ``Authorization`` header."""
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}"


@dataclass(frozen=True, slots=True)
class IdentityToken:
    """A refresh token, to be traded for access tokens."""

    token: str = field(repr=False)


Credential = Login | IdentityToken


class Helper(Struct, frozen=True):
    """A program ``docker-credential-<name>`` that keeps credentials.

    ``server`` is the name under which it knows the registry.
    """

    name: str
    server: str


class _Entry(msgspec.Struct):
    auth: str | None = None
    username: str | None = None
    password: str | None = None
    identitytoken: str | None = None

    def __repr__(self) -> str:
        return "_Entry(…)"


class DockerConfig(msgspec.Struct, rename="camel"):
    """The parts of ``config.json`` that tell credentials.

    The entries of ``auths`` are kept as bytes, so that a broken one of another host doesn't matter.
    """

    auths: dict[str, msgspec.Raw] | None = None
    cred_helpers: dict[str, str] | None = None
    creds_store: str | None = None

    def __repr__(self) -> str:
        return "DockerConfig(…)"


def config_path(environment: Mapping[str, str]) -> Path | None:
    """Return where Docker keeps its configuration; ``None`` if the environment tells no home."""
    if folder := environment.get("DOCKER_CONFIG"):
        return Path(folder) / "config.json"
    home = next((environment[name] for name in _HOMES if environment.get(name)), None)
    return Path(home) / ".docker" / "config.json" if home else None


def read_config(data: bytes, path: Path) -> DockerConfig | Unresolved:
    """Decode ``config.json``; any bytes either decode or give the cause why not."""
    if len(data) > LARGEST_CONFIG:
        return _unreadable(f"{path} is larger than {LARGEST_CONFIG} bytes.")
    try:
        return msgspec.json.decode(data, type=DockerConfig)
    except (ValueError, RecursionError):
        # The decoder's own text may quote a secret, so it goes no further.
        return _unreadable(f"{path} is not a configuration file of Docker.")


def find_helper(config: DockerConfig, host: str) -> Helper | Unresolved | None:
    """Return the program that keeps a host's credentials, ``None`` if there is none for it."""
    helpers = config.cred_helpers or {}
    name = helpers.get(host) or config.creds_store
    if not name:
        return None
    if not _HELPER.fullmatch(name):
        return _unreadable(f"Docker's configuration names a credential helper {name[:64]!r}.")
    return Helper(name, host)


def find_credential(config: DockerConfig, host: str) -> Credential | Unresolved | None:
    """Return what the file itself holds for a host, ``None`` if there is nothing.

    Docker writes hosts with or without scheme and path; the exact name wins.
    """
    auths = config.auths or {}
    raw = auths.get(host) or next(
        (entry for address, entry in auths.items() if _hostname(address) == host), None
    )
    if raw is None:
        return None
    broken = _unreadable(f"Docker's configuration holds an invalid entry for {host}.")
    try:
        entry = msgspec.json.decode(raw, type=_Entry | None)
    except (ValueError, RecursionError):
        return broken
    return None if entry is None else _credential(entry, broken)


def _credential(entry: _Entry, broken: Unresolved) -> Credential | Unresolved | None:
    if entry.identitytoken:
        return IdentityToken(entry.identitytoken)
    if not entry.auth:
        return Login(entry.username, entry.password or "") if entry.username else None
    try:
        decoded = base64.b64decode(entry.auth, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return broken
    username, colon, password = decoded.partition(":")
    # Docker pads passwords of some length with zero bytes.
    return Login(username, password.rstrip("\0")) if colon and username else broken


def _hostname(address: str) -> str:
    match = _ADDRESS.fullmatch(address)
    return match[1].lower() if match else ""


def _unreadable(cause: str) -> Unresolved:
    return Unresolved(cause, "Repair it, or log in again with docker login.")
