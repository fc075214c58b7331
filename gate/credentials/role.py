"""AssumeRoleWithOIDC: the question, and the session or refusal that the token service gives."""

from __future__ import annotations

import json
import re
from datetime import datetime  # noqa: TC003 - msgspec reads the annotation
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Struct

from gate.credentials.environment import Credentials
from gate.errors import NoCredentials
from gate.http import HttpRequest, Trouble, intercepted, passing, unreadable
from gate.untrusted import Secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.http import HttpResponse

AUDIENCE = "sts.aliyuncs.com"
"""Whom the job's token is for; the identity provider in RAM must list it as a client ID."""

SHORTEST, LONGEST = 900, 3600
"""Seconds that a session may last: STS's least, and what every role allows."""

_OK = 200
_REFUSED = 400
_MALFORMED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Role(Struct, frozen=True, kw_only=True):
    """The role to assume, the identity provider that vouches for the job, and whom to ask.

    ``actions`` is all that a session may do, whatever else the role may.
    """

    arn: str
    provider_arn: str
    session_name: str
    host: str
    actions: tuple[str, ...]

    def __str__(self) -> str:
        """Name the role for a person; the ``::`` of its ARN would look like a workflow command."""
        _, _, _, account, path = self.arn.split(":", 4)
        return f"role {path.removeprefix('role/')} of account {account}"


def assume_role(base_url: str, role: Role, token: str, seconds: int) -> HttpRequest:
    """Return the request for a session of ``seconds``; it carries the token and no signature."""
    return HttpRequest(
        name="AssumeRoleWithOIDC",
        method="POST",
        url=f"{base_url}/?Action=AssumeRoleWithOIDC&Version=2015-04-01&Format=JSON",
        # Not in the query: those end up in logs.
        form={
            "OIDCProviderArn": role.provider_arn,
            "RoleArn": role.arn,
            "OIDCToken": token,
            "RoleSessionName": role.session_name,
            "DurationSeconds": str(seconds),
            "Policy": session_policy(role.actions),
        },
    )


def session_policy(actions: Sequence[str]) -> str:
    """Return the policy that a session's rights are cut down to; STS takes 1,024 characters."""
    statement = {
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": "*",
    }
    return json.dumps({"Version": "1", "Statement": [statement]}, separators=(",", ":"))


class Session(Struct, frozen=True):
    """A role's temporary credentials; ``date`` is the service's own time, as a header says it."""

    credentials: Credentials
    expires: datetime
    date: str


class SessionKey(Secret, frozen=True, rename="pascal"):
    """A temporary access key, on its way; ``repr`` doesn't show it."""

    access_key_id: str
    access_key_secret: str
    security_token: str
    expiration: Annotated[datetime, msgspec.Meta(tz=True)]


class _Success(msgspec.Struct, rename="pascal"):
    credentials: SessionKey


class _Refusal(msgspec.Struct, rename="pascal"):
    code: str
    request_id: str = ""


# By the beginning of the code; the first that fits counts.
_REMEDIES: tuple[tuple[str | tuple[str, ...], str], ...] = (
    (
        "AuthenticationFail.OIDCToken.Expired",
        (
            "The job's token has expired: on GitLab it lives as long as the job's `timeout`, so "
            "raise that, or let the gate wait less. Check the runner's clock, too."
        ),
    ),
    (
        ("NoPermission", "AuthenticationFail.NoPermission"),
        (
            "The role's trust policy does not accept this job: compare its conditions oidc:iss, "
            "oidc:aud and oidc:sub with what the token says, letter by letter."
        ),
    ),
    (
        "AuthenticationFail",
        (
            "RAM does not accept the token: compare issuer and client IDs of the identity provider "
            "in RAM with oidc:iss and oidc:aud of the token."
        ),
    ),
    (
        "EntityNotExist.Role",
        "There is no such role: check ALIBABA_CLOUD_ROLE_ARN, its account included.",
    ),
    (
        "EntityNotExist",
        "RAM does not know what is named: check ALIBABA_CLOUD_OIDC_PROVIDER_ARN.",
    ),
    (
        "InvalidParameter.RoleSessionName",
        "Set ALIBABA_CLOUD_ROLE_SESSION_NAME to 2 to 64 letters, digits and . @ - _, or unset it.",
    ),
)
_OTHERWISE = (
    "Check ALIBABA_CLOUD_ROLE_ARN and ALIBABA_CLOUD_OIDC_PROVIDER_ARN, and the role's trust policy."
)


def read_session(response: HttpResponse, role: str, claims: str) -> Session | Trouble:
    """Return the session, or the trouble; ``role`` and ``claims`` are named in a refusal.

    Raises ``NoCredentials`` for a refusal.
    """
    if response.status != _OK:
        return _no_session(response, role, claims)
    try:
        key = msgspec.json.decode(response.body, type=_Success, strict=True).credentials
    except _MALFORMED:
        if response.is_page:
            return intercepted(response.name, response.status)
        return unreadable(response.name, "It holds no credentials.")
    credentials = Credentials(key.access_key_id, key.access_key_secret, key.security_token)
    return Session(credentials, key.expiration, response.headers.get("Date", ""))


def _no_session(response: HttpResponse, role: str, claims: str) -> Trouble:
    trouble = passing(response.name, response.status)
    if trouble is not None:
        return trouble
    if response.status < _REFUSED:
        return intercepted(response.name, response.status)
    try:
        refusal = msgspec.json.decode(response.body, type=_Refusal, strict=True)
    except _MALFORMED:
        return intercepted(response.name, response.status)
    if refusal.code.startswith("Throttling"):
        return Trouble(what=f"throttling (status {response.status})", throttled=True)
    raise _refused(refusal, role, claims)


def _refused(refusal: _Refusal, role: str, claims: str) -> NoCredentials:
    """Return what a refusal means; its text is left out, since it may repeat what was sent."""
    code = _word(refusal.code)
    says = f" The token says: {claims}." if claims else ""
    return NoCredentials(
        f"The token service of Alibaba Cloud gives no credentials of {role} ({code}, request "
        f"{_word(refusal.request_id) or 'unnamed'}).{says}",
        next((remedy for start, remedy in _REMEDIES if code.startswith(start)), _OTHERWISE),
    )


def _word(text: str) -> str:
    """Return a code or id as a word that is safe to show."""
    return re.sub(r"[^A-Za-z0-9._-]", "?", text)[:100]
