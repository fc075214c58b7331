"""The registry client: a tag's digest, and the images of an index."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

import anyio
from msgspec import Struct
from msgspec.structs import replace
from yarl import URL

from gate.errors import AnswerUnreadable, ServiceError, ServiceFailing, ServiceUnreachable
from gate.http import Sender  # loads the HTTP client now: later, that would use up the run's time
from gate.registry.connection import PLACE, Connection
from gate.registry.fetch import ManifestSource
from gate.registry.logins import Logins
from gate.registry.oci import (
    LARGEST_MANIFEST,
    MOST_MANIFESTS,
    Child,
    Index,
    SingleImage,
    read_manifest,
)
from gate.registry.oci import too_many as too_many_manifests

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gate.clock import Run
    from gate.reference import ImageReference

# An index of indexes is already unusual.
_DEEPEST = 3

_AT_ONCE = 8


class Platform(Struct, frozen=True):
    """One image of an index.

    ``name`` is ``os/architecture[/variant]`` in its normal form, ``unknown/unknown`` if the index
    doesn't say; such an image can run anywhere. ``digest`` is ``sha256:<hex>``.
    """

    name: str
    digest: str


class Resolved(Struct, frozen=True):
    """The digest that a reference has now.

    ``platforms`` are the images of an index, nested ones included, attestations left out, in the
    index's order; empty for a single image.
    """

    digest: str
    is_index: bool = False
    platforms: tuple[Platform, ...] = ()


class Unresolved(Struct, frozen=True):
    """Why the registry could not tell, and what to do: two texts that hold no secret.

    Both are made of whole sentences. ``may_pass`` says that this is trouble of the network or of
    the registry, and not an answer about the image.
    """

    cause: str
    remedy: str
    may_pass: bool = False


class Registry:
    """Asks registries, as an async context manager.

    The run's environment holds Docker's configuration, credential helpers and proxies. ``hosts``
    may be contacted besides Container Registry, each as it stands in references, with its port.
    With ``base_url`` all hosts are served at that place on loopback, which is a sandbox with these
    ``contents``, in words, and nobody logs in.

    Trouble with a registry is never raised: it is an ``Unresolved``.
    """

    def __init__(
        self,
        run: Run,
        *,
        hosts: Collection[str] = (),
        base_url: str | None = None,
        contents: str = "",
    ) -> None:
        self._run = run
        self._hosts = hosts
        self._base_url = URL(base_url) if base_url else None
        self._contents = contents
        self._stack = AsyncExitStack()
        self._at_once = anyio.CapacityLimiter(_AT_ONCE)

    async def __aenter__(self) -> Self:
        sender = await self._stack.enter_async_context(
            # A digest is that of the bytes as they are sent, so nothing may be packed.
            Sender(self._run, largest=LARGEST_MANIFEST, place=PLACE, packed=False)
        )
        connection = Connection(sender, self._run)
        logins = None if self._base_url else Logins(connection, self._run.environment)
        self._source = ManifestSource(
            connection,
            logins,
            hosts=self._hosts,
            base_url=self._base_url,
            contents=self._contents,
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    async def current_digest(self, reference: ImageReference) -> str | Unresolved:
        """Ask which digest the tag has now; the digest's own, if the reference has no tag."""
        wanted = reference.tag or reference.digest or "latest"
        try:
            return await self._source.digest(reference, wanted)
        except ServiceError as trouble:
            return _unresolved(trouble)

    async def resolve(self, reference: ImageReference) -> Resolved | Unresolved:
        """Ask what a reference names, by its digest if it has one, and open an index."""
        try:
            return await self._resolve(reference)
        except ServiceError as trouble:
            return _unresolved(trouble)

    async def _resolve(self, reference: ImageReference) -> Resolved:
        wanted = reference.digest or reference.tag or "latest"
        fetched = await self._source.fetch(reference, wanted)
        manifest = read_manifest(fetched.data, fetched.content_type)
        if isinstance(manifest, SingleImage):
            return Resolved(fetched.digest)
        platforms = await self._open(reference, manifest)
        return Resolved(fetched.digest, is_index=True, platforms=platforms)

    async def _open(self, reference: ImageReference, index: Index) -> tuple[Platform, ...]:
        """Fetch all that is in an index, level by level, and keep the images.

        What an index says of a manifest doesn't prove that it is an attestation, nor does what the
        manifest holds: a client takes a platform as the index names it. So each is looked into,
        and left out only if both say so.
        """
        entries: list[Child | Platform] = list(index.children)
        for _ in range(_DEEPEST):
            pending = {entry.digest for entry in entries if isinstance(entry, Child)}
            manifests = await self._fetch_all(reference, pending)
            entries = [new for entry in entries for new in _replace(entry, manifests)]
            if len(entries) > MOST_MANIFESTS:
                raise too_many_manifests()
        platforms = dict.fromkeys(entry for entry in entries if isinstance(entry, Platform))
        if len(platforms) < len(set(entries)):
            raise ServiceError(
                f"{reference} is an index whose parts are nested more than {_DEEPEST} deep.",
                "Name one of its images by its digest.",
            )
        return tuple(platforms)

    async def _fetch_all(
        self, reference: ImageReference, digests: Collection[str]
    ) -> dict[str, Index | SingleImage]:
        read: dict[str, Index | SingleImage] = {}
        troubles: list[ServiceError] = []

        async def fetch(digest: str) -> None:
            try:
                async with self._at_once:
                    fetched = await self._source.fetch(reference, digest)
                read[digest] = read_manifest(fetched.data, fetched.content_type)
            except ServiceError as trouble:
                troubles.append(trouble)

        async with anyio.create_task_group() as tasks:
            for digest in digests:
                tasks.start_soon(fetch, digest)
        if troubles:
            raise troubles[0]
        return read


def _unresolved(trouble: ServiceError) -> Unresolved:
    may_pass = isinstance(trouble, ServiceUnreachable | ServiceFailing | AnswerUnreadable)
    return Unresolved(trouble.message, trouble.remedy, may_pass)


def _replace(
    entry: Child | Platform, manifests: Mapping[str, Index | SingleImage]
) -> list[Child | Platform]:
    """Put in a child's place what it is: an image, an index's children, or nothing."""
    if isinstance(entry, Platform):
        return [entry]
    manifest = manifests[entry.digest]
    if isinstance(manifest, Index):
        return [
            replace(child, platform=child.platform or entry.platform) for child in manifest.children
        ]
    if entry.is_attestation and manifest.only_in_toto:
        return []
    return [Platform(entry.platform or "unknown/unknown", entry.digest)]
