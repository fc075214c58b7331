"""Credentials, what hands them out, and where a person may put them."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from gate.errors import NoCredentials
from gate.untrusted import Secret

# Names that Alibaba Cloud's own tools read.
KEY_ID = "ALIBABA_CLOUD_ACCESS_KEY_ID"
KEY_SECRET = "ALIBABA_CLOUD_ACCESS_KEY_SECRET"  # noqa: S105 - the name of a variable
SECURITY_TOKEN = "ALIBABA_CLOUD_SECURITY_TOKEN"  # noqa: S105 - the name of a variable

HOW_TO_GIVE = (
    f"Set {KEY_ID} and {KEY_SECRET} (and {SECURITY_TOKEN} for temporary ones), or use a profile of "
    "the Alibaba Cloud command line, a role by OIDC token (ALIBABA_CLOUD_ROLE_ARN and "
    "ALIBABA_CLOUD_OIDC_PROVIDER_ARN, with ALIBABA_CLOUD_OIDC_TOKEN_FILE or a CI job's token), "
    "the RAM role of the ECS instance, or ALIBABA_CLOUD_CREDENTIALS_URI."
)


class Credentials(Secret, frozen=True):
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
