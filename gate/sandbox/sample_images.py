"""Images of a sample world: what is in the registry, and what Security Center knows of it when.

All times are seconds relative to the start of the sandbox; negative ones are before it.
"""

from __future__ import annotations

import hashlib

import msgspec

from gate.sandbox.image_manifests import ImageManifest, image_manifest, index_manifest

HOUR = 3600.0
DAY = 24 * HOUR

# Numbers that DescribeImageListByBuildRisk documents for its Status.
STATUS_CODES = {"unhandled": 0, "ignored": 1, "false_positive": 2}


class SampleFinding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One build risk of an image.

    ``risk`` is the key of a check; ``level`` is the check's own where it is empty. ``status`` is
    ``unhandled``, ``ignored``, ``false_positive``, or a number that nobody has documented.
    ``after`` is how many seconds after the first finished scan it becomes visible (on top of the
    image's ``findings_after``).
    """

    risk: str = "no_user"
    level: str = ""
    status: int | str = "unhandled"
    command: str = "USER root"
    layer: str = ""
    after: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.status, str) and self.status not in STATUS_CODES:
            raise ValueError(f"status must be a number or one of {', '.join(STATUS_CODES)}")

    @property
    def status_code(self) -> int:
        """The status as the API writes it."""
        return STATUS_CODES[self.status] if isinstance(self.status, str) else self.status

    @property
    def layer_digest(self) -> str:
        """``layer``, or one that is made from the command."""
        return self.layer or hashlib.sha256(self.command.encode()).hexdigest()


class State(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The state of a scan from a moment on.

    ``scan`` is a word for ``ScaStatus``, ``progress`` goes from 0 to 100 (from ``SUCCESS``
    on it is 100 unless given), ``result`` is a word for ``ScaResult``.
    """

    after: float = -2 * HOUR
    scan: str = "SUCCESS"
    progress: int | None = None
    result: str = ""

    @property
    def shown_progress(self) -> int:
        """The progress, where it isn't given: whole for ``SUCCESS``, none for the rest."""
        if self.progress is not None:
            return self.progress
        return 100 if self.scan == "SUCCESS" else 0


class SampleImage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One image (one platform): its place in the registry, and its record in Security Center.

    ``timeline`` is the life of the record: it appears with the first state; an empty one means
    that Security Center never heard of the image. Each ``SUCCESS`` in it is a finished scan at its
    ``after``. ``pushed`` is when the registry got the image (also ``ImageUpdate``): of several with
    the same tag, the registry's tag points to the one pushed last.

    ``build`` is any text; images that differ in it alone have different digests. ``digest`` is
    that of the generated manifest, ``sha256:<hex>``, unless given; with a given one the registry
    can't serve the image. ``uuid`` and ``repo_id`` are made from the names unless given.

    ``in_registry`` says whether the registry has it; ``repository_known`` whether Security Center
    knows the repository (it may without knowing the image). ``failing_scans`` is how many requested
    scans fail before one succeeds; ``supported`` says whether scans on request work in the image's
    region. ``host`` is the registry's in ``Endpoints``, ``None`` for the world's. ``tells_task``
    says whether a task is known of the record's own scan. ``size`` is in MB.
    """

    namespace: str
    repository: str
    tag: str = "latest"
    findings: tuple[SampleFinding, ...] = ()
    timeline: tuple[State, ...] = (State(),)
    pushed: float = -3 * HOUR
    build: str = ""
    platform: str = "linux/amd64"
    region: str = "cn-hangzhou"
    instance: str = "39010001"
    registry_type: str = "acr"
    in_registry: bool = True
    repository_known: bool = True
    findings_after: float = 0.0
    failing_scans: int = 0
    supported: bool = True
    host: str | None = None
    tells_task: bool = True
    size: int = 42
    digest: str = ""
    uuid: str = ""
    repo_id: str = ""

    def __post_init__(self) -> None:
        place = f"{self.registry_type}|{self.region}|{self.instance}|{self.name}"
        _fill(self, "timeline", tuple(sorted(self.timeline, key=lambda state: state.after)))
        if not self.digest:
            _fill(self, "digest", self.content.digest)
        elif not self.digest.startswith("sha256:"):
            _fill(self, "digest", f"sha256:{self.digest}")
        if not self.repo_id:
            _fill(self, "repo_id", f"crr-{_hex(place)[:16]}")
        if not self.uuid:
            _fill(self, "uuid", _hex(f"{place}|{self.tag}|{self.digest}")[:32])

    @property
    def name(self) -> str:
        """``namespace/repository``."""
        return f"{self.namespace}/{self.repository}"

    @property
    def bare_digest(self) -> str:
        """The digest without ``sha256:``."""
        return self.digest.removeprefix("sha256:")

    @property
    def criteria(self) -> dict[str, str]:
        """What requests select an image by, under the API's names."""
        return {
            "registryType": self.registry_type,
            "repoId": self.repo_id,
            "instanceId": self.instance,
            "repoNamespace": self.namespace,
            "regionId": self.region,
            "repoName": self.repository,
            "digest": self.bare_digest,
            "tag": self.tag,
        }

    @property
    def content(self) -> ImageManifest:
        """The image's manifest, its digest and the blobs that it refers to."""
        return image_manifest(self.name, self.tag, self.build, self.platform)

    @property
    def served(self) -> bool:
        """Tell whether the registry can hand out this image."""
        return self.in_registry and self.content.digest == self.digest


class SampleIndex(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A multi-platform image: the registry's tag points to an index of ``images``.

    ``images`` are records like any other, of the same repository, but the registry serves them by
    digest only. With ``attestation`` the index also lists a manifest of in-toto statements.
    """

    namespace: str
    repository: str
    tag: str = "latest"
    images: tuple[SampleImage, ...]
    attestation: bool = True
    pushed: float = -3 * HOUR

    @property
    def name(self) -> str:
        """``namespace/repository``."""
        return f"{self.namespace}/{self.repository}"

    @property
    def served(self) -> bool:
        """An index is nowhere but in the registry."""
        return True

    @property
    def digest(self) -> str:
        """The index's own digest, ``sha256:<hex>``; Security Center has no record of it."""
        return self.content.digest

    @property
    def content(self) -> ImageManifest:
        """The index, its digest, and the attestation that it lists."""
        listed = [(image.platform, image.content) for image in self.images]
        return index_manifest(listed, attestation=self.attestation)


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _fill(image: SampleImage, name: str, value: object) -> None:
    msgspec.structs.force_setattr(image, name, value)
