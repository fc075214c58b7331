"""Look at many images: which records they have, how often they are looked at, and when to stop.

The order for one repository is: records; details of the records, rows and checks at once; then,
before a pass only, the records again. The first round is a single request for one image, so that a
fleet which starts at the same moment meets a quota with one request each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from msgspec.structs import replace

from gate.errors import AccessError, GateError
from gate.evidence.identification import Identified, find_records
from gate.evidence.kinds import KINDS
from gate.evidence.kinds.build_risk import BuildRisks
from gate.evidence.look import Memory, OneImage
from gate.evidence.scan import scan_of, state_of
from gate.evidence.target import Look
from gate.findings import Reason, ScanState, Unscanned, instead_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gate.clock import Clock
    from gate.evidence.kinds.kind import FindingKind, Witnesses
    from gate.evidence.target import Target
    from gate.security_center import ImageRecord, SecurityCenter

_LAST_LOOKS = 3  # how often a record may change under the gate's eyes
_MAY_CHANGE = frozenset((Reason.MISSING, Reason.INCOMPLETE))
_NOT_KNOWN = "not known to Security Center yet"


class EvidenceReader:
    """Reads the evidence of images from one Security Center; one reader serves all looks."""

    def __init__(self, client: SecurityCenter, clock: Clock) -> None:
        self.client = client
        self._clock = clock
        self._memory = Memory()
        self._build_risks = BuildRisks(client)
        self._kinds: list[FindingKind] = [
            self._build_risks if kind is BuildRisks else kind(client) for kind in KINDS.values()
        ]

    @property
    def throttled(self) -> int:
        """How many answers so far said that requests come too fast."""
        return self.client.throttled

    async def checks(self) -> tuple[str, ...] | None:
        """Return the keys of the checks that are on; ``None`` if that can't be told."""
        try:
            checks = await self._build_risks.checks()
        except GateError:
            return None
        return None if checks.unknown_because else checks.on

    async def look(
        self, targets: Sequence[Target], tell: Callable[[Target, Look], None]
    ) -> dict[Target, Look]:
        """Look at each target once; trouble with one of them becomes its evidence.

        ``tell`` is called as soon as a target's look is over, those of others may go on.
        """
        repositories: dict[tuple[str, str], list[Target]] = {}
        for target in targets:
            key = (target.reference.namespace, target.reference.repository)
            repositories.setdefault(key, []).append(target)
        looks: dict[Target, Look] = {}

        def keep(target: Target, look: Look) -> None:
            looks[target] = look
            tell(target, look)

        async with anyio.create_task_group() as group:
            for own in repositories.values():
                group.start_soon(self._look_at_repository, own, keep)
        return looks

    async def _look_at_repository(
        self, targets: Sequence[Target], keep: Callable[[Target, Look], None]
    ) -> None:
        reference = targets[0].reference
        key = (reference.namespace, reference.repository)
        matches = await self._find(targets)
        for target, unknown in list(matches.items()):
            if isinstance(unknown, Unscanned):
                keep(target, _unknown(target, unknown))
                del matches[target]
        if not matches:
            return
        async with anyio.create_task_group() as group:
            kinds = {kind: kind.witnesses(group, *key) for kind in self._kinds}
            if _may_pass(matches.values()):
                for witnesses in kinds.values():
                    witnesses.begin()
            await self._until_still(matches, kinds, keep)
            group.cancel_scope.cancel()  # a block needs no witness: don't wait for one

    async def _until_still(
        self,
        matches: dict[Target, Identified | Unscanned],
        kinds: Mapping[FindingKind, Witnesses],
        keep: Callable[[Target, Look], None],
    ) -> None:
        """Look until no record changes between the details and the last look at it."""
        for _ in range(_LAST_LOOKS):
            passing = await self._look_at_all(matches, kinds, keep)
            if not passing:
                return
            matches = await self._find(list(passing))
            for target, look in passing.items():
                same = _same_record(look, matches[target])
                if same or isinstance(look.evidence, Unscanned):
                    keep(target, look if same else _no_more_complete(look))
                    del matches[target]
            if not matches:
                return
        for target in matches:
            keep(target, _moved(target, passing[target]))

    async def _find(self, targets: Sequence[Target]) -> dict[Target, Identified | Unscanned]:
        try:
            return await find_records(self.client, targets)
        except GateError as trouble:
            return {target: unscanned_by(trouble) for target in targets}

    async def _look_at_all(
        self,
        matches: dict[Target, Identified | Unscanned],
        kinds: Mapping[FindingKind, Witnesses],
        keep: Callable[[Target, Look], None],
    ) -> dict[Target, Look]:
        """Return the looks that show complete evidence, which the last look has to confirm."""
        passing: dict[Target, Look] = {}

        async def one(target: Target, identified: Identified | Unscanned) -> None:
            look = await self._look_at(target, identified, kinds)
            if look.read_on is not None:
                keep(target, look)
                look = await look.read_on()
            if look.complete:
                passing[target] = look
            else:
                keep(target, look)

        async with anyio.create_task_group() as group:
            for target, identified in matches.items():
                group.start_soon(one, target, identified)
        return passing

    async def _look_at(
        self,
        target: Target,
        identified: Identified | Unscanned,
        kinds: Mapping[FindingKind, Witnesses],
    ) -> Look:
        if isinstance(identified, Unscanned):
            return _unknown(target, identified)
        try:
            judged = target.tagged(identified.tags)
            image = OneImage(self.client, self._clock, self._memory, judged, identified, kinds)
            return await image.look()
        except GateError as trouble:
            record = identified.records[0]
            scan = scan_of(record, self.client.now())
            why = _reason_of(trouble), str(trouble)
            evidence = identified.unscanned(record, target, why, scan)
            return Look(evidence=evidence, record=record)


