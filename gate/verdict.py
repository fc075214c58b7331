"""Decisions about findings, and the verdict that they add up to."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.errors import ExitCode
from gate.findings import (
    Evidence,
    Finding,
    Gathered,
    IdentifiedBy,
    Image,
    Reason,
    Scan,
    ScanState,
    Unscanned,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime


class Action(StrEnum):
    """What a policy says of one finding."""

    BLOCK = "block"
    WARN = "warn"
    WAIVED = "waived"
    ALLOW = "allow"


# The order of decisions: of several policies' actions, the first of these wins.
STRICTEST_FIRST = (Action.BLOCK, Action.WARN, Action.WAIVED, Action.ALLOW)


class Outcome(StrEnum):
    """The verdict in one word, for an image and for the run."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    BLOCK = "block"
    UNDECIDED = "undecided"


class WaiverUse(Struct, frozen=True, kw_only=True):
    """The waiver that covers a finding, or, if ``expired``, the one that used to; and its place."""

    reason: str
    expires: date
    expired: bool = False
    owner: str = ""
    ticket: str = ""
    path: str = ""
    line: int = 1


class PolicyPlace(Struct, frozen=True):
    """Where an entry of a policy stands: the file, as given, and the line of its first key."""

    path: str
    line: int


class Decision(Struct, frozen=True, kw_only=True):
    """What becomes of one finding, and why.

    ``because`` is a sentence for a person; ``rule`` is the name of the rule that decided (its
    number, ``rules[2]``, where it has no name), ``None`` if none did; ``policy`` is where the
    rule or selector stands, ``None`` if nothing matched, and ``entry`` what it is called there:
    ``rules[2]``, ``block[0]``.
    """

    finding: Finding
    action: Action
    because: str
    rule: str | None = None
    policy: PolicyPlace | None = None
    entry: str = ""
    waiver: WaiverUse | None = None


class ImageVerdict(Struct, frozen=True, kw_only=True):
    """The verdict on one image.

    ``reason`` is a word of ``Reason``, or ``clean``, ``allowed`` or ``blocked``. ``exit_code`` is
    what this image alone would end in; an undecided image that a policy's ``warn_on`` lets through
    has 0 and stays ``undecided``. ``digest`` is what the caller's image is known by: the digest
    that was given, or that the registry told for its tag (an index's own); empty if neither did.
    ``index_platform`` is the platform of an index that this is the verdict on, if it is of one.
    ``gathered`` is what was known of the image, whatever the policies made of it.
    """

    reference: str
    digest: str = ""
    outcome: Outcome
    reason: str
    message: str
    exit_code: ExitCode
    decisions: tuple[Decision, ...] = ()
    image: Image | None = None
    identified_by: IdentifiedBy | None = None
    scan: Scan
    notes: tuple[str, ...] = ()
    index_platform: str = ""
    gathered: Gathered = Gathered(reason=Reason.INCOMPLETE)

    @property
    def platform(self) -> str:
        """The platform that was judged, as ``os/architecture``; empty if that isn't known."""
        return (self.image.platform if self.image else None) or ""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings that were decided on."""
        return tuple(decision.finding for decision in self.decisions)

    def count(self) -> dict[Action, int]:
        """Return how many findings each action has, zeros included, strictest first."""
        counted = Counter(decision.action for decision in self.decisions)
        return {action: counted[action] for action in STRICTEST_FIRST}


class PolicySource(Struct, frozen=True):
    """Where a policy came from: ``path`` as given (or ``(built-in)``), and its content's digest.

    ``blocks_nothing`` says that it only reports: no finding can fail a build by it.
    """

    path: str
    sha256: str
    blocks_nothing: bool = False


class Service(Struct, frozen=True):
    """The Security Center that knows the images; several are joined by a comma and a space.

    ``asked`` are the endpoints that were asked anything, ``None`` for all of them.
    """

    endpoint: str
    region: str
    sandbox: bool
    asked: tuple[str, ...] | None = None


class Changes(Struct, frozen=True, kw_only=True):
    """What an audit found changed since an earlier report, generated at ``since``.

    ``images`` are names, ``namespace/repository:tag``, by what became of them; ``risks`` is by how
    many findings of a risk more, or fewer, are blocked. ``notes`` are the same in sentences.
    """

    since: str
    images: Mapping[str, tuple[str, ...]]
    risks: Mapping[str, int]
    notes: tuple[str, ...]


class Audited(Struct, frozen=True, kw_only=True):
    """Which part of an account a verdict is about; ``None`` is all of it."""

    namespace: str | None = None
    repository: str | None = None
    changes: Changes | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    """The verdict of a run: all that any report needs."""

    outcome: Outcome
    exit_code: ExitCode
    generated_at: datetime
    service: Service
    policies: tuple[PolicySource, ...]
    images: tuple[ImageVerdict, ...]
    notes: tuple[str, ...] = ()
    """Those of the run; each image has its own."""
    audited: Audited | None = None
    """What was audited; ``None`` if single images were judged."""
    command: str = "check"
    """The command that judged, where it wasn't an audit."""

    @property
    def interrupted(self) -> bool:
        """Whether a signal ended the run; nothing that comes later changes its code."""
        return self.exit_code in {ExitCode.INTERRUPTED, ExitCode.TERMINATED}

    def count(self) -> Counter[Action]:
        """Return how many findings of all images each action has."""
        counts: Counter[Action] = Counter()
        for image in self.images:
            counts.update(image.count())
        return counts


