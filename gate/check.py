"""The spine: images in, a verdict out.

The digest of each image, its evidence, the decisions of the policies, the verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from msgspec import Struct
from msgspec.structs import replace

from gate.findings import Reason, Unscanned, instead_of
from gate.registry import Unresolved
from gate.targets import find_targets
from gate.verdict import Outcome, judge_image, judge_run
from gate.wait import Wait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gate.clock import Clock
    from gate.evidence import EvidenceReader, Target
    from gate.findings import Evidence
    from gate.reference import ImageReference
    from gate.scanning import Scans
    from gate.targets import Question, Wanted
    from gate.verdict import ImageVerdict, Service, Verdict
    from gate.wait import Patience, Watcher


class Means(Struct, frozen=True, kw_only=True):
    """What a check works with: one evidence reader for each Security Center, time, and patience.

    ``stop`` ends the gathering of evidence; what is known by then is judged.
    """

    reader_of: Callable[[Target], EvidenceReader]
    scans: Scans
    service: Service
    clock: Clock
    patience: Patience
    watcher: Watcher
    stop: anyio.CancelScope


async def check(images: Sequence[ImageReference], question: Question, means: Means) -> Verdict:
    """Judge images, in their order; a platform of an index is an entry of its own.

    Trouble with one image is its evidence, never an exception. A verdict is always made: an image
    that nothing is known of when ``stop`` is cancelled is undecided.
    """
    gathering = _Gathering(images, question, means)
    with means.stop:
        await gathering.run()
    verdicts = gathering.judge()
    return judge_run(
        verdicts,
        generated_at=means.clock.now(),
        service=means.service,
        policies=question.policies.sources,
        notes=_once((*gathering.notes(verdicts), *means.scans.notes)),
    )


class _Gathering:
    """The evidence of a run, which may be stopped at any moment."""

    def __init__(self, images: Sequence[ImageReference], question: Question, means: Means) -> None:
        self._images = tuple(dict.fromkeys(images))
        self._question = question
        self._means = means
        self._wanted: dict[ImageReference, Wanted] = {}
        self._evidence: dict[Target, Evidence] = {}
        self._moved: dict[ImageReference, Unscanned] = {}
        self._notes: list[str] = []

    async def run(self) -> None:
        async with anyio.create_task_group() as group:
            for image in self._images:
                group.start_soon(self._find, image)
        targets = [target for image in self._images for target in self._wanted[image].targets]
        wait = Wait(
            {target: self._means.reader_of(target) for target in targets},
            scans=self._means.scans,
            clock=self._means.clock,
            patience=self._means.patience,
            watcher=self._means.watcher,
        )
        self._evidence = wait.evidence
        await wait.run()
        async with anyio.create_task_group() as group:
            for wanted in self._wanted.values():
                group.start_soon(self._ask_tag_again, wanted)

    async def _find(self, image: ImageReference) -> None:
        self._wanted[image] = await find_targets(image, self._question)

    async def _ask_tag_again(self, wanted: Wanted) -> None:
        """Make sure that a tag still means the digest that was judged.

        If the caller gave the digest, a tag that moved on is a note.
        """
        registry = self._question.registry
        if wanted.resolved is None or registry is None:
            return
        now = await registry.current_digest(wanted.reference)
        if now == wanted.resolved:
            return
        name = wanted.reference
        if isinstance(now, Unresolved):
            reason = Reason.UNIDENTIFIED
            message = f"Whether the tag of {name} still has the digest that was judged "
            message += f"({wanted.resolved}) can't be told: {now.cause} {now.remedy}"
        else:
            reason = Reason.MOVED
            message = f"The tag of {name} moved from {wanted.resolved} to {now} while the first "
            message += "was judged. Give the digest that was pushed (--digest), or run the gate "
            message += "again."
        if wanted.reference.digest:
            self._notes.append(message)
        else:
            self._moved[wanted.reference] = Unscanned(reason=reason, message=message)

    def judge(self) -> tuple[ImageVerdict, ...]:
        """Judge what is known of each image and platform."""
        verdicts = []
        for image in self._images:
            for evidence in self._evidence_of(image):
                verdict = self._judge(image, evidence)
                moved = self._moved.get(image)
                if moved and verdict.outcome is not Outcome.BLOCK:
                    verdict = self._judge(image, _but(evidence, moved))
                verdicts.append(verdict)
        return tuple(verdicts)

    def _evidence_of(self, image: ImageReference) -> Iterable[Evidence]:
        wanted = self._wanted.get(image)
        if wanted is None:
            return [_nothing_known(str(image))]
        if wanted.refused is not None:
            return [wanted.refused]
        found = [
            (target, self._evidence.get(target) or _nothing_known(target.name))
            for target in wanted.targets
        ]
        return [evidence for target, evidence in found if not _left_out(target, evidence)]

    def _judge(self, image: ImageReference, evidence: Evidence) -> ImageVerdict:
        policies, today = self._question.policies, self._question.today
        return judge_image(
            str(image),
            evidence,
            policies.judge(evidence.findings, image.glob_names(), today),
            tolerated=isinstance(evidence, Unscanned)
            and policies.tolerates(evidence.reason, today),
            digest=image.digest or self._resolved(image),
        )

    def _resolved(self, image: ImageReference) -> str:
        wanted = self._wanted.get(image)
        return (wanted.resolved if wanted else None) or ""

    def notes(self, verdicts: Iterable[ImageVerdict]) -> tuple[str, ...]:
        """Collect what a reader should know beside the verdict."""
        judged = [
            (image.glob_names(), [decision.finding for decision in verdict.decisions])
            for image in self._images
            for verdict in verdicts
            if verdict.reference == str(image) and verdict.outcome is not Outcome.UNDECIDED
        ]
        return (
            *(note for wanted in self._wanted.values() for note in wanted.notes),
            *self._notes,
            *self._question.policies.notes(judged, self._question.today),
        )


def _left_out(target: Target, evidence: Evidence) -> bool:
    return target.optional and isinstance(evidence, Unscanned) and evidence.reason is Reason.MISSING


def _nothing_known(name: str) -> Unscanned:
    return Unscanned(
        reason=Reason.INCOMPLETE,
        message=f"The run was stopped before anything was known of {name}. Run the gate again, "
        "with more time if it ran out (--timeout).",
    )


def _but(evidence: Evidence, moved: Unscanned) -> Unscanned:
    """Refuse evidence because its tag moved; what is known of the digest stays."""
    refused = instead_of(evidence, moved)
    return replace(refused, scan=evidence.scan, findings=evidence.findings)


def _once(notes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(notes))
