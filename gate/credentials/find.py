"""Choose the source of credentials that the environment asks for: key, role by token, or chain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate import credentials as sources
from gate.credentials.environment import (
    KEY_ID,
    KEY_SECRET,
    SECURITY_TOKEN,
    Credentials,
    StaticCredentials,
    checked,
)
from gate.credentials.job_token import find_job_token, lack_of_token
from gate.credentials.role import Role
from gate.errors import NoCredentials

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gate.clock import Run
    from gate.credentials.environment import CredentialSource
    from gate.credentials.session import RoleCredentials

# Names that Alibaba Cloud's own tools read.
ROLE = "ALIBABA_CLOUD_ROLE_ARN"
PROVIDER = "ALIBABA_CLOUD_OIDC_PROVIDER_ARN"
TOKEN_FILE = "ALIBABA_CLOUD_OIDC_TOKEN_FILE"  # noqa: S105 - the name of a variable
SESSION_NAME = "ALIBABA_CLOUD_ROLE_SESSION_NAME"
REGIONS = ("ALIBABA_CLOUD_STS_REGION", "ALIBABA_CLOUD_REGION_ID")

_SESSION_NAME = "buildrisk-gate"
_ARN = r"acs:ram::[0-9]{1,32}:%s/[A-Za-z0-9._@-]{1,128}"
_ARNS = {ROLE: _ARN % "role", PROVIDER: _ARN % "oidc-provider"}
_EXAMPLES = {
    ROLE: "acs:ram::1234567890123456:role/gate",
    PROVIDER: "acs:ram::1234567890123456:oidc-provider/github",
}
# It becomes a part of a host name, and must not be able to make another host of it.
_REGION = re.compile(r"[a-z]{2,4}(-[a-z0-9]{1,32}){1,4}")


def find_credentials(environment: Mapping[str, str]) -> CredentialSource:
    """Return the environment's own key, or the chain of Alibaba Cloud's tools.

    Raises ``NoCredentials`` for half a key, or what can't be one. The chain itself is
    not asked yet; it is the official package's, which reads the process's environment.
    """
    names = (KEY_ID, KEY_SECRET, SECURITY_TOKEN)
    given = {name: environment[name] for name in names if environment.get(name)}
    if KEY_ID not in given and KEY_SECRET not in given:
        return sources.ChainCredentials()
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


def keyless_credentials(run: Run, *, actions: Sequence[str]) -> RoleCredentials | None:
    """Return the source of a role's credentials, ``None`` where nothing asks for one.

    A key in the environment goes first, and a token file is the official chain's. A session may do
    ``actions`` at most, RAM actions by their full names. Raises ``NoCredentials`` for a job that
    names a role but can't get a token, or that configures only half of one.
    """
    environment = {name: text.strip() for name, text in run.environment.items()}
    if any(environment.get(name) for name in (KEY_ID, KEY_SECRET, TOKEN_FILE)):
        return None
    arns = {name: environment[name] for name in _ARNS if environment.get(name)}
    if not arns:
        return None
    token = find_job_token(environment)
    if token is None:
        lack = lack_of_token(environment) if len(arns) == len(_ARNS) else None
        if lack is not None:
            raise lack
        return None
    role = _role(arns, environment, tuple(actions))
    return sources.RoleCredentials(role=role, token=token, run=run)


def _role(
    arns: Mapping[str, str], environment: Mapping[str, str], actions: tuple[str, ...]
) -> Role:
    for name, shape in _ARNS.items():
        if name not in arns:
            raise NoCredentials(
                f"Only half of a role by OIDC token is configured: {name} is missing.",
                f"Set {name}, or unset the other half to use another source of credentials.",
            )
        if not re.fullmatch(shape, arns[name]):
            raise NoCredentials(
                f"{name} does not hold such an ARN.",
                f"It looks like {_EXAMPLES[name]}; copy it from the RAM console.",
            )
    return Role(
        arn=arns[ROLE],
        provider_arn=arns[PROVIDER],
        session_name=environment.get(SESSION_NAME) or _SESSION_NAME,
        host=_host(environment),
        actions=actions,
    )


def _host(environment: Mapping[str, str]) -> str:
    """Return the token service's host: that of the configured region, else the global one."""
    for name in REGIONS:
        region = environment.get(name)
        if not region:
            continue
        if not _REGION.fullmatch(region):
            raise NoCredentials(
                f"{name} does not hold a region, so no token service can be asked.",
                "Set it to a region's id, such as cn-hangzhou.",
            )
        return f"sts.{region}.aliyuncs.com"
    return "sts.aliyuncs.com"
