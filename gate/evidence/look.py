"""Look at one identified image: its details of each kind, and what must confirm them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
from msgspec import Struct, field
from msgspec.structs import replace

from gate.errors import GateError
from gate.evidence.freshness import CountingScan, choose
from gate.evidence.identification import image_of, with_another_digest, with_prefix
from gate.evidence.kinds.kind import Testimony
from gate.evidence.scan import (
    began_after,
    moment,
    scan_of,
    scanned_before_push,
    shows_scan,
    state_of,
)
from gate.evidence.target import Look
from gate.findings import Gathered, IdentifiedBy, Reason, Scan, Scanned, ScanState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gate.clock import Clock
    from gate.evidence.identification import Identified
    from gate.evidence.kinds.kind import Details, FindingKind, Why, Witnesses
    from gate.evidence.target import Target
    from gate.findings import Finding
    from gate.security_center import ImageRecord, SecurityCenter

_READINGS = 3  # how often evidence that is incomplete or contradicts itself is read
_PAUSE = 0.5  # seconds before it is read again, growing by as much each time
_INCOMPLETE = (
    "The findings of {0} could not all be read: {1} Run the gate again; if it stays so, {2}."
)
_DISAGREEING = (
    "What Security Center says of {0} contradicts itself: {1} Its findings may still be arriving: "
    "run the gate again, or {2}."
)
_BESIDE = (
    "the list of its repository ties a finding that a policy blocks to its digest, and names a "
    "record that is not known, or was not read."
)
_ELSEWHERE = "the record of the same digest with the tag {0} holds what a policy blocks: {1}."
_ONLY_A_BLOCK = (Reason.INCOMPLETE, "Only what blocks was read to its end.")
_NEVER_READ = (Reason.INCOMPLETE, "Its findings were not read.")


class Memory(Struct):
    """What earlier looks saw, so that a poll reads only what may have changed.

    ``read`` holds, by ``Uuid``, the state in which a record's details were read; ``details`` are
    those that were read last.
    """

    read: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    details: dict[tuple[str, FindingKind], Details] = field(default_factory=dict)


class _Confirmed(Struct, frozen=True):
    """Details of one kind that their witnesses agree with."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


