"""The spine of an audit: records and lists in, a verdict on every image out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.lowlevel
from msgspec import Struct

from gate.audit.gathering import Gathering, Risk
from gate.audit.known import Bench, Known, Subject
from gate.audit.records import Records, reference_of
from gate.audit.rows import RiskLists
from gate.audit.strays import Strays
from gate.errors import GateError
from gate.evidence.checks import notes_on, read_checks
from gate.findings import Unscanned
from gate.verdict import Outcome, judge_image, judge_run
from gate.wait import Wait

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.audit.progress import Progress
    from gate.audit.scope import Scope
    from gate.clock import Clock
    from gate.evidence import EvidenceReader
    from gate.policy import Policies
    from gate.scanning import Scans
    from gate.security_center import CatalogueRow, ImageRecord, SecurityCenter
    from gate.stopping import Stop
    from gate.verdict import ImageVerdict, Service, Verdict
    from gate.wait import Patience, Watcher

# Images that are looked at one by one, because the lists don't decide them: each takes about ten
# requests, so more of them would cost more than reading all lists again.
MOST_LOOKS = 500
# Blocked images whose findings are read in full, for the reports.
MOST_DETAILED = 20
_OTHERS_TURN = 1000  # images that are judged before signals and progress have their turn


class Means(Struct, frozen=True, kw_only=True):
    """What an audit works with; ``stop`` ends the gathering of evidence."""

    client: SecurityCenter
    reader: EvidenceReader
    scans: Scans
    service: Service
    clock: Clock
    patience: Patience
    watcher: Watcher
    stop: Stop


async def audit(scope: Scope, policies: Policies, means: Means, progress: Progress) -> Verdict:
    """Judge the images of a scope, in the order of their names.

    Trouble on the way, or being stopped, leaves what it concerns undecided; it is no exception.
    """
    auditing = _Auditing(scope, Bench(policies), means, progress)
    trouble: GateError | None = None
    with means.stop.scope:
        try:
            await auditing.run()
        except* GateError as several:
            trouble = _first(several)
    return auditing.verdict(trouble)


def _first(several: BaseExceptionGroup[GateError]) -> GateError:
    """Return the first of the troubles that tasks met at once."""
    one = several.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one


class _Auditing:
    """One audit; a verdict can be made of it at any moment."""

    def __init__(self, scope: Scope, bench: Bench, means: Means, progress: Progress) -> None:
        self._scope = scope
        self._bench = bench
        self._means = means
        self._progress = progress
        self._known = Known()
        self._notes: list[str] = []
        self._all_records = False
        self._judged: dict[str, ImageVerdict] = {}

    async def run(self) -> None:
        """Gather the evidence: records, lists by risk, records again, then single images."""
        client, known = self._means.client, self._known
        records = Records(client, self._scope, self._progress)
        known.checks = await read_checks(client)
        known.records = await self._read_records(records)
        strays = Strays(known.records)
        lists = RiskLists(client, self._progress, strays)
        gathering = Gathering(lists, self._scope, await self._risks(), known.gathered)
        await gathering.run()
        await self._read_records_again(records, strays)
        known.whole = True
        await self._look_at(await self._judge_by_lists())

    async def _read_records(self, records: Records) -> dict[str, ImageRecord]:
        listing = await records.read()
        self._all_records = listing.complete
        if not listing.complete:
            self._notes.append(_RECORDS_MOVED.format(listing.problem))
        return {record.uuid: record for record in sorted(listing.rows, key=_name)}

    async def _risks(self) -> list[Risk]:
        """Return the risks that images may have: those that some have, and all checks."""
        listing = await self._means.client.build_risks()
        if not listing.complete:
            self._known.gathered.problems.append(
                f"The list of build risks could not all be read: {listing.problem}"
            )
        by_key: dict[str, list[CatalogueRow]] = {}
        for row in listing.rows:
            by_key.setdefault(row.risk_key, []).append(row)
        risks = [_risk(key, rows) for key, rows in by_key.items()]
        checks = self._known.checks
        others = {*checks.on, *checks.off} - by_key.keys()
        return [*risks, *map(Risk, sorted(others))]

    async def _read_records_again(self, records: Records, strays: Strays) -> None:
        """Find the records that changed while the lists were read, or that rows may hide from."""
        known = self._known
        again = {seen.uuid: seen.same for seen in (await records.compare(known.records)).rows}
        # A look at one that is gone tells so.
        known.changed = {uuid for uuid in known.records if not again.get(uuid, False)}
        known.gathered.doubtful |= strays.doubtful(again.keys())
        strangers = known.gathered.findings.keys() - known.records.keys() - again.keys()
        if self._scope.is_everything and strangers:
            self._notes.append(_STRANGERS.format(len(strangers)))

    def _subjects(self) -> Iterator[Subject]:
        """Yield the images that are not judged yet, in their order."""
        now = self._means.client.now()
        for uuid, record in self._known.records.items():
            if uuid not in self._judged:
                yield Subject(record, self._known, self._bench, now)

    async def _judge_by_lists(self) -> list[Subject]:
        """Judge what the lists decide; return those to look at one by one.

        These are the images in doubt, and some of the blocked, for their details.
        """
        to_look_at = []
        detailed = 0
        for number, subject in enumerate(self._subjects()):
            blocks = subject.blocks
            detailed += blocks
            shown = blocks and (detailed <= MOST_DETAILED or self._known.gathered.problems)
            if shown or (not blocks and subject.needs_a_look):
                to_look_at.append(subject)
            else:
                self._judged[subject.record.uuid] = self._judge(subject, None)
            if number % _OTHERS_TURN == 0:
                await anyio.lowlevel.checkpoint()
        return to_look_at

    async def _look_at(self, subjects: Sequence[Subject]) -> None:
        """Look at single images with all the rules of ``gate check``."""
        targets = {subject.target: subject.record.uuid for subject in subjects[:MOST_LOOKS]}
        if len(subjects) > MOST_LOOKS:
            self._notes.append(_TOO_MANY.format(len(subjects), MOST_LOOKS))
        if not targets:
            return
        self._progress.looks_expected += len(targets)
        wait = Wait(
            dict.fromkeys(targets, self._means.reader),
            scans=self._means.scans,
            clock=self._means.clock,
            patience=self._means.patience,
            watcher=self._means.watcher,
        )
        try:
            await wait.run()
        finally:
            self._known.looked = {targets[target]: seen for target, seen in wait.evidence.items()}
            self._progress.looks += len(self._known.looked)

    def verdict(self, trouble: GateError | None) -> Verdict:
        """Judge what is known."""
        judged = {each.record.uuid: self._judge(each, trouble) for each in self._subjects()}
        judged |= self._judged
        images = [judged[uuid] for uuid in self._known.records]
        notes = [*self._notes, *self._known.gathered.problems, *notes_on(self._known.checks)]
        if trouble is not None:
            notes.insert(0, f"The audit was not finished: {trouble}")
        nothing_because = trouble.exit_code if trouble is not None and not images else None
        return judge_run(
            images,
            generated_at=self._means.clock.now(),
            service=self._means.service,
            policies=self._bench.policies.sources,
            notes=[*notes, *self._policy_notes(images)],
            ended_by=self._means.stop.ended_by or nothing_because,
            whole=self._all_records,
        )

    def _policy_notes(self, images: Sequence[ImageVerdict]) -> tuple[str, ...]:
        decided = (
            (
                self._bench.names_of(reference_of(record)),
                (decision.finding for decision in image.decisions),
            )
            for record, image in zip(self._known.records.values(), images, strict=True)
            if image.outcome is not Outcome.UNDECIDED
        )
        policies = self._bench.policies
        return policies.notes(decided if policies.tell_images_apart else ())

    def _judge(self, subject: Subject, trouble: GateError | None) -> ImageVerdict:
        evidence = subject.evidence(trouble)
        return judge_image(
            str(subject.reference).removeprefix("/"),
            evidence,
            subject.decisions_on(evidence),
            tolerated=isinstance(evidence, Unscanned)
            and self._bench.policies.tolerates(evidence.reason),
            digest=subject.reference.digest or "",
        )


_RECORDS_MOVED = "The records could not all be read, so images may be missing here: {0}"
_STRANGERS = "Images that have build risks but no record in a registry, so are not judged: {0}."
_TOO_MANY = (
    "{0} images could not be decided by the lists alone, and the first {1} were looked at one by "
    "one. Audit a namespace at a time (--namespace) to decide the others."
)


def _name(record: ImageRecord) -> tuple[str, ...]:
    return record.repo_namespace, record.repo_name, record.tag, record.digest


def _risk(key: str, rows: Sequence[CatalogueRow]) -> Risk:
    """Describe a risk, which may stand in the catalogue once for each level."""
    first = rows[0]
    return Risk(
        key=key,
        name=first.risk_key_name,
        risk_class=first.risk_class,
        class_name=first.risk_class_name,
        images=max(row.count or 0 for row in rows),
    )
