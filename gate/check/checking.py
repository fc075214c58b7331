"""The spine: images in, a verdict out.

The digest of each image, its evidence, the decisions of the policies, the verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from msgspec import Struct, field
from msgspec.structs import replace

from gate.check.scanning import Scans
from gate.check.targets import find_targets
from gate.check.waiting import Wait
from gate.errors import GateError
from gate.evidence import unscanned_by
from gate.findings import Reason, Unscanned, instead_of
from gate.registry import Unresolved
from gate.verdict import Outcome, judge_image, judge_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gate.check.targets import Question, Wanted
    from gate.check.waiting import Waiting
    from gate.connect import Connections
    from gate.evidence import Target
    from gate.findings import Evidence, Image
    from gate.reference import ImageReference, Names
    from gate.verdict import ImageVerdict, Verdict


async def check(  # noqa: PLR0913 - what a verdict is about, each by its name
    images: Sequence[ImageReference],
    question: Question,
    connections: Connections,
    waiting: Waiting,
    *,
    beside: Sequence[ImageVerdict] = (),
    notes: Sequence[str] = (),
    allow_none: bool = False,
    command: str = "check",
    thorough: bool = False,
) -> Verdict:
    """Judge images, in their order; a platform of an index is an entry of its own.

    The regions of the images must be prepared in ``connections``. Trouble with one image is its
    evidence, never an exception. A verdict is always made: an image that nothing is known of when
    ``waiting.stop`` ends the gathering is undecided. ``beside`` are verdicts on images that can't
    be asked about, ``notes`` further ones on the run; both come last. With ``allow_none``, a run
    without any image ends in 0. If ``thorough``, it is asked which checks are on though nothing
    needs it, so that others can judge again.
    """
    policies = question.policies.following(connections.today)
    question = replace(question, policies=policies)
    scans = Scans(
        waiting.scan, lambda target: connections.client(target.region), dry_run=waiting.dry_run
    )
    unique = tuple(dict.fromkeys(images))
    gathering = _Gathering(unique, question, connections, waiting, scans)
    with waiting.stop.scope:
        await gathering.run()
        if thorough:
            await gathering.read_checks()
    verdicts = gathering.judge()
    return judge_run(
        (*verdicts, *beside),
        generated_at=connections.settings.run.clock.now(),
        service=connections.service(),
        policies=question.policies.sources,
        notes=tuple(dict.fromkeys((*gathering.notes(verdicts), *connections.notes(), *notes))),
        ended_by=waiting.stop.ended_by,
        allow_none=allow_none,
        command=command,
    )


class _Gathering(Struct):
    """The evidence of a run, which may be stopped at any moment."""

    images: tuple[ImageReference, ...]
    question: Question
    connections: Connections
    waiting: Waiting
    scans: Scans
    wanted: dict[ImageReference, Wanted] = field(default_factory=dict)
    wait: Wait | None = None
    moved: dict[ImageReference, Unscanned] = field(default_factory=dict)
    tag_notes: list[str] = field(default_factory=list)
    checks: dict[str | None, tuple[str, ...] | None] = field(default_factory=dict)

    async def run(self) -> None:
        async with anyio.create_task_group() as group:
            for image in self.images:
                group.start_soon(self._find, image)
        await self._try_credentials()
        targets = [target for image in self.images for target in self.wanted[image].targets]
        self.wait = Wait(
            {target: self.connections.reader(target.region) for target in targets},
            self.connections.settings.run,
            self.waiting,
            self.scans,
        )
        await self.wait.run()
        async with anyio.create_task_group() as group:
            for wanted in self.wanted.values():
                group.start_soon(self._ask_tag_again, wanted)

    async def read_checks(self) -> None:
        """Ask which checks are on, once for each region of the images."""
        for region in dict.fromkeys(map(self.question.region_of, self.images)):
            self.checks[region] = await self.connections.reader(region).checks()

    async def _find(self, image: ImageReference) -> None:
        self.wanted[image] = await find_targets(image, self.question)

    async def _try_credentials(self) -> None:
        """Say at once, too, that there are no credentials, where a registry can't be reached.

        Security Center isn't asked about such an image, so nothing else would.
        """
        unreachable = [
            (image, wanted, wanted.refused)
            for image, wanted in self.wanted.items()
            if wanted.refused is not None and wanted.refused.reason is Reason.SERVICE
        ]
        if not unreachable:
            return
        try:
            await self.connections.try_credentials()
        except GateError as trouble:
            lack = unscanned_by(trouble)
            for image, wanted, refused in unreachable:
                both = replace(lack, message=f"{lack.message} Besides: {refused.message}")
                self.wanted[image] = replace(wanted, refused=both)

    async def _ask_tag_again(self, wanted: Wanted) -> None:
        """Make sure that a tag still means the digest that was judged.

        If the caller gave the digest, a tag that moved on is a note.
        """
        registry = self.question.registry
        if wanted.resolved is None or registry is None:
            return
        now = await registry.current_digest(wanted.reference)
        if now == wanted.resolved:
            return
        name = wanted.reference
        if isinstance(now, Unresolved):
            reason = Reason.SERVICE if now.may_pass else Reason.UNIDENTIFIED
            message = f"Whether the tag of {name} still has the digest that was judged "
            message += f"({wanted.resolved}) can't be told: {now.cause} {now.remedy}"
        else:
            reason = Reason.MOVED
            message = f"The tag of {name} moved from {wanted.resolved} to {now} while the first "
            message += f"was judged. Give {self.question.advice.digest}, or run the gate again."
        if wanted.reference.digest:
            self.tag_notes.append(message)
        else:
            self.moved[wanted.reference] = Unscanned(reason=reason, message=message)

    def judge(self) -> tuple[ImageVerdict, ...]:
        """Judge what is known of each image and platform."""
        verdicts = []
        for image in self.images:
            for platform, evidence in self._evidence_of(image):
                verdict = self._judge(image, platform, evidence)
                moved = self.moved.get(image)
                if moved and verdict.outcome is not Outcome.BLOCK:
                    verdict = self._judge(image, platform, _refuse(evidence, moved))
                verdicts.append(verdict)
        return tuple(verdicts)

    def _evidence_of(self, image: ImageReference) -> Iterable[tuple[str, Evidence]]:
        """Return what is known of an image, or of each of its platforms, with their names."""
        wanted = self.wanted.get(image)
        who = self.waiting.stop.who
        if wanted is None:
            return [("", _nothing_known(str(image), who))]
        if wanted.refused is not None:
            return [("", wanted.refused)]
        pairs = (
            (
                target,
                (self.wait and self.wait.stopped(target, who)) or _nothing_known(target.name, who),
            )
            for target in wanted.targets
        )
        return [
            (target.platform or "", evidence)
            for target, evidence in pairs
            if not _left_out(target, evidence)
        ]

    def _judge(self, image: ImageReference, platform: str, evidence: Evidence) -> ImageVerdict:
        policies = self.question.policies
        verdict = judge_image(
            str(image),
            evidence,
            policies.judge(evidence.findings, _names(image, evidence.image)),
            tolerated=isinstance(evidence, Unscanned) and policies.tolerates(evidence.reason),
            digest=image.digest or self._resolved(image),
            index_platform=platform,
        )
        checks = self.checks.get(self.question.region_of(image))
        if verdict.gathered.checks is not None or checks is None:
            return verdict
        return replace(verdict, gathered=replace(verdict.gathered, checks=checks))

    def _resolved(self, image: ImageReference) -> str:
        wanted = self.wanted.get(image)
        return (wanted.resolved if wanted else None) or ""

    def notes(self, verdicts: Iterable[ImageVerdict]) -> tuple[str, ...]:
        """Collect what a reader should know of the run; an image's notes stand on its verdict."""
        policies = self.question.policies
        judged = [
            (image.in_short, _names(image, verdict.image), verdict)
            for image in self.images
            for verdict in verdicts
            if verdict.reference == str(image) and verdict.outcome is not Outcome.UNDECIDED
        ]
        who = self.waiting.stop.who
        return (
            *(note for wanted in self.wanted.values() for note in wanted.notes),
            *self.tag_notes,
            *policies.notes((names, verdict.findings) for _, names, verdict in judged),
            *policies.clicks((name, names, verdict.decisions) for name, names, verdict in judged),
            *self.scans.notes,
            *([f"{who}: what was not decided by then is undecided."] if who else ()),
        )


def _names(reference: ImageReference, image: Image | None) -> Names:
    """Return the names of an image: the caller's, and those that its records confirm."""
    return reference.names(image.tags if image else ())


def _left_out(target: Target, evidence: Evidence) -> bool:
    return target.optional and isinstance(evidence, Unscanned) and evidence.reason is Reason.MISSING


def _nothing_known(name: str, who: str) -> Unscanned:
    stopped = who or "The time of the run was over"
    remedy = "Run the gate again." if who else "Give it more time (--timeout)."
    return Unscanned(
        reason=Reason.INCOMPLETE,
        message=f"{stopped} before anything was known of {name}. {remedy}",
    )


def _refuse(evidence: Evidence, moved: Unscanned) -> Unscanned:
    """Refuse evidence because its tag moved; what is known of the digest stays."""
    refused = instead_of(evidence, moved)
    return replace(
        refused,
        scan=evidence.scan,
        findings=evidence.findings,
        beyond=replace(evidence.gathered, reason=moved.reason),
    )
