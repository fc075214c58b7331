"""What is known of one image: the shapes that evidence fills and a policy judges."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace


class Level(StrEnum):
    """Severity level of a finding; ``unknown`` is a word that the gate does not know."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """What somebody did about a finding in the console; ``unknown`` if no list tells."""

    UNHANDLED = "unhandled"
    IGNORED = "ignored"
    FALSE_POSITIVE = "false_positive"
    UNKNOWN = "unknown"

    @property
    def is_clicked(self) -> bool:
        """Whether somebody clicked the finding away."""
        return self is not Status.UNHANDLED and self is not Status.UNKNOWN


class ScanState(StrEnum):
    """The state of an image's scan, as reports show it."""

    FINISHED = "finished"
    RUNNING = "running"
    FAILED = "failed"
    MISSING = "missing"
    STALE = "stale"
    UNSUPPORTED = "unsupported"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why an image is undecided, in one word; the words are part of the report's contract."""

    MISSING = "missing"
    RUNNING = "running"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    STALE = "stale"
    UNIDENTIFIED = "unidentified"
    AMBIGUOUS = "ambiguous"
    CHECKS_OFF = "checks_off"
    UNREAD = "unread"
    INCOMPLETE = "incomplete"
    DISAGREEING = "disagreeing"
    MOVED = "moved"
    ACCESS = "access"
    SERVICE = "service"


class IdentifiedBy(StrEnum):
    """What tied the caller's image to a record of Security Center."""

    DIGEST = "digest"
    TAG = "tag"


class Location(Struct, frozen=True):
    """A place in the caller's files; ``line`` counts from 1."""

    path: str
    line: int


class Shown(StrEnum):
    """How a fact is shown: as a sentence, as code that keeps its lines, or as a place's name."""

    PROSE = "prose"
    CODE = "code"
    PLACE = "place"


class Fact(Struct, frozen=True):
    """Something that is known of a finding, for people; ``text`` is untrusted and never empty.

    ``key`` is what programs know it by, ``label`` what reports for people call it.
    """

    key: str
    label: str
    text: str
    shown: Shown = Shown.PROSE


class Finding(Struct, frozen=True, kw_only=True):
    """One finding about one image: what policies judge it by, and facts for people.

    ``risk`` is the key (``no_user``), ``name`` its name in the asked language, ``risk_class`` the
    key of its class (``other``). ``facts`` are what only findings of this kind have, such as a
    build command; its secrets were masked before. All texts are untrusted.
    """

    kind: str = "build_risk"
    risk: str
    name: str = ""
    risk_class: str = ""
    class_name: str = ""
    level: Level
    level_word: str = ""
    """The service's own word for the level, kept for the case that ``level`` is unknown."""
    status: Status
    facts: tuple[Fact, ...] = ()
    location: Location | None = None

    def fact(self, key: str) -> str:
        """Return the text of a fact, an empty one if the finding has none of that key."""
        return next((fact.text for fact in self.facts if fact.key == key), "")


class Image(Struct, frozen=True, kw_only=True):
    """The record of Security Center that was identified as the caller's image.

    ``digest`` is ``sha256:<hex>`` or empty; ``platform`` is ``os/architecture`` or ``None``.
    ``tags`` are those of all records of this digest in the repository, its own among them.
    """

    uuid: str
    region: str
    instance: str
    namespace: str
    repository: str
    tag: str
    digest: str
    platform: str | None = None
    tags: tuple[str, ...] = ()


class Scan(Struct, frozen=True, kw_only=True):
    """The state of the image's scan.

    ``finished_at`` is the end of the last finished scan, in UTC; ``age`` counts from it to the
    service's own clock. ``checks_on`` is how many checks are switched on, ``None`` if that is not
    known; ``checks_off`` are the keys of those that are not, sorted, and ``checks`` of the others.
    """

    state: ScanState
    finished_at: datetime | None = None
    age: timedelta | None = None
    checks_on: int | None = None
    checks_off: tuple[str, ...] = ()
    checks: tuple[str, ...] | None = None


class Gathered(Struct, frozen=True, kw_only=True):
    """What is known of an image whatever a policy says of it, so that others can judge it again.

    ``reason`` is what keeps it from being evidence of a pass under every policy, ``None`` if it is
    complete. ``kinds`` are those whose lists were whole, ``findings`` all that these hold: any of
    them may block, as they are certain. ``checks`` are the keys of those that are on, ``None`` if
    that is not known.
    """

    reason: Reason | None = None
    kinds: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    checks: tuple[str, ...] | None = None


class Scanned(Struct, frozen=True, kw_only=True):
    """A finished, fresh, complete scan of exactly this image, and all that it found.

    The only evidence a pass can stand on. ``kinds`` are those that the scan looked for.
    """

    image: Image
    identified_by: IdentifiedBy
    scan: Scan
    findings: tuple[Finding, ...]
    kinds: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def gathered(self) -> Gathered:
        """What is known of the image whatever a policy says: all of it."""
        return Gathered(kinds=self.kinds, findings=self.findings, checks=self.scan.checks)


class Unscanned(Struct, frozen=True, kw_only=True):
    """Why an image can't be decided, in a word and in a sentence that says what to do.

    ``findings`` are those that are certain although the rest isn't: a complete set of details of a
    record with the pushed digest. They can block, never pass. The scan of an image without a record
    is missing, whatever the reason. ``beyond`` is what is known of the image whatever a policy
    says, if that is more than the reason and these findings.
    """

    reason: Reason
    message: str
    image: Image | None = None
    identified_by: IdentifiedBy | None = None
    scan: Scan = field(default_factory=lambda: Scan(state=ScanState.MISSING))
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    beyond: Gathered | None = None

    @property
    def gathered(self) -> Gathered:
        """What is known of the image whatever a policy says."""
        return self.beyond or Gathered(
            reason=self.reason, findings=self.findings, checks=self.scan.checks
        )


Evidence = Scanned | Unscanned


def instead_of(evidence: Evidence, refused: Unscanned) -> Unscanned:
    """Return a refusal that stands in the place of other evidence about the same image.

    The image, what tied it to the caller's, and the notes stay; scan and findings are the
    refusal's own.
    """
    return replace(
        refused,
        image=evidence.image,
        identified_by=evidence.identified_by,
        notes=evidence.notes,
    )


class Requirements(Struct, frozen=True, kw_only=True):
    """What evidence must fulfil before it may count as ``Scanned``: the ``scan`` of a policy.

    ``max_age`` ``None`` is any age. ``platforms`` ``None`` is every platform of an index, else
    ``os/architecture[/variant]`` words. ``checks`` are the keys of the checks that must be switched
    on because a rule that can match this image names them literally.
    """

    require_digest: bool = True
    max_age: timedelta | None = None
    settle: timedelta = timedelta(seconds=15)
    accept_previous: bool = False
    require_checks: bool = False
    platforms: tuple[str, ...] | None = None
    checks: frozenset[str] = frozenset()

    def stricter(self, other: Requirements) -> Requirements:
        """Return what fulfils both: the stricter of each key, the platforms of both."""
        ages = [age for age in (self.max_age, other.max_age) if age is not None]
        either: tuple[str, ...] | None = None
        if self.platforms is not None and other.platforms is not None:
            either = tuple(dict.fromkeys((*self.platforms, *other.platforms)))
        return Requirements(
            require_digest=self.require_digest or other.require_digest,
            max_age=min(ages, default=None),
            settle=max(self.settle, other.settle),
            accept_previous=self.accept_previous and other.accept_previous,
            require_checks=self.require_checks or other.require_checks,
            platforms=either,
            checks=self.checks | other.checks,
        )