class OneImage(Struct, frozen=True):
    """One look at the records that were identified as one image."""

    client: SecurityCenter
    clock: Clock
    memory: Memory
    target: Target
    identified: Identified
    kinds: Mapping[FindingKind, Witnesses]
    judged: bool = True
    """Whether the policies count; else what only they refuse is complete."""

    async def look(self) -> Look:
        """Look for a block first, which needs no more than complete details, then for a pass.

        A pass (``Scanned``) still has to be confirmed by a last look at the record. Raises the
        trouble that the client met, unless what was read blocks all the same.
        """
        now, (previous, shown) = self.client.now(), await self._shown_by_tasks()
        chosen = choose(self.identified, self.target, now, previous, shown)
        chosen_record = chosen.record if isinstance(chosen, CountingScan) else None
        details, troubles = await self._details(chosen_record)
        refused = self._first_block(details)
        if refused is not None and not self.target.thorough:
            return refused
        if refused is None:
            if troubles:
                raise troubles[0]
            if isinstance(chosen, CountingScan):
                return await self._pass(chosen, details)
            refused = chosen
        counting = choose(self.identified, self.target.unjudged, now, previous, shown)
        return self._whatever_policies_say(refused, counting, details)

    async def _shown_by_tasks(self) -> tuple[set[str], set[str]]:
        """Return the records whose scan counts because of a task, by ``Uuid``.

        First those whose last finished scan counts although another one runs, if the policy accepts
        it; then those whose scan is of this digest although it ended before the last push. A task
        is known by its digest, so another record's could be taken for it.
        """
        previous, shown = set(), set()
        for record in self.identified.records:
            running = state_of(record) is ScanState.RUNNING and bool(record.last_scan_time)
            again = running and self.target.requirements.accept_previous
            if not again and (running or not scanned_before_push(record)):
                continue
            try:
                tasks = await self.client.latest_scan_tasks(record.digest.removeprefix("sha256:"))
                own = shows_scan(record, tasks)
                before = own or (began_after(record, tasks) and await self._is_alone(record))
            except GateError:
                continue  # not shown, so it does not count; a block may still be found
            if own:
                shown.add(record.uuid)
            if again and before:
                previous.add(record.uuid)
        return previous, shown

    async def _is_alone(self, record: ImageRecord) -> bool:
        """Tell whether no other record, in any repository, has the digest."""
        digest = record.digest.removeprefix("sha256:")
        listing = await self.client.image_records(
            {"digest": digest},
            keep=lambda one: with_prefix(one.digest) == with_prefix(record.digest),
        )
        return listing.complete and {record.uuid} == {one.uuid for one in listing.rows}

    async def _details(
        self, chosen: ImageRecord | None
    ) -> tuple[dict[tuple[str, FindingKind], Details], list[GateError]]:
        """Read the details of the chosen record, and of others that may hold a block.

        What the reading of one record and kind meets does not end that of the others.
        """
        details: dict[tuple[str, FindingKind], Details] = {}
        troubles: list[GateError] = []

        async def read(record: ImageRecord, kind: FindingKind) -> None:
            try:
                details[record.uuid, kind] = await kind.details(record)
            except GateError as trouble:
                troubles.append(trouble)

        async with anyio.create_task_group() as group:
            for record in self.identified.records:
                if record is chosen or self._may_block(record):
                    for kind in self.kinds:
                        group.start_soon(read, record, kind)
            if chosen is not None:
                for record in self.identified.others:
                    for kind in self.kinds:
                        group.start_soon(read, record, kind)
        self.memory.details |= details
        return details, troubles

    def _may_block(self, record: ImageRecord) -> bool:
        """Tell whether a record's details may hold what an earlier look did not see.

        By tag alone, only a scan that counts is certain to be about the image.
        """
        if self.identified.by is not IdentifiedBy.DIGEST:
            return False
        if state_of(record) is ScanState.FINISHED:
            return True
        state = (record.sca_status, record.last_scan_time)
        new = self.memory.read.get(record.uuid) != state
        self.memory.read[record.uuid] = state
        return new

    def _first_block(self, details: Mapping[tuple[str, FindingKind], Details]) -> Look | None:
        """Return the certain block of the newest scan that holds one."""
        for record in self.identified.records:
            of_record = [read for (uuid, _), read in details.items() if uuid == record.uuid]
            block = self._block(record, of_record)
            if block is not None:
                return block
        return None

    def _block(self, record: ImageRecord, details: Sequence[Details]) -> Look | None:
        """Return a certain block, if complete details of any kind hold one; it claims no more."""
        certain = tuple(one for read in details if read.complete for one in read.findings)
        if not self.target.blocks(certain):
            return None
        scan = scan_of(record, self.client.now())
        evidence = self.identified.unscanned(record, self.target, _ONLY_A_BLOCK, scan, certain)
        look = Look(evidence=evidence, record=record, blocks=True)
        return look.knowing(self._gathered(Reason.INCOMPLETE, record, scan))

    def _gathered(self, reason: Reason, record: ImageRecord, scan: Scan) -> Gathered:
        """Return what was read of a record, whatever a policy says, and why it isn't complete."""
        read = {kind.name: self.memory.details.get((record.uuid, kind)) for kind in self.kinds}
        whole = {name: details for name, details in read.items() if details and details.complete}
        return Gathered(
            reason=reason,
            kinds=tuple(whole),
            findings=tuple(one for details in whole.values() for one in details.findings),
            checks=scan.checks,
        )

    def _whatever_policies_say(
        self,
        refused: Look,
        counting: CountingScan | Look,
        details: Mapping[tuple[str, FindingKind], Details],
    ) -> Look:
        """Add to a refusal what keeps the evidence from being complete under every policy.

        ``counting`` is the scan that counts whatever its age; where there is one and its details
        were read, reading on shows whether they are complete.
        """
        scan = refused.evidence.scan
        if isinstance(counting, Look):
            record = refused.record or self.identified.records[0]
            return refused.knowing(
                self._gathered(counting.reason or Reason.INCOMPLETE, record, scan)
            )
        look = refused.knowing(self._gathered(Reason.INCOMPLETE, counting.record, scan))
        if any((counting.record.uuid, kind) not in details for kind in self.kinds):
            return look
        return replace(look, read_on=partial(self._read_on, look, counting, details))

    async def _read_on(
        self,
        refused: Look,
        counting: CountingScan,
        details: Mapping[tuple[str, FindingKind], Details],
    ) -> Look:
        """Look as for a pass, by no policy; the refusal stays, and so it does if that fails."""
        unjudged = replace(self, target=self.target.unjudged, judged=False)
        try:
            look = await unjudged._pass(counting, details)  # noqa: SLF001 - another of its own
        except GateError:
            return replace(refused, read_on=None)
        reason = look.reason or (None if look.settled else Reason.INCOMPLETE)
        gathered = self._gathered(Reason.INCOMPLETE, counting.record, look.evidence.scan)
        return refused.knowing(replace(gathered, reason=reason))

    async def _pass(
        self, chosen: CountingScan, details: Mapping[tuple[str, FindingKind], Details]
    ) -> Look:
        """Return the look that may become a pass: each kind covered, complete and agreed to.

        The witnesses of all kinds were asked before, so one after the other costs no more time.
        """
        scan = chosen.scan
        findings: list[Finding] = []
        notes: list[str] = []
        for kind, witnesses in self.kinds.items():
            coverage = await witnesses.coverage(chosen.record)
            scan = coverage.added_to(scan)
            refusal = coverage.lacking(self.target.requirements)
            if refusal and (self.judged or refusal[0] is not Reason.CHECKS_OFF):
                refused = self._undecided(refusal, chosen.record, scan, waiting=False)
                if not self.judged:
                    return refused
                return self._whatever_policies_say(refused, chosen, details)
            first = details[chosen.record.uuid, kind]
            result = await self._confirmed(kind, witnesses, chosen.record, first, scan)
            if isinstance(result, Look):
                return result
            findings += result.findings
            notes += (*coverage.notes, *result.notes)
        others = await self._of_others(chosen.record, findings, details)
        if isinstance(others, tuple):
            return self._undecided(others, chosen.record, scan, waiting=True)
        notes += others
        return Look(
            evidence=Scanned(
                image=image_of(chosen.record, self.target.platform, self.identified.tags),
                identified_by=self.identified.by,
                scan=scan,
                findings=tuple(findings),
                kinds=tuple(kind.name for kind in self.kinds),
                notes=tuple(notes),
            ),
            record=chosen.record,
            settled=scan.age is not None and scan.age >= self.target.requirements.settle,
            doing="finished; findings may still arrive",
        )

    async def _confirmed(
        self,
        kind: FindingKind,
        witnesses: Witnesses,
        record: ImageRecord,
        details: Details,
        scan: Scan,
    ) -> _Confirmed | Look:
        """Read details until a witness agrees, some times; findings that arrive meanwhile count."""
        doubt = _NEVER_READ
        for reading in range(_READINGS):
            if reading:
                await self._pause(reading)
                details = self.memory.details[record.uuid, kind] = await kind.details(record)
                block = self._block(record, [details])
                if block is not None:
                    return block
            testimony = (
                await witnesses.testify(record, details, reading)
                if details.complete
                else Testimony(details.problem, details.contradiction)
            )
            if testimony.problem:
                doubt = self._incomplete(testimony.problem)
            elif testimony.contradiction:
                doubt = self._disagreeing(testimony.contradiction)
            else:
                if not await self._blocked_beside(record, testimony):
                    note = testimony.note
                    notes = (f"{self.target.name}: {note}",) if note else ()
                    return _Confirmed(details.findings, notes)
                doubt = self._disagreeing(_BESIDE)
        return self._undecided(doubt, record, scan, waiting=True)

    async def _blocked_beside(self, record: ImageRecord, testimony: Testimony) -> bool:
        """Tell whether a witness ties to this digest what blocks, in a record that was not read.

        A row keeps the digest that it was made with: if the record has another one by now, the row
        is not about this image.
        """
        read = {one.uuid for one in (*self.identified.records, *self.identified.others)}
        blocked = {
            uuid
            for uuid, finding in testimony.beside
            if uuid not in read and self.target.blocks([finding])
        }
        if not blocked:
            return False
        digest = with_prefix(record.digest)
        return blocked != await with_another_digest(self.client, self.target, blocked, digest)

    async def _of_others(
        self,
        chosen: ImageRecord,
        findings: Sequence[Finding],
        details: Mapping[tuple[str, FindingKind], Details],
    ) -> Why | list[str]:
        """Compare with other records of the same digest, which is the same content.

        What blocks there, and was not found here at all, contradicts a pass if that scan is no
        older; of an older one it is a note.
        """
        here = set(map(_content, findings))
        notes = []
        for (uuid, kind), read in details.items():
            other = next((one for one in self.identified.others if one.uuid == uuid), None)
            if other is None:
                continue
            there, this = moment(other.last_scan_time), moment(chosen.last_scan_time)
            older = there is not None and this is not None and there < this
            for reading in range(1, _READINGS):
                if read.complete or older:
                    break
                await self._pause(reading)
                read = await kind.details(other)  # noqa: PLW2901 - the same, once more
            if not (read.complete or older):
                doubt = read.problem or read.contradiction
                return self._incomplete(doubt)
            only_there = [
                one
                for one in read.findings
                if _content(one) not in here and self.target.blocks([one])
            ]
            if only_there:
                risks = ", ".join(sorted({one.risk for one in only_there}))
                sentence = _ELSEWHERE.format(other.tag or "(no tag)", risks)
                if not older:
                    return self._disagreeing(sentence)
                notes.append(f"{self.target.name}: an older scan says otherwise: {sentence}")
        return notes

    def _incomplete(self, problem: str) -> Why:
        target = self.target
        sentence = _INCOMPLETE.format(target.name, problem, target.advice.more_time)
        return Reason.INCOMPLETE, sentence

    def _disagreeing(self, contradiction: str) -> Why:
        target = self.target
        sentence = _DISAGREEING.format(target.name, contradiction, target.advice.more_time)
        return Reason.DISAGREEING, sentence

    async def _pause(self, reading: int) -> None:
        await self.clock.sleep(_PAUSE * reading)
        await anyio.lowlevel.checkpoint()  # a simulated clock may not yield to other tasks

    def _undecided(self, why: Why, record: ImageRecord, scan: Scan, *, waiting: bool) -> Look:
        look = Look(
            evidence=self.identified.unscanned(record, self.target, why, scan),
            record=record,
            waiting=waiting,
            doing=f"{why[0].value}; reading again" if waiting else "",
        )
        return look.knowing(self._gathered(why[0], record, scan))


def _content(finding: Finding) -> tuple[str, str, str, str]:
    """Return what a finding is about, whatever was done about it and wherever it was found."""
    return finding.kind, finding.risk, finding.fact("layer"), finding.fact("command")
