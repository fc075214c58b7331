"""What is asked of whom: the role, and AssumeRoleWithOIDC for it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

AUDIENCE = "sts.aliyuncs.com"
"""Whom the job's token is for; the identity provider in RAM must list it as a client ID."""

SHORTEST, LONGEST = 900, 3600
"""Seconds that a session may last: STS's least, and what every role allows."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; ``name`` is what a person is told of it. A form is sent as the body."""

    name: str
    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    form: Mapping[str, str] | None = field(repr=False, default=None)


def assume_role(base_url: str, role: Role, token: str, seconds: int) -> Request:
    """Return the request for a session of ``seconds``; it carries the token and no signature."""
    return Request(
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
