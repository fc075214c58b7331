"""Which registries may be contacted, and manifests fetched from them and verified."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yarl import URL

from gate.errors import ServiceError
from gate.http import is_loopback
from gate.reference import is_named
from gate.registry.oci import ACCEPTED, digest_of, is_digest

if TYPE_CHECKING:
    from collections.abc import Collection

    from gate.http import HttpResponse
    from gate.reference import ImageReference
    from gate.registry.connection import Connection
    from gate.registry.logins import Logins

_OK = 200
_LOGIN_NEEDED = 401
_DENIED = frozenset({401, 403})
_MISSING = 404


@dataclass(frozen=True, slots=True)
class Fetched:
    """A manifest whose bytes have this digest."""

    digest: str
    content_type: str
    data: bytes = field(repr=False)


def registry_url(reference: ImageReference, hosts: Collection[str]) -> URL | None:
    """Return the URL of a reference's registry; ``None`` if it must not be contacted.

    Contacted are Container Registry and ``hosts``, names or patterns (``*.example.com``). Plain
    HTTP is for loopback alone, where no certificate can be had.
    """
    if reference.registry_type != "acr" and not is_named(reference.host, hosts):
        return None
    url = URL(f"https://{reference.host.lower().removesuffix(':443')}")
    return url.with_scheme("http") if is_loopback(url.host) else url


class ManifestSource:
    """Fetches manifests from the registries that may be contacted; trouble is ``ServiceError``.

    With ``base_url`` all hosts are served there; without ``logins`` nobody logs in.
    """

    def __init__(
        self,
        connection: Connection,
        logins: Logins | None,
        *,
        hosts: Collection[str],
        base_url: URL | None,
        contents: str = "",
    ) -> None:
        self._connection = connection
        self._logins = logins
        self._hosts = tuple(hosts)
        self._base_url = base_url
        self._contents = contents
        self._authorizations: dict[tuple[str, str], str] = {}

    async def fetch(self, reference: ImageReference, wanted: str) -> Fetched:
        """Get the manifest that a tag or a digest names, and verify its digest."""
        answer = await self._ask("GET", reference, wanted)
        digest = digest_of(answer.body)
        announced = wanted if is_digest(wanted) else _announced(answer)
        if announced not in {None, digest}:
            raise ServiceError(
                f"{reference.host} sent a manifest of {reference.path} with another digest than "
                f"it has to have, {announced}.",
                "Try again; if it stays so, the registry or a proxy before it is broken.",
            )
        return Fetched(digest, answer.headers.get("Content-Type", ""), answer.body)

    async def digest(self, reference: ImageReference, wanted: str) -> str:
        """Ask which digest a tag has now, without its manifest where the registry can do that."""
        answer = await self._ask("HEAD", reference, wanted)
        if announced := _announced(answer):
            return announced
        fetched = await self.fetch(reference, wanted)
        return fetched.digest

    async def _ask(self, method: str, reference: ImageReference, wanted: str) -> HttpResponse:
        registry = self._base_url or registry_url(reference, self._hosts)
        if registry is None:
            raise ServiceError(
                f"{reference.host} is not a Container Registry host.",
                f"Name it with --registry-host {reference.host}, or {self._give_digest}.",
            )
        answer = await self._send(method, reference, registry, wanted)
        if answer.status == _OK:
            return answer
        if answer.status == _MISSING and self._contents:
            name = _name_of(reference, wanted)
            raise ServiceError(f"The sandbox has no {name}.", f"It has {self._contents}.")
        raise _refusal(answer, reference, wanted, self._give_digest)

    @property
    def _give_digest(self) -> str:
        option = self._connection.offers("--digest")
        return "give the digest with --digest" if option else "name the image by its digest"

    async def _send(
        self, method: str, reference: ImageReference, registry: URL, wanted: str
    ) -> HttpResponse:
        """Send a request, and again with a new token if the registry asks for one."""
        url = registry.joinpath("v2", *reference.path.split("/"), "manifests", wanted)
        key = (reference.host, reference.path)
        headers = {"Accept": ACCEPTED}
        if earlier := self._authorizations.get(key):
            headers["Authorization"] = earlier
        answer = await self._connection.ask(method, url, headers=headers)
        if answer.status != _LOGIN_NEEDED or self._logins is None:
            return answer
        authorization = await self._logins.authorize(
            reference.host, registry, reference.path, answer.challenges
        )
        self._authorizations[key] = authorization
        return await self._connection.ask(
            method, url, headers={**headers, "Authorization": authorization}
        )


def _announced(answer: HttpResponse) -> str | None:
    """Return the digest that the registry says the manifest has, if it is one by SHA-256."""
    digest = answer.headers.get("Docker-Content-Digest", "")
    return digest if is_digest(digest) else None


def _name_of(reference: ImageReference, wanted: str) -> str:
    return f"{reference.path}{'@' if is_digest(wanted) else ':'}{wanted}"


def _refusal(
    answer: HttpResponse, reference: ImageReference, wanted: str, give_digest: str
) -> ServiceError:
    name = _name_of(reference, wanted)
    if answer.status in _DENIED:
        return ServiceError(
            f"{reference.host} does not let Docker's login read {name} (status {answer.status}).",
            f"Log in with an account that may pull it: docker login {reference.host}.",
        )
    if answer.status == _MISSING:
        return ServiceError(
            f"{reference.host} has no {name}.",
            "Check the name, and that the push has ended.",
        )
    return ServiceError(
        f"{reference.host} answered with status {answer.status} when asked for {name}.",
        f"Check that the host is a registry, or {give_digest}.",
    )
