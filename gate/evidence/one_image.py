"""Look at one identified image: its details, the checks, and the second witness."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
from msgspec import Struct, field

from gate.errors import GateError
from gate.evidence.checks import lacking, notes_on, with_checks
from gate.evidence.choose import Chosen, choose
from gate.evidence.details import Details, read_details
from gate.evidence.records import image_of
from gate.evidence.rows import MOST_ROWS
from gate.evidence.scan import doing, finished_before_the_running, scan_of, state_of
from gate.evidence.target import Look
from gate.evidence.witness import agree
from gate.findings import IdentifiedBy, Reason, Scan, Scanned, ScanState, Unscanned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.clock import Clock
    from gate.evidence.checks import Checks
    from gate.evidence.later import Lazily
    from gate.evidence.records import Identified
    from gate.evidence.rows import RepositoryRows
    from gate.evidence.target import Target
    from gate.security_center import ImageRecord, SecurityCenter

_READINGS = 3  # how often evidence that is incomplete or contradicts itself is read
_Why = tuple[Reason, str]
_PAUSE = 0.5  # seconds before it is read again, growing by as much each time


class Memory(Struct):
    """What earlier looks saw, so that a poll reads only what may have changed.

    ``read`` holds, by ``Uuid``, the state in which a record's details were read.
    """

    read: dict[str, tuple[str, int | None]] = field(default_factory=dict)


class OneImage(Struct, frozen=True):
    """One look at the records that were identified as one image."""

    client: SecurityCenter
    clock: Clock
    memory: Memory
    target: Target
    identified: Identified
    rows: RepositoryRows
    checks: Lazily[Checks]

    async def look(self) -> Look:
        """Look for a block first, which needs no more than complete details, then for a pass.

        A pass (``Scanned``) still has to be confirmed by a last look at the record. Raises the
        trouble that the client met, unless what is known blocks all the same.
        """
        chosen = choose(
            self.identified, self.target, self.client.now(), await self._scanned_before()
        )
        chosen_record = chosen.record if isinstance(chosen, Chosen) else None
        details, troubles = await self._details(chosen_record)
        for record in self.identified.records:
            known = details.get(record.uuid)
            if known is not None and self._blocks(known):
                return self._blocked(record, known)
        if troubles:
            raise troubles[0]
        if isinstance(chosen, Chosen):
            return await self._pass(chosen, details[chosen.record.uuid])
        return Look(
            evidence=chosen.why,
            record=chosen.record,
            waiting=chosen.waiting,
            doing=doing(chosen.record),
        )

    async def _scanned_before(self) -> frozenset[str]:
        """Return the records whose last finished scan counts although another one runs."""
        if not self.target.requirements.accept_previous:
            return frozenset()
        uuids = set()
        for record in self.identified.records:
            runs_again = state_of(record) is ScanState.RUNNING and record.last_scan_time
            if runs_again and await self._finished_before(record):
                uuids.add(record.uuid)
        return frozenset(uuids)

    async def _finished_before(self, record: ImageRecord) -> bool:
        try:
            tasks = await self.client.latest_scan_tasks(record.digest.removeprefix("sha256:"))
        except GateError:
            return False  # not shown, so it does not count; a block may still be found
        return finished_before_the_running(record, tasks)

    async def _details(
        self, chosen: ImageRecord | None
    ) -> tuple[dict[str, Details], list[GateError]]:
        """Read the details of the chosen record, and of others that may hold a block.

        What one record's reading meets does not end that of the others.
        """
        found: dict[str, Details] = {}
        troubles: list[GateError] = []

        async def read(record: ImageRecord) -> None:
            try:
                found[record.uuid] = await read_details(self.client, record.uuid)
            except GateError as trouble:
                troubles.append(trouble)

        async with anyio.create_task_group() as group:
            for record in self.identified.records:
                if record is chosen or self._may_block(record):
                    group.start_soon(read, record)
        return found, troubles

    def _may_block(self, record: ImageRecord) -> bool:
        """Tell whether a record's details may hold what an earlier look did not see.

        By tag alone, only a scan that counts is certain to be about the image.
        """
        if self.identified.by is not IdentifiedBy.DIGEST:
            return False
        if state_of(record) is ScanState.FINISHED:
            return True
        seen = (record.sca_status, record.last_scan_time)
        new = self.memory.read.get(record.uuid) != seen
        self.memory.read[record.uuid] = seen
        return new

    def _blocks(self, details: Details) -> bool:
        return details.complete and self.target.blocks(details.findings)

    def _blocked(self, record: ImageRecord, details: Details) -> Look:
        """Return a certain block; it claims no more than that."""
        return Look(
            evidence=Unscanned(
                reason=Reason.INCOMPLETE,
                message="Only what blocks was read to its end.",
                image=image_of(record, self.target.platform),
                identified_by=self.identified.by,
                scan=scan_of(record, self.client.now()),
                findings=details.findings,
            ),
            record=record,
            blocks=True,
        )

    async def _pass(self, chosen: Chosen, details: Details) -> Look:
        """Return the look that may become a pass: checks on, details complete and agreed to."""
        checks = await self.checks.get()
        scan = with_checks(chosen.scan, checks)
        refusal = lacking(checks, self.target.requirements)
        if refusal:
            return self._undecided(refusal, chosen.record, scan, waiting=False)
        why: _Why | None = None
        for reading in range(_READINGS):
            if reading:
                await self._pause(reading)
                details = await read_details(self.client, chosen.record.uuid)
                if self._blocks(details):
                    return self._blocked(chosen.record, details)
            why, note = await self._contradicted(chosen.record, details, reading)
            if why is None:
                return self._scanned(chosen, scan, details, (*notes_on(checks), *note))
        return self._undecided(why or _NEVER_READ, chosen.record, scan, waiting=True)

    async def _contradicted(
        self, record: ImageRecord, details: Details, reading: int
    ) -> tuple[_Why | None, tuple[str, ...]]:
        """Return why a set of details can't be believed, if so, and what to note if not."""
        if details.problem:
            return self._incomplete(details.problem), ()
        if details.contradiction:
            return self._disagreeing(details.contradiction), ()
        rows = await self.rows.get(reading)
        if rows.too_long:
            return await self._read_twice(record, details)
        certain = rows.certain_of(record.uuid)
        if certain is None:
            return self._incomplete(rows.problem), ()
        if not agree(details.findings, record.uuid, certain):
            own = sum(row.uuid == record.uuid for row in certain)
            return self._disagreeing(_MISMATCH.format(len(details.findings), own)), ()
        return None, ()

    async def _read_twice(
        self, record: ImageRecord, details: Details
    ) -> tuple[_Why | None, tuple[str, ...]]:
        """Compare details with a second reading of them, where the rows are too many to read."""
        again = await read_details(self.client, record.uuid)
        if again.complete and Counter(again.findings) == Counter(details.findings):
            return None, (_READ_TWICE.format(self.target.name, MOST_ROWS),)
        return self._disagreeing("two readings of its details differ."), ()

    def _incomplete(self, problem: str) -> _Why:
        return Reason.INCOMPLETE, _INCOMPLETE.format(self.target.name, problem)

    def _disagreeing(self, contradiction: str) -> _Why:
        return Reason.DISAGREEING, _DISAGREEING.format(self.target.name, contradiction)

    async def _pause(self, reading: int) -> None:
        await self.clock.sleep(_PAUSE * reading)
        await anyio.lowlevel.checkpoint()  # a simulated clock may not yield to other tasks

    def _scanned(self, chosen: Chosen, scan: Scan, details: Details, notes: Sequence[str]) -> Look:
        return Look(
            evidence=Scanned(
                image=image_of(chosen.record, self.target.platform),
                identified_by=self.identified.by,
                scan=scan,
                findings=details.findings,
                notes=tuple(notes),
            ),
            record=chosen.record,
            settled=scan.age is not None and scan.age >= self.target.requirements.settle,
            doing="finished; findings may still arrive",
        )

    def _undecided(self, why: _Why, record: ImageRecord, scan: Scan, *, waiting: bool) -> Look:
        reason, message = why
        return Look(
            evidence=Unscanned(
                reason=reason,
                message=message,
                image=image_of(record, self.target.platform),
                identified_by=self.identified.by,
                scan=scan,
            ),
            record=record,
            waiting=waiting,
            doing=f"{reason.value}; reading again" if waiting else "",
        )


_INCOMPLETE = (
    "The findings of {0} could not all be read: {1} Run the gate again; if it stays so, give it "
    "more time (--wait)."
)
_DISAGREEING = (
    "What Security Center says of {0} contradicts itself: {1} Its findings may still be arriving: "
    "run the gate again, or give it more time (--wait)."
)
_READ_TWICE = (
    "{0}: its repository has more than {1} rows, so its details were read twice instead of being "
    "compared with them."
)

_MISMATCH = (
    "its details hold {0} findings, its repository's list {1} rows, and their levels and statuses "
    "do not match."
)
_NEVER_READ = (Reason.INCOMPLETE, "Its findings were not read.")
