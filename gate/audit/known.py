"""What an audit knows by now, and what of that is evidence about one image."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct, field

from gate.audit.gathering import Gathered
from gate.audit.records import names_of, reference_of
from gate.evidence import Target, unscanned_by
from gate.evidence.checks import Checks, lacking, with_checks
from gate.evidence.choose import Refused, choose
from gate.evidence.records import Identified, identify, image_of
from gate.evidence.scan import scan_of
from gate.findings import IdentifiedBy, Reason, Scanned, ScanState, Unscanned
from gate.verdict import Action

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gate.errors import GateError
    from gate.findings import Evidence, Finding
    from gate.policy import Policies
    from gate.reference import ImageReference
    from gate.security_center import ImageRecord
    from gate.verdict import Decision

_Why = tuple[Reason, str]
_AGAIN = "Run the audit again, or `gate check` with this image."
_ONLY_A_BLOCK = (Reason.INCOMPLETE, "Only what blocks was read to its end.")
_CHANGED = (Reason.INCOMPLETE, "Its record changed while the lists were read.")
_YOUNG = (Reason.INCOMPLETE, "Its scan ended so recently that findings may still arrive.")
_DOUBTFUL = (Reason.DISAGREEING, "The lists of build risks contradict one another about it.")
_STOPPED = (Reason.INCOMPLETE, "The audit was stopped before its findings were known.")


class Known(Struct):
    """What was read: ``records`` by ``Uuid``, what the lists hold, and single looks.

    ``changed`` are records that were not the same at the end. ``whole`` is true once the lists were
    read to their end.
    """

    records: dict[str, ImageRecord] = field(default_factory=dict)
    gathered: Gathered = field(default_factory=Gathered)
    checks: Checks = field(default_factory=Checks)
    changed: set[str] = field(default_factory=set)
    looked: dict[str, Evidence] = field(default_factory=dict)
    whole: bool = False


class Bench:
    """The policies of an audit."""

    def __init__(self, policies: Policies) -> None:
        self.policies = policies

    def names_of(self, reference: ImageReference) -> tuple[str, ...]:
        """Return the names that globs are tried on, none if no policy tells images apart."""
        return names_of(reference) if self.policies.tell_images_apart else ()

    def decide(self, names: Sequence[str], findings: Sequence[Finding]) -> tuple[Decision, ...]:
        """Decide on each finding of the image with these names."""
        return self.policies.judge(findings, names)

    def blocks(self, names: Sequence[str], findings: Sequence[Finding]) -> bool:
        """Tell whether at least one finding is blocked."""
        return any(each.action is Action.BLOCK for each in self.decide(names, findings))


class Subject:
    """One image of an audit: its record, and what is known of it.

    ``blocks`` says that the lists alone block it; that needs a digest, and no contradiction.
    """

    def __init__(self, record: ImageRecord, known: Known, bench: Bench, now: datetime) -> None:
        self.record = record
        self.reference = reference_of(record)
        self.findings = known.gathered.findings.get(record.uuid, ())
        self._names = bench.names_of(self.reference)
        self._known = known
        self._bench = bench
        self._now = now
        self._scan = scan_of(record, now)
        self._requirements = bench.policies.requirements(self._names)
        self._decisions = bench.decide(self._names, self.findings)
        self.blocks = (
            any(each.action is Action.BLOCK for each in self._decisions)
            and self.reference.digest is not None
            and record.uuid not in known.gathered.doubtful
        )

    @cached_property
    def target(self) -> Target:
        """The image as a look at it alone wants it."""
        record = self.record
        return Target(
            reference=self.reference,
            digest=self.reference.digest,
            requirements=self._requirements,
            blocks=lambda findings: self._bench.blocks(self._names, findings),
            region=record.region_id or None,
            registry_type=record.registry_type.lower() or None,
            instance=record.instance_id or None,
            no_digest_because="its record has none.",
        )

    def decisions_on(self, evidence: Evidence) -> tuple[Decision, ...]:
        """Decide on each finding of the evidence."""
        if evidence.findings is self.findings:
            return self._decisions
        return self._bench.decide(self._names, evidence.findings)

    @property
    def needs_a_look(self) -> bool:
        """Whether only a look at this image alone may decide it."""
        if self._uncertain():
            return True
        runs_again = self._scan.state is ScanState.RUNNING and self.record.last_scan_time
        return bool(runs_again) and self._requirements.accept_previous

    def _uncertain(self) -> _Why | None:
        """Return why the lists are no evidence of a pass, if so."""
        known, uuid, scan = self._known, self.record.uuid, self._scan
        if uuid in known.changed:
            return _CHANGED
        if uuid in known.gathered.doubtful:
            return _DOUBTFUL
        if known.gathered.problems:
            return Reason.INCOMPLETE, known.gathered.problems[0]
        finished = scan.state is ScanState.FINISHED and scan.age is not None
        if finished and scan.age < self._requirements.settle:  # type: ignore[operator]
            return _YOUNG
        return None

    def evidence(self, trouble: GateError | None) -> Evidence:
        """Return the evidence about it: a look at it alone counts for more than the lists."""
        known = self._known
        if self.record.uuid in known.looked:
            return known.looked[self.record.uuid]
        identified = self._identified()
        if isinstance(identified, Unscanned):
            return identified
        if not known.whole:
            return unscanned_by(trouble) if trouble else self._refused(_STOPPED, identified)
        return self._from_lists(identified)

    def _identified(self) -> Identified | Unscanned:
        """Return the record, which its own digest identifies; without one, the policy decides."""
        if self.reference.digest:
            return Identified((self.record,), IdentifiedBy.DIGEST)
        return identify((self.record,), self.target)

    def _from_lists(self, identified: Identified) -> Evidence:
        known = self._known
        if self.blocks:
            return self._refused(_ONLY_A_BLOCK, identified, self.findings)
        chosen = choose(identified, self.target, self._now, ())
        if isinstance(chosen, Refused):
            return chosen.why
        why = lacking(known.checks, self._requirements) or self._uncertain()
        if why:
            return self._refused(why, identified)
        return Scanned(
            image=image_of(self.record),
            identified_by=identified.by,
            scan=with_checks(chosen.scan, known.checks),
            findings=self.findings,
        )

    def _refused(
        self, why: _Why, identified: Identified, findings: tuple[Finding, ...] = ()
    ) -> Unscanned:
        reason, message = why
        return Unscanned(
            reason=reason,
            message=message if findings else f"{self.target.name}: {message} {_AGAIN}",
            image=image_of(self.record),
            identified_by=identified.by,
            scan=with_checks(self._scan, self._known.checks),
            findings=findings,
        )