# A certain block is never hidden by a passing trouble, and trouble never by a pass.
_WORST_FIRST = (
    ExitCode.BLOCKED,
    ExitCode.ACCESS,
    ExitCode.SERVICE,
    ExitCode.UNDECIDED,
    ExitCode.PASSED,
)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code that decides the run; ``UNDECIDED`` where there is none to choose from.

    Nothing evaluated is not a pass.
    """
    present = set(codes)
    return next((code for code in _WORST_FIRST if code in present), ExitCode.UNDECIDED)


def judge_image(  # noqa: PLR0913 - all that a verdict is made of, so that nobody changes it later
    reference: str,
    evidence: Evidence,
    decisions: Sequence[Decision],
    *,
    tolerated: bool,
    digest: str = "",
    index_platform: str = "",
) -> ImageVerdict:
    """Add one image's decisions up to its verdict.

    ``decisions`` are those of ``evidence.findings``, in the same order. ``tolerated`` says that
    the policy's ``warn_on`` covers the reason; it changes the exit code, never the outcome.
    """
    blocked = sum(decision.action is Action.BLOCK for decision in decisions)
    if blocked:
        outcome, reason, code = Outcome.BLOCK, "blocked", ExitCode.BLOCKED
        message = f"{_counted(blocked)} blocked by policy."
        if isinstance(evidence, Unscanned) and evidence.scan.state is not ScanState.FINISHED:
            message += f" The latest scan decides nothing more: {evidence.message}"
    elif isinstance(evidence, Unscanned):
        outcome, reason, message = Outcome.UNDECIDED, evidence.reason.value, evidence.message
        code = ExitCode.PASSED if tolerated else _code_of(evidence.reason)
    else:
        outcome, code = Outcome.PASS, ExitCode.PASSED
        reason = "allowed" if decisions else "clean"
        message = (
            f"{_counted(len(decisions))}, none blocked by policy."
            if decisions
            else "A finished, complete scan of this image found no build risks."
        )
    return ImageVerdict(
        reference=reference,
        digest=digest,
        outcome=outcome,
        reason=reason,
        message=message,
        exit_code=code,
        decisions=tuple(decisions),
        image=evidence.image,
        identified_by=evidence.identified_by,
        scan=evidence.scan,
        notes=evidence.notes,
        index_platform=index_platform,
        gathered=evidence.gathered,
    )


def judge_run(  # noqa: PLR0913 - all that a verdict is made of, so that nobody changes it later
    images: Sequence[ImageVerdict],
    *,
    generated_at: datetime,
    service: Service,
    policies: Sequence[PolicySource],
    notes: Sequence[str] = (),
    ended_by: ExitCode | None = None,
    whole: bool = True,
    allow_none: bool = False,
    audited: Audited | None = None,
    command: str = "check",
) -> Verdict:
    """Add the images' verdicts up to the verdict of the run.

    ``ended_by`` is the code of what ended the run before its time, such as a signal; it decides
    the exit code. Unless ``whole``, images may be missing, and the rest alone is not a pass.
    ``allow_none`` lets a run end in 0 that left no image to judge; it stays undecided.
    """
    codes = [image.exit_code for image in images]
    outcomes = {image.outcome for image in images}
    if not whole:
        codes.append(ExitCode.UNDECIDED)
        outcomes.add(Outcome.UNDECIDED)
    if allow_none and not codes:
        codes.append(ExitCode.PASSED)
    if Outcome.BLOCK in outcomes:
        outcome = Outcome.BLOCK
    elif outcomes == {Outcome.PASS}:
        outcome = Outcome.PASS
    else:
        outcome = Outcome.UNDECIDED
    return Verdict(
        outcome=outcome,
        exit_code=worst(codes) if ended_by is None else ended_by,
        generated_at=generated_at,
        service=service,
        policies=tuple(policies),
        images=tuple(images),
        notes=tuple(notes),
        audited=audited,
        command=command,
    )


def _code_of(reason: Reason) -> ExitCode:
    return {Reason.ACCESS: ExitCode.ACCESS, Reason.SERVICE: ExitCode.SERVICE}.get(
        reason, ExitCode.UNDECIDED
    )


def _counted(number: int) -> str:
    return f"{number} finding" if number == 1 else f"{number} findings"
