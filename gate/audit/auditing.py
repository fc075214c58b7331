"""The spine of an audit: records and lists in, a verdict on every image out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import anyio.lowlevel
from msgspec import Struct, field

from gate.audit.account import AccountRecords, reference_of
from gate.audit.collecting import Collector, PossibleRisk
from gate.audit.risk_lists import RiskLists, RowMatcher
from gate.audit.subject import Inventory, Subject
from gate.check import ScanMode, Scans, Wait, Waiting
from gate.errors import GateError
from gate.evidence import Advice, moment, read_checks
from gate.findings import Unscanned
from gate.verdict import Audited, Outcome, judge_image, judge_run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.audit.account import Headway, Scope
    from gate.check import Stop
    from gate.connect import Connections
    from gate.policy import Policies
    from gate.reference import Names
    from gate.security_center import CatalogueRow, ImageRecord, SecurityCenter
    from gate.verdict import ImageVerdict, Verdict

# Images that are looked at one by one, because the lists don't decide them: each takes about ten
# requests, so more of them would cost more than reading all lists again.
MOST_LOOKS = 500
# Blocked images whose findings are read in full, for the reports.
MOST_DETAILED = 20
_OTHERS_TURN = 1000  # images that are judged before signals and progress have their turn
_RECORDS_MOVED = "The records could not all be read, so images may be missing here: {0}"
_STILL_NEW = "Each reading held records that those before it did not."
_UNKNOWN = (
    "Images that have build risks but no record in a registry, so are not judged: {0}, such as "
    "{1}. Run the audit again; if it stays so, see the console for them."
)
_FIRST_READINGS = 3  # of the records, while they aren't complete
_MOST_READINGS = 5  # of the records in all
_MOST_PLACES = 50  # repositories in which unknown records are looked for once more
_MOST_NAMED = 5
_TOO_MANY = (
    "{0} images could not be decided by the lists alone, and the first {1} were looked at one by "
    "one. Audit a namespace at a time (--namespace) to decide the others."
)


async def audit(  # noqa: PLR0913 - what an audit is about, each by its name
    scope: Scope,
    policies: Policies,
    connections: Connections,
    *,
    region: str | None,
    headway: Headway,
    stop: Stop,
    thorough: bool = False,
) -> Verdict:
    """Judge the images of a scope, in the order of their names.

    ``region`` must be prepared in ``connections``. If ``thorough``, all is read of blocked images,
    too, so that others can judge them again. Trouble on the way, or being stopped, leaves what it
    concerns undecided; it is no exception.
    """
    policies = policies.following(connections.today)
    inventory = Inventory(thorough=thorough)
    auditing = _Auditing(scope, policies, connections, region, headway, stop, inventory)
    trouble: GateError | None = None
    with stop.scope:
        try:
            await auditing.run()
        except* GateError as several:
            trouble = _first(several)
    return auditing.verdict(trouble)


def _first(several: BaseExceptionGroup[GateError]) -> GateError:
    """Return the first of the troubles that tasks met at once."""
    one = several.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one


class _Auditing(Struct):
    """One audit; a verdict can be made of it at any moment.

    The lists decide most images at once, whatever their number, but only if they are about the
    state in which the records are. So the records are read before and after the lists, and an
    image that changed between, that rows may have been lost of, or that the answers contradict one
    another about is looked at by itself, with all the rules of a check. An audit may leave an
    image undecided that a check would pass; it never passes one that a check would not.
    """

    scope: Scope
    policies: Policies
    connections: Connections
    region: str | None
    headway: Headway
    stop: Stop
    inventory: Inventory
    notes: list[str] = field(default_factory=list)
    all_records: bool = False
    judged: dict[str, ImageVerdict] = field(default_factory=dict)

    @property
    def _tells_apart(self) -> bool:
        """Whether the tags of each image matter."""
        return self.policies.tell_images_apart or self.inventory.thorough

    @property
    def client(self) -> SecurityCenter:
        """The Security Center whose account is audited."""
        return self.connections.client(self.region)

    async def run(self) -> None:
        """Gather the evidence: records, lists by risk, records again, then single images."""
        client, inventory = self.client, self.inventory
        inventory.advice = Advice.of(self.connections.settings.run)
        records = AccountRecords(client, self.scope, self.headway)
        inventory.checks = await read_checks(client)
        began = client.now()
        for _ in range(_FIRST_READINGS):
            if not (await records.read()).problem:
                break
        inventory.take(records.all, tell_apart=self._tells_apart)
        matcher = RowMatcher(records.all, self.scope)
        lists = RiskLists(client, self.headway, matcher)
        risks = await self._risks()
        await Collector(lists, self.scope, risks, inventory.collected).run()
        self.all_records = await self._read_records_again(records, began)
        await self._look_up(records, matcher)
        inventory.collected.doubtful |= matcher.doubtful(records.all.keys() | records.elsewhere)
        inventory.take(records.all, tell_apart=self._tells_apart)
        inventory.whole = True
        # The day is asked for once, not for each of very many images.
        self.policies = self.policies.settled()
        await self._look_at(await self._judge_by_lists())

    async def _read_records_again(self, records: AccountRecords, began: datetime) -> bool:
        """Find records that changed since, or that no reading held; tell whether that was all.

        Readings go on while one adds a record that is older than the audit: where one slid through,
        another may have. Those that came meanwhile don't matter.
        """
        before = set(records.all)
        same: set[str] = set()
        changed: set[str] = set()
        problem = ""
        while records.readings < _MOST_READINGS:
            reading = await records.read()
            same |= reading.same
            changed |= reading.changed
            came = [record for record in reading.new if _came_since(record, began)]
            for record in came:
                records.leave_out(record)
            problem = reading.problem
            if not problem and len(came) == len(reading.new):
                break
        else:
            self.notes.append(_RECORDS_MOVED.format(problem or _STILL_NEW))
            problem = problem or _STILL_NEW
        # A look at one that is gone tells so.
        self.inventory.changed = (records.all.keys() - (same & before)) | changed
        return not problem

    async def _look_up(self, records: AccountRecords, matcher: RowMatcher) -> None:
        """Look once more for the records of rows that no reading explains."""
        known = records.all.keys() | records.elsewhere
        for place, uuids in sorted(matcher.unknown(known).items())[:_MOST_PLACES]:
            if all(place[1:]):
                await records.look_up(place, uuids)
        known = records.all.keys() | records.elsewhere
        unknown = sorted(
            f"{'/'.join(place[1:])} ({uuid})"
            for place, uuids in matcher.unknown(known).items()
            for uuid in uuids
        )
        self.inventory.changed |= records.all.keys() - self.inventory.records.keys()
        if unknown:
            self.all_records = False
            self.notes.append(_UNKNOWN.format(len(unknown), ", ".join(unknown[:_MOST_NAMED])))

    async def _risks(self) -> list[PossibleRisk]:
        """Return the risks that images may have: those that some have, and all checks."""
        listing = await self.client.build_risks()
        if not listing.complete:
            self.inventory.collected.problems.append(
                f"The list of build risks could not all be read: {listing.problem}"
            )
        by_key: dict[str, list[CatalogueRow]] = {}
        for row in listing.rows:
            by_key.setdefault(row.risk_key, []).append(row)
        risks = [_risk(key, rows) for key, rows in by_key.items()]
        checks = self.inventory.checks
        others = {*checks.on, *checks.off} - by_key.keys()
        return [*risks, *map(PossibleRisk, sorted(others))]

    def _subjects(self) -> Iterator[Subject]:
        """Yield the images that are not judged yet, in their order."""
        now = self.client.now()
        for uuid, record in self.inventory.records.items():
            if uuid not in self.judged:
                yield Subject(record, self.inventory, self.policies, now)

    async def _judge_by_lists(self) -> list[Subject]:
        """Judge what the lists decide; return those to look at one by one.

        These are the images in doubt, and some of the blocked: for their details, and in a thorough
        audit those that are in doubt, as long as there is room for them.
        """
        to_look_at: list[Subject] = []
        also: list[Subject] = []
        detailed = 0
        for number, subject in enumerate(self._subjects()):
            blocks = subject.blocks
            detailed += blocks
            shown = blocks and (detailed <= MOST_DETAILED or self.inventory.collected.problems)
            if shown or (not blocks and subject.needs_a_look):
                to_look_at.append(subject)
            elif self.inventory.thorough and subject.needs_a_look:
                also.append(subject)
            else:
                self.judged[subject.record.uuid] = self._judge(subject, None)
            if number % _OTHERS_TURN == 0:
                await anyio.lowlevel.checkpoint()
        return [*to_look_at, *also[: max(0, MOST_LOOKS - len(to_look_at))]]

    async def _look_at(self, subjects: Sequence[Subject]) -> None:
        """Look at single images with all the rules of ``gate check``."""
        targets = {subject.target: subject.record.uuid for subject in subjects[:MOST_LOOKS]}
        if len(subjects) > MOST_LOOKS:
            self.notes.append(_TOO_MANY.format(len(subjects), MOST_LOOKS))
        if not targets:
            return
        self.headway.looks_expected += len(targets)
        wait = Wait(
            dict.fromkeys(targets, self.connections.reader(self.region)),
            self.connections.settings.run,
            Waiting(stop=self.stop),
            Scans(ScanMode.NEVER, lambda _: self.client),
        )
        try:
            await wait.run()
        finally:
            self.inventory.looked = {
                targets[target]: evidence for target, evidence in wait.evidence.items()
            }
            self.headway.looks += len(self.inventory.looked)

    def verdict(self, trouble: GateError | None) -> Verdict:
        """Judge what is known."""
        judged = {each.record.uuid: self._judge(each, trouble) for each in self._subjects()}
        judged |= self.judged
        images = [judged[uuid] for uuid in self.inventory.records]
        notes = [*self.notes, *self.inventory.collected.problems, *self.inventory.checks.notes]
        if self.stop.who:
            notes.insert(0, f"{self.stop.who}: what was not decided by then is undecided.")
        if trouble is not None:
            notes.insert(0, f"The audit was not finished: {trouble}")
        nothing_because = trouble.exit_code if trouble is not None and not images else None
        return judge_run(
            images,
            generated_at=self.connections.settings.run.clock.now(),
            service=self.connections.service(),
            policies=self.policies.sources,
            notes=[*notes, *self.connections.notes(), *self._policy_notes(images)],
            ended_by=self.stop.ended_by or nothing_because,
            whole=self.all_records,
            audited=Audited(namespace=self.scope.namespace, repository=self.scope.repository),
        )

    def _policy_notes(self, images: Sequence[ImageVerdict]) -> tuple[str, ...]:
        policies = self.policies
        decided = [
            (record, image)
            for record, image in zip(self.inventory.records.values(), images, strict=True)
            if image.outcome is not Outcome.UNDECIDED
        ]
        about = ((_names(record, image), image.findings) for record, image in decided)
        clicked = (
            (reference_of(record).in_short, _names(record, image), image.decisions)
            for record, image in decided
            if any(decision.finding.status.is_clicked for decision in image.decisions)
        )
        return (
            *policies.notes(about if policies.tell_images_apart else ()),
            *policies.clicks(clicked),
        )

    def _judge(self, subject: Subject, trouble: GateError | None) -> ImageVerdict:
        evidence = subject.evidence(trouble)
        return judge_image(
            str(subject.reference).removeprefix("/"),
            evidence,
            subject.decisions_on(evidence),
            tolerated=isinstance(evidence, Unscanned) and self.policies.tolerates(evidence.reason),
            digest=subject.reference.digest or "",
        )


def _names(record: ImageRecord, image: ImageVerdict) -> Names:
    return reference_of(record).names(image.image.tags if image.image else ())


def _came_since(record: ImageRecord, began: datetime) -> bool:
    """Tell whether an image was pushed since; what can't be told was there before."""
    pushed = moment(record.image_update)
    return pushed is not None and began <= pushed < began + timedelta(days=1)


def _risk(key: str, rows: Sequence[CatalogueRow]) -> PossibleRisk:
    """Describe a risk, which may stand in the catalogue once for each level."""
    first = rows[0]
    return PossibleRisk(
        key=key,
        name=first.risk_key_name,
        risk_class=first.risk_class,
        class_name=first.risk_class_name,
        images=max(row.count or 0 for row in rows),
    )
