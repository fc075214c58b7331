"""What evidence is wanted of, and what one look at it saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gate.evidence.advice import Advice
from gate.findings import Requirements, Unscanned

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from gate.findings import Evidence, Finding, Gathered, Reason
    from gate.reference import ImageReference
    from gate.security_center import ImageRecord


class Target(Struct, frozen=True, kw_only=True, eq=False):
    """One image, or one platform of an index, that evidence is wanted of.

    ``digest`` (``sha256:<hex>``) is the one that was pushed; with it, the tag only chooses among
    records of that digest. ``region``, ``registry_type`` and ``instance`` narrow the records where
    they are known. ``blocks`` tells whether findings hold one that the policy blocks.
    """

    reference: ImageReference
    digest: str | None
    requirements: Requirements
    blocks: Callable[[Sequence[Finding]], bool]
    region: str | None = None
    registry_type: str | None = None
    instance: str | None = None
    platform: str | None = None
    optional: bool = False
    """Whether it is judged only if Security Center knows it: an index, beside its platforms."""
    advice: Advice = Advice()
    no_digest_because: str = ""
    """Why there is no digest, in a sentence, for an image that needs one."""
    with_tags: Callable[[tuple[str, ...]], Target] | None = None
    """Makes the same target of an image whose records have these tags, if policies heed them."""
    thorough: bool = False
    """Whether all is read and confirmed where it blocks, too: a record is to hold it."""

    def tagged(self, tags: tuple[str, ...]) -> Target:
        """Return the target as the policies see it once the tags of its records are known."""
        return self.with_tags(tags) if self.with_tags else self

    @property
    def unjudged(self) -> Target:
        """The target as a policy sees it that blocks nothing and takes a scan of any age."""
        own = self.requirements
        return replace(
            self,
            requirements=Requirements(settle=own.settle, accept_previous=own.accept_previous),
            blocks=lambda _: False,
        )

    @property
    def tag(self) -> str:
        """The tag, or an empty text for an image that is named by digest alone."""
        return self.reference.tag

    @property
    def name(self) -> str:
        """The image as messages name it: by platform too, where it is one of an index."""
        named = f"{self.reference.path}:{self.tag}" if self.tag else self.reference.path
        return f"{named} ({self.platform})" if self.platform else named


class Look(Struct, frozen=True, kw_only=True):
    """What one look at a target saw.

    ``waiting`` says that asking again later may show more. ``doing`` is the state for a progress
    line. ``settled`` is false for a scan that ended so recently that findings may still arrive.
    ``blocks`` says that the findings hold a certain block, which ends every wait. ``read_on`` is
    there where a policy refused what may be complete: it reads what shows that.
    """

    evidence: Evidence
    record: ImageRecord | None = None
    waiting: bool = False
    doing: str = ""
    settled: bool = True
    blocks: bool = False
    read_on: Callable[[], Awaitable[Look]] | None = None

    @property
    def complete(self) -> bool:
        """Whether the evidence is complete, if the record is still the same."""
        return self.evidence.gathered.reason is None

    @property
    def reason(self) -> Reason | None:
        """Why the image is undecided, ``None`` if it isn't."""
        return self.evidence.reason if isinstance(self.evidence, Unscanned) else None

    def knowing(self, gathered: Gathered) -> Look:
        """Return the same look at an image that this is known of; it was refused."""
        return replace(self, evidence=replace(self.evidence, beyond=gathered), read_on=None)
