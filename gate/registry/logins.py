"""From a registry's challenge to an ``Authorization`` header, with Docker's own credentials.

The exchange for a bearer token is that of the distribution project's token specification, the one
for a refresh token that of its OAuth2 specification.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import anyio
import msgspec

from gate.errors import ServiceError
from gate.registry.challenge import Challenge, parse_challenges, trusted_realm
from gate.registry.docker_config import (
    LARGEST_CONFIG,
    Credential,
    DockerConfig,
    IdentityToken,
    Login,
    ask_helper,
    config_path,
    find_credential,
    find_helper,
    read_config,
)
from gate.untrusted import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yarl import URL

    from gate.http import HttpResponse
    from gate.registry.connection import Connection

# In seconds; a helper may have to ask a key ring, or a cloud.
_HELPER_PATIENCE = 15.0

_LARGEST_TOKEN = 65536
_TOKEN = re.compile(r"[\x21-\x7e]+")


class _RegistryToken(Secret, frozen=True):
    token: str | None = None
    access_token: str | None = None


class Logins:
    """Gets access to registries; each host's credentials are looked up once."""

    def __init__(self, connection: Connection, environment: Mapping[str, str]) -> None:
        self._connection = connection
        self._environment = environment
        self._credentials: dict[str, Credential | ServiceError | None] = {}

    async def authorize(
        self, host: str, registry: URL, path: str, challenges: tuple[str, ...]
    ) -> str:
        """Return the ``Authorization`` header that the challenges ask for.

        ``host`` is the name under which Docker knows the registry, ``registry`` its URL, ``path``
        the repository that is to be read. Raises ``ServiceError`` where it can't be had.
        """
        parsed = parse_challenges(challenges)
        by_scheme = {challenge.scheme: challenge for challenge in reversed(parsed)}
        challenge = by_scheme.get("bearer") or by_scheme.get("basic")
        if challenge is None:
            raise ServiceError(
                f"{host} asks for a login of a kind that the gate doesn't know.",
                "Give the digest with --digest.",
            )
        credential = await self._credential(host)
        if challenge.scheme == "basic":
            if isinstance(credential, Login):
                return credential.basic()
            raise ServiceError(
                f"{host} asks for a login, and Docker has none for it.",
                f"Log in before the gate runs: docker login {host}.",
            )
        return await self._bearer(host, registry, path, challenge, credential)

    async def _credential(self, host: str) -> Credential | None:
        if host not in self._credentials:
            try:
                self._credentials[host] = await self._look_up(host)
            except ServiceError as trouble:
                self._credentials[host] = trouble
        credential = self._credentials[host]
        if isinstance(credential, ServiceError):
            raise credential
        return credential

    async def _look_up(self, host: str) -> Credential | None:
        """Find a host's credentials in Docker's order: its helper, the store, the file."""
        config = await self._read_config()
        helper = find_helper(config, host)
        if helper is not None:
            seconds = min(_HELPER_PATIENCE, self._connection.remaining())
            credential = await ask_helper(helper, self._environment, seconds)
            if credential is not None:
                return credential
        return find_credential(config, host)

    async def _read_config(self) -> DockerConfig:
        path = config_path(self._environment)
        if path is None:
            return DockerConfig()
        try:
            async with await anyio.open_file(path, "rb") as file:
                data = await file.read(LARGEST_CONFIG + 1)
        except FileNotFoundError:
            return DockerConfig()
        except OSError:
            raise ServiceError(
                f"{path} can't be read.", "Check its permissions, and DOCKER_CONFIG."
            ) from None
        return read_config(data, path)

    async def _bearer(
        self,
        host: str,
        registry: URL,
        path: str,
        challenge: Challenge,
        credential: Credential | None,
    ) -> str:
        realm = trusted_realm(challenge.parameters.get("realm", ""), registry)
        if realm is None:
            raise ServiceError(
                f"{host} sends its callers to a token service that is not its own, so no "
                "credentials were sent.",
                "Check the registry's configuration (its token realm), or give --digest.",
            )
        service = challenge.parameters.get("service", "")
        scope = challenge.parameters.get("scope") or f"repository:{path}:pull"
        if isinstance(credential, IdentityToken):
            form = {
                "grant_type": "refresh_token",
                "service": service,
                "scope": scope,
                "client_id": "buildrisk-gate",
                "refresh_token": credential.token,
            }
            return _token(host, await self._connection.ask("POST", realm, headers={}, form=form))
        query = [("service", service)] if service else []
        query += [("scope", one) for one in scope.split()]
        headers = {"Authorization": credential.basic()} if credential else {}
        answer = await self._connection.ask("GET", realm.extend_query(query), headers=headers)
        return _token(host, answer)


def _token(host: str, answer: HttpResponse) -> str:
    if answer.status in {400, 401, 403}:
        raise ServiceError(
            f"The token service of {host} refuses Docker's credentials (status {answer.status}).",
            f"Log in again before the gate runs: docker login {host}.",
        )
    try:
        decoded = msgspec.json.decode(answer.body, type=_RegistryToken)
    except (ValueError, RecursionError):
        decoded = _RegistryToken()
    token = decoded.token or decoded.access_token or ""
    if not _TOKEN.fullmatch(token) or len(token) > _LARGEST_TOKEN:
        raise ServiceError(
            f"The token service of {host} answered without a token (status {answer.status}).",
            "Check that the host is the registry itself, or give --digest.",
        )
    return f"Bearer {token}"
