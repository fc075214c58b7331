"""Read what AssumeRoleWithOIDC answers: a session of the role, or why there is none."""

from __future__ import annotations

import re
from datetime import datetime  # noqa: TC003 - msgspec reads the annotation
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Struct

from gate.credentials import Credentials
from gate.errors import NoCredentials
from gate.keyless.answer import is_page, passing, strangers, unreadable
from gate.security_center.faults import Trouble

if TYPE_CHECKING:
    from gate.keyless.answer import Answer

_OK = 200
_MALFORMED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Session(Struct, frozen=True):
    """A role's temporary credentials; ``date`` is the service's own time, as a header says it."""

    credentials: Credentials
    expires: datetime
    date: str


class GivenKey(msgspec.Struct, rename="pascal"):
    """A temporary access key, on its way; ``repr`` doesn't show it."""

    access_key_id: str
    access_key_secret: str
    security_token: str
    expiration: Annotated[datetime, msgspec.Meta(tz=True)]

    def __repr__(self) -> str:
        return "GivenKey(<temporary access key>)"


class _Success(msgspec.Struct, rename="pascal"):
    credentials: GivenKey


class _Refusal(msgspec.Struct, rename="pascal"):
    code: str
    request_id: str = ""


# By the beginning of the code; the first that fits counts.
_REMEDIES: tuple[tuple[str | tuple[str, ...], str], ...] = (
    (
        "AuthenticationFail.OIDCToken.Expired",
        (
            "The job's token has expired: on GitLab it lives as long as the job's `timeout`, so "
            "raise that, or wait less (--wait, --timeout). Check the runner's clock, too."
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


def read_session(answer: Answer, role: str, claims: str) -> Session | Trouble:
    """Return the session, or the trouble; ``role`` and ``claims`` are told in a refusal.

    Raises ``NoCredentials`` for a refusal.
    """
    if answer.status != _OK:
        return _no_session(answer, role, claims)
    try:
        given = msgspec.json.decode(answer.body, type=_Success, strict=True).credentials
    except _MALFORMED:
        if is_page(answer):
            return strangers(answer)
        return unreadable(answer.name, "it holds no credentials")
    credentials = Credentials(given.access_key_id, given.access_key_secret, given.security_token)
    return Session(credentials, given.expiration, answer.headers.get("Date", ""))


def _no_session(answer: Answer, role: str, claims: str) -> Trouble:
    trouble = passing(answer)
    if trouble is not None:
        return trouble
    try:
        refusal = msgspec.json.decode(answer.body, type=_Refusal, strict=True)
    except _MALFORMED:
        return strangers(answer)
    if refusal.code.startswith("Throttling"):
        return Trouble(what=f"throttling (status {answer.status})", throttled=True)
    raise _refused(refusal, role, claims)


def _refused(refusal: _Refusal, role: str, claims: str) -> NoCredentials:
    """Return what a refusal means; its text is left out, since it may repeat what was sent."""
    code = _word(refusal.code)
    told = f" The token says: {claims}." if claims else ""
    return NoCredentials(
        f"The token service of Alibaba Cloud gives no credentials of {role} ({code}, request "
        f"{_word(refusal.request_id) or 'unnamed'}).{told}",
        next((remedy for start, remedy in _REMEDIES if code.startswith(start)), _OTHERWISE),
    )


def _word(text: str) -> str:
    """Return a code or id as a word that is safe to show."""
    return re.sub(r"[^A-Za-z0-9._-]", "?", text)[:100]
