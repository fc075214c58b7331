"""Where credentials come from: the environment's key, or else Alibaba Cloud's own chain.

A source is asked before each signature, so that temporary credentials are renewed in time.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from gate.errors import NoCredentials
from gate.untrusted import mask_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import anyio

# Names that Alibaba Cloud's own tools read.
KEY_ID = "ALIBABA_CLOUD_ACCESS_KEY_ID"
KEY_SECRET = "ALIBABA_CLOUD_ACCESS_KEY_SECRET"  # noqa: S105 - the name of a variable
SECURITY_TOKEN = "ALIBABA_CLOUD_SECURITY_TOKEN"  # noqa: S105 - the name of a variable

# Metadata services of clouds don't refuse a stranger's connection, they leave it hanging.
_CHAIN_SECONDS = 10.0

HOW_TO_GIVE = (
    f"Set {KEY_ID} and {KEY_SECRET} (and {SECURITY_TOKEN} for temporary ones), or use a profile of "
    "the Alibaba Cloud command line, a role by OIDC token (ALIBABA_CLOUD_ROLE_ARN and "
    "ALIBABA_CLOUD_OIDC_PROVIDER_ARN, with ALIBABA_CLOUD_OIDC_TOKEN_FILE or a CI job's token), "
    "the RAM role of the ECS instance, or ALIBABA_CLOUD_CREDENTIALS_URI."
)


class Credentials(Struct, frozen=True):
    """An access key, and the security token of a temporary one; ``repr`` shows none of it."""

    access_key_id: str
    access_key_secret: str
    security_token: str | None = None

    def __repr__(self) -> str:
        kind = "temporary" if self.security_token else "permanent"
        return f"Credentials(<{kind} access key>)"


class CredentialSource(Protocol):
    """Something that hands out credentials."""

    @property
    def origin(self) -> str:
        """Where they come from, for a person; never what they are."""

    async def get(self) -> Credentials:
        """Return credentials that are valid now; cheap to call again.

        Raises ``NoCredentials`` if there are none to be had.
        """


class StaticCredentials(Struct, frozen=True):
    """A source of credentials that never change."""

    credentials: Credentials
    origin: str

    async def get(self) -> Credentials:
        """Return the credentials."""
        return self.credentials


def find_credentials(environment: Mapping[str, str]) -> CredentialSource:
    """Return the environment's own key, or the chain of Alibaba Cloud's tools.

    Raises ``NoCredentials`` for a key that is given by half or can't be one. The chain itself is
    not asked yet; it is the official package's, which reads the process's environment.
    """
    names = (KEY_ID, KEY_SECRET, SECURITY_TOKEN)
    given = {name: environment[name] for name in names if environment.get(name)}
    if KEY_ID not in given and KEY_SECRET not in given:
        return ChainCredentials()
    for missing in (KEY_ID, KEY_SECRET):
        if missing not in given:
            raise NoCredentials(
                f"Half of an access key is in the environment: {missing} is missing.",
                f"Set {missing}, or unset the other half to use another source of credentials.",
            )
    credentials = checked(
        Credentials(given[KEY_ID], given[KEY_SECRET], given.get(SECURITY_TOKEN)),
        "The environment",
    )
    return StaticCredentials(credentials, f"environment variables {' and '.join(given)}")


def checked(credentials: Credentials, origin: str) -> Credentials:
    """Return credentials that can be put into a header.

    Raises ``NoCredentials``, which names the part at fault and not its value, for empty parts and
    for spaces, line breaks and what isn't ASCII.
    """
    parts = (
        ("access key id", credentials.access_key_id),
        ("access key secret", credentials.access_key_secret),
        ("security token", credentials.security_token),
    )
    for name, value in parts:
        if value is None:
            continue
        if not value:
            raise NoCredentials(f"{origin} gives an empty {name}.", HOW_TO_GIVE)
        if not (value.isascii() and value.isprintable()) or " " in value:
            raise NoCredentials(
                f"{origin} gives a value for the {name} that has a space, a line break or another "
                "character which none has.",
                "Set it again without: secrets of CI systems often end in a line break.",
            )
    return credentials


class _Given(Protocol):
    """What the official package gives."""

    def get_access_key_id(self) -> str | None: ...

    def get_access_key_secret(self) -> str | None: ...

    def get_security_token(self) -> str | None: ...

    def get_provider_name(self) -> str | None: ...


class _Provider(Protocol):
    """A provider of the official package."""

    async def get_credentials_async(self) -> _Given: ...


class ChainCredentials:
    """The official chain: profile files, roles by OIDC token or of the instance, and a URI.

    ``chain`` makes the chain's provider; the official package is imported when it is first asked.
    One asks it at a time, since the package takes thread locks in its async methods.
    """

    def __init__(
        self, chain: Callable[[], _Provider] | None = None, *, seconds: float = _CHAIN_SECONDS
    ) -> None:
        self._make = chain or _official_chain
        self._seconds = seconds
        self._provider: _Provider | None = None
        self._asking: anyio.Lock | None = None
        self._found = ""
        self._failure: NoCredentials | None = None

    @property
    def origin(self) -> str:
        """Name the source that gave credentials, or, before one did, the chain."""
        found = f" ({self._found})" if self._found else ""
        return f"the default credential chain of Alibaba Cloud{found}"

    async def get(self) -> Credentials:
        """Ask the chain, which keeps what it got until it has to be renewed.

        Raises ``NoCredentials`` if nothing in it has credentials, or none within the time limit. A
        chain that never gave any is not asked again: each who asks would wait as long once more.
        """
        import anyio  # noqa: PLC0415 - a key from the environment needs none of this

        if self._asking is None:
            self._asking = anyio.Lock()
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
            "No access key is in the environment, and the default credential chain of Alibaba "
            f"Cloud {why}",
            remedy,
        )
        if not self._found:
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
        self._found = str(given.get_provider_name() or "").removeprefix("default/")
        credentials = Credentials(
            given.get_access_key_id() or "",
            given.get_access_key_secret() or "",
            given.get_security_token() or None,
        )
        return checked(credentials, self.origin[0].upper() + self.origin[1:])


def _official_chain() -> _Provider:
    # Importing it costs as much as an HTTP client.
    from alibabacloud_credentials import provider  # type: ignore[import-untyped]  # noqa: PLC0415

    # Its loggers write failures (and with DEBUG=sdk, requests) to standard error, keys included.
    for name in ("credentials", "alibabacloud-tea"):
        log = logging.getLogger(name)
        log.handlers.clear()
        log.propagate = False
        log.addHandler(logging.NullHandler())
    chain: _Provider = provider.DefaultCredentialsProvider()
    return chain


_CAUSE = re.compile(r"(\w+)CredentialsProvider: (.*?)(?=\w+CredentialsProvider: |$)", re.DOTALL)
# From here on, a cause may repeat an answer or a program's output, and keys in it.
_ANSWER = re.compile(r"result:|response:|stderr:|token:|\bfrom https?:|[{\'\"\\\n]")
_CODE = re.compile(r"Code\W{1,5}([A-Za-z]+(?:\.[A-Za-z]+)+)")


def _causes(text: str) -> str:
    """Say why each source of the chain failed, without anything that an answer held."""
    causes = []
    for name, cause in _CAUSE.findall(text):
        if name == "EnvironmentVariable":
            continue  # that there is no key in the environment is said already
        told = mask_secrets(_ANSWER.split(cause, maxsplit=1)[0].strip(" ,:(["))[:160]
        code = _CODE.search(cause)
        causes.append(f"{name}: {told}" + (f" {code[1]}" if code else ""))
    return "; ".join(causes)
