"""The OIDC token that says which job this is: from GitHub's token service, or from a variable."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import msgspec

from gate.credentials.role import AUDIENCE
from gate.errors import AnswerUnreadable, NoCredentials
from gate.http import HttpRequest, intercepted, is_loopback, passing, unreadable
from gate.untrusted import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.errors import GateError
    from gate.http import HttpResponse, Sender, Trouble

_REFUSED = 400

# GitHub sets both where the job may have a token.
REQUEST_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105 - the name of a variable
TOKEN = "BUILDRISK_GATE_OIDC_TOKEN"  # noqa: S105 - the name of a variable

_ON_GITHUB = (
    "Give the job `permissions: id-token: write`; a pull request from a fork never gets a token."
)
_ON_GITLAB = f"Give the job `id_tokens: {{{TOKEN}: {{aud: {AUDIENCE}}}}}`."
_UNTOUCHED = "GitHub's runner sets this variable itself: look for what in the job changes it."
_ELSEWHERE = f"Put the token that your CI system gives the job into {TOKEN}."


# RFC 7515, the compact form. Alibaba Cloud's token service takes 4 to 20,000 characters.
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LONGEST = 20_000
_CLAIMS = ("iss", "aud", "sub")
_LONGEST_CLAIM = 200


class JobToken(Protocol):
    """A way to the job's token."""

    @property
    def origin(self) -> str:
        """Whose token it is, for a person; never what it is."""

    async def get(self, sender: Sender) -> str:
        """Return the token; raises ``NoCredentials``, or ``ServiceError`` if it may pass."""


@dataclass(frozen=True, slots=True)
class GitHubToken:
    """A token that GitHub makes when asked, a new one each time."""

    url: str
    bearer: str = field(repr=False)
    origin: str = "the OIDC token of this GitHub job"

    async def get(self, sender: Sender) -> str:
        """Ask GitHub's token service for a token for Alibaba Cloud's."""
        return await sender.ask(
            HttpRequest(
                name="GitHub's token service",
                method="GET",
                url=f"{self.url}{'&' if '?' in self.url else '?'}audience={AUDIENCE}",
                headers={"Authorization": f"Bearer {self.bearer}"},
            ),
            read_github_token,
        )


@dataclass(frozen=True, slots=True)
class VariableToken:
    """A token that the CI system put into a variable when the job began."""

    token: str = field(repr=False)
    origin: str = f"the OIDC token in {TOKEN}"

    async def get(self, sender: Sender) -> str:  # noqa: ARG002 - nobody has to be asked
        """Return the token, which may have expired meanwhile."""
        return self.token


class TokenAnswer(Secret, frozen=True):
    """A token, on its way; ``repr`` doesn't show it."""

    value: str


def read_github_token(response: HttpResponse) -> str | Trouble:
    """Return the token, or the trouble; raises ``NoCredentials`` for a refusal."""
    trouble = passing(response.name, response.status)
    if trouble is not None:
        return trouble
    if response.is_page:
        return intercepted(response.name, response.status)
    if response.status >= _REFUSED:
        raise NoCredentials(
            f"GitHub gave this job no OIDC token (status {response.status}).",
            "Check that the job has `permissions: id-token: write` and is still running; pull "
            "requests from forks never get a token.",
        )
    try:
        answer = msgspec.json.decode(response.body, type=TokenAnswer, strict=True)
        return checked_token(answer.value, AnswerUnreadable("No token.", ""))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, AnswerUnreadable):
        return unreadable(response.name, "It holds no token.")


def find_job_token(environment: Mapping[str, str]) -> JobToken | None:
    """Return the way to the job's token, ``None`` where the environment shows none.

    Raises ``NoCredentials`` for one that can't be used.
    """
    url, bearer = environment.get(REQUEST_URL), environment.get(REQUEST_TOKEN)
    if url and bearer:
        _check_url(url)
        if not (bearer.isascii() and bearer.isprintable()) or " " in bearer:
            raise NoCredentials(f"{REQUEST_TOKEN} is not what GitHub sets.", _UNTOUCHED)
        return GitHubToken(url, bearer)
    token = environment.get(TOKEN)
    if not token:
        return None
    remedy = _ON_GITLAB if environment.get("GITLAB_CI") == "true" else _ELSEWHERE
    return VariableToken(checked_token(token, NoCredentials(f"{TOKEN} holds no token.", remedy)))


def lack_of_token(environment: Mapping[str, str]) -> NoCredentials | None:
    """Return why a job has no token, where jobs have one if they are allowed to; else ``None``."""
    for variable, remedy in (("GITHUB_ACTIONS", _ON_GITHUB), ("GITLAB_CI", _ON_GITLAB)):
        if environment.get(variable) == "true":
            return NoCredentials("A role is named, but this job has no OIDC token.", remedy)
    return None


def _check_url(url: str) -> None:
    """Raise unless what is sent there can't be read on the way."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    printable = url.isascii() and url.isprintable() and " " not in url
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not (host and printable and safe) or "@" in parts.netloc or "#" in url:
        raise NoCredentials(
            f"{REQUEST_URL} is not an https URL, so the job's token is not asked for there.",
            _UNTOUCHED,
        )


def checked_token(text: str, otherwise: GateError) -> str:
    """Return a token that has the shape of one; raises ``otherwise``."""
    if len(text) > _LONGEST or not _SHAPE.fullmatch(text):
        raise otherwise
    return text


def claims_of(token: str) -> str:
    """Write the claims that a trust policy looks at, ``""`` where they can't be read.

    They say whose job it is and open nothing; the signature, which would, is left out.
    """
    payload = token.split(".")[1]
    try:
        decoded = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        claims = msgspec.json.decode(decoded, type=dict[str, object])
    except (binascii.Error, msgspec.MsgspecError, ValueError, RecursionError):
        return ""
    values = ((name, claims.get(name)) for name in _CLAIMS)
    return ", ".join(
        f"oidc:{name} {text[:_LONGEST_CLAIM]}" for name, text in values if isinstance(text, str)
    )