def _may_pass(matches: Iterable[Identified | Unscanned]) -> bool:
    """Tell whether a pass may come of a look, so that it will need the witnesses."""
    return any(
        state_of(record) is ScanState.FINISHED
        for identified in matches
        if isinstance(identified, Identified)
        for record in identified.records
    )


def _unknown(target: Target, why: Unscanned) -> Look:
    waits = why.reason in _MAY_CHANGE and not target.optional
    return Look(evidence=why, waiting=waits, doing=_NOT_KNOWN if waits else "")


def _same_record(look: Look, again: Identified | Unscanned) -> bool:
    """Tell whether the last look shows the record as it was when its details were read."""
    if not isinstance(again, Identified) or look.record is None:
        return False
    return any(_fingerprint(record) == _fingerprint(look.record) for record in again.records)


def _fingerprint(record: ImageRecord) -> tuple[str, str, str, int | None, int | None]:
    return (
        record.uuid,
        record.digest,
        record.sca_status,
        record.last_scan_time,
        record.image_update,
    )


def _no_more_complete(look: Look) -> Look:
    """Return a look that a policy refused, as its record changed: nobody else may pass it."""
    return look.knowing(replace(look.evidence.gathered, reason=Reason.INCOMPLETE))


def _moved(target: Target, look: Look) -> Look:
    moved = Unscanned(
        reason=Reason.MOVED,
        message=f"The record of {target.name} changed each time while its findings were read. Run "
        "the gate again when the image is no longer pushed or scanned.",
        scan=look.evidence.scan,
    )
    return Look(
        evidence=instead_of(replace(look.evidence, notes=()), moved),
        record=look.record,
        waiting=True,
        doing="its record keeps changing",
    )


def unscanned_by(trouble: GateError) -> Unscanned:
    """Return what a trouble with Security Center means for one image."""
    return Unscanned(reason=_reason_of(trouble), message=str(trouble))


def _reason_of(trouble: GateError) -> Reason:
    return Reason.ACCESS if isinstance(trouble, AccessError) else Reason.SERVICE
