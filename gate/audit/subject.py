"""What an audit has read so far, and what of that is evidence about one image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from gate.audit.account import Tags, reference_of
from gate.audit.collecting import Collected
from gate.evidence import (
    Advice,
    BuildRisks,
    Checks,
    CountingScan,
    Identified,
    Target,
    choose,
    identify,
    image_of,
    scan_of,
    scanned_before_push,
    unscanned_by,
)
from gate.findings import Gathered, IdentifiedBy, Reason, Scanned, ScanState, Unscanned
from gate.reference import Names
from gate.verdict import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from gate.errors import GateError
    from gate.evidence import Why
    from gate.findings import Evidence, Finding
    from gate.policy import Policies
    from gate.security_center import ImageRecord
    from gate.verdict import Decision

_AGAIN = "Run the audit again, or `gate check` with this image."
_ONLY_A_BLOCK = (Reason.INCOMPLETE, "Only what blocks was read to its end.")
_CHANGED = (Reason.INCOMPLETE, "Its record changed while the lists were read.")
_YOUNG = (Reason.INCOMPLETE, "Its scan ended so recently that findings may still arrive.")
_DOUBTFUL = (Reason.DISAGREEING, "The lists of build risks contradict one another about it.")
_DIFFERING = (Reason.DISAGREEING, "Another record of its digest has other findings.")
_STOPPED = (Reason.INCOMPLETE, "The audit was stopped before its findings were read.")


class Inventory(Struct):
    """What was read: ``records`` by ``Uuid``, what the lists hold, and single looks.

    ``changed`` are records that were not the same at the end. ``whole`` is true once the lists were
    read to their end. ``differing`` are the images that several records of one repository hold, not
    all with the same findings. ``tags`` are known if policies tell images apart. ``thorough`` asks
    what is known of each image whatever the policies say, for a record.
    """

    records: dict[str, ImageRecord] = field(default_factory=dict)
    collected: Collected = field(default_factory=Collected)
    checks: Checks = field(default_factory=Checks)
    changed: set[str] = field(default_factory=set)
    looked: dict[str, Evidence] = field(default_factory=dict)
    tags: Tags = field(default_factory=Tags)
    whole: bool = False
    advice: Advice = Advice()
    differing: set[int] = field(default_factory=set)
    thorough: bool = False

    def take(self, records: Mapping[str, ImageRecord], *, tell_apart: bool) -> None:
        """Take the records, in the order of their names, and see which digests have differences."""
        in_order = sorted(records.values(), key=_name)
        self.records = {record.uuid: record for record in in_order}
        self.tags = Tags(in_order if tell_apart else ())
        first: dict[int, tuple[Finding, ...]] = {}
        for record in in_order:
            findings = self.collected.findings.get(record.uuid, ())
            content = _content(record)
            if first.setdefault(content, findings) != findings:
                self.differing.add(content)


class Subject:
    """One image of an audit: its record, and what is known of it.

    ``blocks`` says that the lists alone block it; that needs a digest, and no contradiction.
    """

    def __init__(
        self,
        record: ImageRecord,
        inventory: Inventory,
        policies: Policies,
        now: datetime,
    ) -> None:
        self.record = record
        self.reference = reference_of(record)
        self.findings = inventory.collected.findings.get(record.uuid, ())
        self._tags = inventory.tags.of(record)
        self._inventory = inventory
        self._policies = policies
        self._now = now
        self._scan = scan_of(record, now)
        names = self._names(self._tags)
        self._requirements = policies.requirements(names)
        self._decisions = policies.judge(self.findings, names)
        # Not a cached_property: its lock costs an audit of many images more than all else here.
        self._own_target: Target | None = None
        self.blocks = (
            _block(self._decisions)
            and self.reference.digest is not None
            and record.uuid not in inventory.collected.doubtful
        )

    @property
    def target(self) -> Target:
        """The image as a look at it alone wants it."""
        if self._own_target is None:
            self._own_target = self._target(self._tags)
        return self._own_target

    def _target(self, tags: tuple[str, ...]) -> Target:
        record, names = self.record, self._names(tags)
        return Target(
            reference=self.reference,
            digest=self.reference.digest,
            requirements=(
                self._requirements if tags is self._tags else self._policies.requirements(names)
            ),
            blocks=lambda findings: _block(self._policies.judge(findings, names)),
            region=record.region_id or None,
            registry_type=record.registry_type.lower() or None,
            instance=record.instance_id or None,
            advice=self._inventory.advice,
            no_digest_because="its record has none.",
            with_tags=self._target,
            thorough=self._inventory.thorough,
        )

    def decisions_on(self, evidence: Evidence) -> tuple[Decision, ...]:
        """Decide on each finding of the evidence."""
        if evidence.findings is self.findings:
            return self._decisions
        tags = evidence.image.tags if evidence.image else self._tags
        return self._policies.judge(evidence.findings, self._names(tags))

    def _names(self, tags: tuple[str, ...]) -> Names:
        return self.reference.names(tags) if self._policies.tell_images_apart else Names()

    @property
    def needs_a_look(self) -> bool:
        """Whether only a look at this image alone may decide it."""
        if self._uncertain():
            return True
        if scanned_before_push(self.record):
            return True
        runs_again = self._scan.state is ScanState.RUNNING and self.record.last_scan_time
        return bool(runs_again) and self._requirements.accept_previous

    def _uncertain(self) -> Why | None:
        """Return why the lists are no evidence of a pass, if so."""
        inventory, uuid, scan = self._inventory, self.record.uuid, self._scan
        if uuid in inventory.changed:
            return _CHANGED
        if uuid in inventory.collected.doubtful:
            return _DOUBTFUL
        if _content(self.record) in inventory.differing:
            return _DIFFERING
        if inventory.collected.problems:
            return Reason.INCOMPLETE, inventory.collected.problems[0]
        finished = scan.state is ScanState.FINISHED and scan.age is not None
        if finished and scan.age < self._requirements.settle:  # type: ignore[operator]
            return _YOUNG
        return None

    def evidence(self, trouble: GateError | None) -> Evidence:
        """Return the evidence about it: a look at it alone counts for more than the lists."""
        inventory = self._inventory
        if self.record.uuid in inventory.looked:
            return inventory.looked[self.record.uuid]
        identified = self._identified()
        if isinstance(identified, Unscanned):
            return identified
        if not inventory.whole:
            stopped = self._refused(_STOPPED, identified)
            if trouble is None:
                return stopped
            by = unscanned_by(trouble)
            return replace(stopped, reason=by.reason, message=by.message)
        evidence = self._from_lists(identified)
        if inventory.thorough and isinstance(evidence, Unscanned):
            return replace(evidence, beyond=self._gathered(identified))
        return evidence

    def _identified(self) -> Identified | Unscanned:
        """Return the record, which its own digest identifies; without one, the policy decides."""
        if self.reference.digest:
            return Identified((self.record,), IdentifiedBy.DIGEST, tags=self._tags)
        return identify((self.record,), self.target)

    def _from_lists(self, identified: Identified) -> Evidence:
        inventory = self._inventory
        if self.blocks:
            return self._refused(_ONLY_A_BLOCK, identified, self.findings)
        chosen = choose(identified, self.target, self._now)
        if not isinstance(chosen, CountingScan):
            return chosen.evidence
        why = inventory.checks.lacking(self._requirements) or self._uncertain()
        if why:
            return self._refused(why, identified)
        return Scanned(
            image=image_of(self.record, tags=self._tags),
            identified_by=identified.by,
            scan=inventory.checks.added_to(chosen.scan),
            findings=self.findings,
            kinds=(BuildRisks.name,),
        )

    def _gathered(self, identified: Identified) -> Gathered:
        """Return what the lists tell of the image whatever the policies say.

        Without a digest, only a scan that counts is certain to be about the image.
        """
        inventory = self._inventory
        counting = choose(identified, self.target.unjudged, self._now)
        if isinstance(counting, CountingScan):
            why = self._uncertain()
            reason = why[0] if why else None
        else:
            reason = counting.reason or Reason.INCOMPLETE
        doubtful = self.record.uuid in inventory.collected.doubtful
        checks = inventory.checks.added_to(self._scan).checks
        if identified.by is not IdentifiedBy.DIGEST or doubtful:
            return Gathered(reason=reason or Reason.INCOMPLETE, checks=checks)
        whole = not inventory.collected.problems
        kinds = (BuildRisks.name,) if whole else ()
        return Gathered(reason=reason, kinds=kinds, findings=self.findings, checks=checks)

    def _refused(
        self, why: Why, identified: Identified, findings: tuple[Finding, ...] = ()
    ) -> Unscanned:
        reason, message = why
        if not findings:
            message = f"{self.target.name}: {message} {_AGAIN}"
        scan = self._inventory.checks.added_to(self._scan)
        return identified.unscanned(self.record, self.target, (reason, message), scan, findings)


def _block(decisions: Iterable[Decision]) -> bool:
    return any(each.action is Action.BLOCK for each in decisions)


def _name(record: ImageRecord) -> tuple[str, ...]:
    return record.repo_namespace, record.repo_name, record.tag, record.digest


def _content(record: ImageRecord) -> int:
    """Return a number for what a record is of: a digest in its place, else the record alone."""
    place = (record.region_id, record.instance_id, record.repo_namespace, record.repo_name)
    return hash((place, record.digest or record.uuid))
