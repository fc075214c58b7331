"""The registry client: a tag's digest, and the images of an index."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

import anyio
from msgspec.structs import replace
from yarl import URL

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
from gate.registry.resolution import Platform, Resolved, Unresolved

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from types import TracebackType

    from gate.clock import Run
    from gate.reference import ImageReference

# An index of indexes is already unusual.
_DEEPEST = 3

_AT_ONCE = 8


class Registry:
    """Asks registries, as an async context manager.

    The run's environment holds Docker's configuration, credential helpers and proxies. ``hosts``
    may be contacted besides Container Registry, each as it stands in references, with its port.
    With ``base_url`` all hosts are served at that place on loopback, and nobody logs in.

    Trouble with a registry is never raised: it is an ``Unresolved``.
    """

    def __init__(
        self, run: Run, *, hosts: Collection[str] = (), base_url: str | None = None
    ) -> None:
        self._run = run
        self._hosts = hosts
        self._base_url = URL(base_url) if base_url else None
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
            connection, logins, hosts=self._hosts, base_url=self._base_url
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, traceback)

    async def current_digest(self, reference: ImageReference) -> str | Unresolved:
        """Ask which digest the tag has now; the digest's own, if the reference has no tag."""
        return await self._source.digest(reference, reference.tag or reference.digest or "latest")

    async def resolve(self, reference: ImageReference) -> Resolved | Unresolved:
        """Ask what a reference names, by its digest if it has one, and open an index."""
        wanted = reference.digest or reference.tag or "latest"
        fetched = await self._source.fetch(reference, wanted)
        if isinstance(fetched, Unresolved):
            return fetched
        manifest = read_manifest(fetched.data, fetched.content_type)
        if isinstance(manifest, Unresolved):
            return manifest
        if isinstance(manifest, SingleImage):
            return Resolved(fetched.digest)
        platforms = await self._open(reference, manifest)
        if isinstance(platforms, Unresolved):
            return platforms
        return Resolved(fetched.digest, is_index=True, platforms=platforms)

    async def _open(
        self, reference: ImageReference, index: Index
    ) -> tuple[Platform, ...] | Unresolved:
        """Fetch all that is in an index, level by level, and keep the images.

        What an index says of a manifest doesn't prove that it is an attestation, nor does what the
        manifest holds: a client takes a platform as the index names it. So each is looked into,
        and left out only if both say so.
        """
        entries: list[Child | Platform] = list(index.children)
        for _ in range(_DEEPEST):
            pending = {entry.digest for entry in entries if isinstance(entry, Child)}
            manifests = await self._fetch_all(reference, pending)
            if isinstance(manifests, Unresolved):
                return manifests
            entries = [new for entry in entries for new in _replace(entry, manifests)]
            if len(entries) > MOST_MANIFESTS:
                return too_many_manifests()
        platforms = dict.fromkeys(entry for entry in entries if isinstance(entry, Platform))
        if len(platforms) < len(set(entries)):
            return Unresolved(
                f"{reference} is an index whose parts are nested more than {_DEEPEST} deep.",
                "Name one of its images by its digest.",
            )
        return tuple(platforms)

    async def _fetch_all(
        self, reference: ImageReference, digests: Collection[str]
    ) -> dict[str, Index | SingleImage] | Unresolved:
        read: dict[str, Index | SingleImage] = {}
        troubles: list[Unresolved] = []

        async def fetch(digest: str) -> None:
            async with self._at_once:
                fetched = await self._source.fetch(reference, digest)
            if isinstance(fetched, Unresolved):
                troubles.append(fetched)
                return
            manifest = read_manifest(fetched.data, fetched.content_type)
            if isinstance(manifest, Unresolved):
                troubles.append(manifest)
            else:
                read[digest] = manifest

        async with anyio.create_task_group() as tasks:
            for digest in digests:
                tasks.start_soon(fetch, digest)
        return troubles[0] if troubles else read


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
