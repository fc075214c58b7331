"""The official chain: profile files, roles by OIDC token or of the instance, and a URI."""

from __future__ import annotations

import logging
import re
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

import anyio

from gate import untrusted
from gate.credentials.environment import (
    HOW_TO_GIVE,
    KEY_ID,
    KEY_SECRET,
    Credentials,
    checked,
)
from gate.errors import NoCredentials

if TYPE_CHECKING:
    from collections.abc import Callable

# Metadata services of clouds don't refuse a stranger's connection, they leave it hanging.
_CHAIN_SECONDS = 10.0

_CAUSE = re.compile(r"(\w+)CredentialsProvider: (.*?)(?=\w+CredentialsProvider: |$)", re.DOTALL)
# Python's own words for a file that can't be read, with its name in quotes.
_NO_FILE = re.compile(r"\[Errno [0-9]+\] ([\w ]+): '([^'\"\\\n{}]+)'")
# From here on, a cause may repeat an answer or a program's output, and keys in it.
_ANSWER = re.compile(r"result:|response:|stderr:|token:|\bfrom https?:|[{\'\"\\\n]")
_ENDS = " ,:(["
_CODE = re.compile(r"Code\W{1,5}([A-Za-z]+(?:\.[A-Za-z]+)+)")


class _ChainKey(Protocol):
    """What the official package gives."""

    def get_access_key_id(self) -> str | None: ...

    def get_access_key_secret(self) -> str | None: ...

    def get_security_token(self) -> str | None: ...

    def get_provider_name(self) -> str | None: ...


class _Provider(Protocol):
    """A provider of the official package."""

    async def get_credentials_async(self) -> _ChainKey: ...


class ChainCredentials:
    """The official chain, asked when credentials are first needed.

    ``chain`` makes the chain's provider; the official package is imported when it is first asked.
    One asks it at a time, since the package takes thread locks in its async methods.
    """

    def __init__(
        self, chain: Callable[[], _Provider] | None = None, *, seconds: float = _CHAIN_SECONDS
    ) -> None:
        self._make = chain or _official_chain
        self._seconds = seconds
        self._provider: _Provider | None = None
        self._asking = anyio.Lock()
        self._origin = ""
        self._failure: NoCredentials | None = None

    @property
    def origin(self) -> str:
        """Name the source that gave credentials, or, before one did, the chain."""
        origin = f" ({self._origin})" if self._origin else ""
        return f"the default credential chain of Alibaba Cloud{origin}"

    async def get(self) -> Credentials:
        """Ask the chain, which keeps what it got until it has to be renewed.

        Raises ``NoCredentials`` if nothing in it has credentials, or none within the time limit. A
        chain that never gave any is not asked again: each who asks would wait as long once more.
        """
        async with self._asking:
            if self._failure is not None:
                raise NoCredentials(self._failure.message, self._failure.remedy)
            with anyio.move_on_after(self._seconds):
                return await self._ask()
            raise self._failed(
                f"had none within {self._seconds:g} seconds.",
                f"{HOW_TO_GIVE} ALIBABA_CLOUD_ECS_METADATA_DISABLED=true leaves the instance's "
                "role out.",
            )

    def _failed(self, why: str, remedy: str) -> NoCredentials:
        failure = NoCredentials(
            f"{KEY_ID} and {KEY_SECRET} are not set, and the default credential chain of Alibaba "
            f"Cloud {why}",
            remedy,
        )
        if not self._origin:
            self._failure = failure
        return failure

    async def _ask(self) -> Credentials:
        try:
            if self._provider is None:
                self._provider = self._make()
            given = await self._provider.get_credentials_async()
        # Of whatever kind: the package's sources raise all sorts, with answers as their text.
        except Exception as error:  # noqa: BLE001 - see above
            causes = _causes(str(error)) or type(error).__name__
            raise self._failed(f"has none either: {causes}.", HOW_TO_GIVE) from None
        self._origin = str(given.get_provider_name() or "").removeprefix("default/")
        credentials = Credentials(
            given.get_access_key_id() or "",
            given.get_access_key_secret() or "",
            given.get_security_token() or None,
        )
        return checked(credentials, self.origin[0].upper() + self.origin[1:])


def _official_chain() -> _Provider:
    # Importing it costs as much as an HTTP client.
    provider = import_module("alibabacloud_credentials.provider")
    # Its loggers write failures (and with DEBUG=sdk, requests) to standard error, keys included.
    for name in ("credentials", "alibabacloud-tea"):
        log = logging.getLogger(name)
        log.handlers.clear()
        log.propagate = False
        log.addHandler(logging.NullHandler())
    chain: _Provider = provider.DefaultCredentialsProvider()
    return chain


def _causes(text: str) -> str:
    """Say why each source of the chain failed, without anything that an answer held."""
    causes = []
    for name, cause in _CAUSE.findall(text):
        if name == "EnvironmentVariable":
            continue  # that there is no key in the environment is said already
        plain = _ANSWER.split(_NO_FILE.sub(r"\1: \2", cause), maxsplit=1)[0].strip(_ENDS)
        reason = untrusted.mask_secrets(plain)[:160]
        code = _CODE.search(cause)
        causes.append(f"{name}: {reason}" + (f" {code[1]}" if code else ""))
    return "; ".join(causes)
