"""From the images that the caller names to the targets that evidence is wanted of."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.evidence import Advice, Target
from gate.findings import Reason, Unscanned
from gate.registry import Resolved, Unresolved
from gate.verdict import Action

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gate.findings import Finding
    from gate.policy import Policies
    from gate.reference import ImageReference, Names
    from gate.registry import Platform, Registry

_NO_PLATFORM = "unknown/unknown"


class Question(Struct, frozen=True, kw_only=True):
    """What the caller asks of each image.

    ``region`` is that of images whose host tells none. ``registry`` is ``None`` if it must not be
    asked; with ``resolve_digests``, it is asked for an image with a digest too, for the platforms
    of an index.
    """

    policies: Policies
    region: str | None = None
    instance: str | None = None
    registry: Registry | None = None
    resolve_digests: bool = False
    advice: Advice = Advice()

    def region_of(self, reference: ImageReference) -> str | None:
        """Return the region of an image, for the endpoint and for the choice of records."""
        return reference.region or self.region

    def blocks(self, names: Names, findings: Sequence[Finding]) -> bool:
        """Tell whether the policies block at least one finding of an image."""
        decisions = self.policies.judge(findings, names)
        return any(decision.action is Action.BLOCK for decision in decisions)


class Wanted(Struct, frozen=True, kw_only=True):
    """One image of the caller: its targets, or why there are none.

    ``resolved`` is the digest that the registry told for the tag, if it was asked for that.
    """

    reference: ImageReference
    targets: tuple[Target, ...] = ()
    refused: Unscanned | None = None
    resolved: str | None = None
    notes: tuple[str, ...] = ()


async def find_targets(reference: ImageReference, question: Question) -> Wanted:
    """Find the digest of an image: given, or asked of the registry; an index is opened."""
    if question.registry is None or (reference.digest and not question.resolve_digests):
        because = "" if reference.digest else "no digest was given, and the registry is not asked."
        return Wanted(
            reference=reference,
            targets=(_target(reference, question, reference.digest, because=because),),
        )
    answer = await question.registry.resolve(reference)
    if isinstance(answer, Unresolved):
        return _without_registry(reference, question, answer)
    resolved = answer.digest if reference.tag else None
    if not answer.is_index:
        target = _target(reference, question, reference.digest or answer.digest)
        return Wanted(reference=reference, targets=(target,), resolved=resolved)
    return _of_index(reference, question, answer, resolved)


def _without_registry(reference: ImageReference, question: Question, answer: Unresolved) -> Wanted:
    """Do without the registry's answer, where a digest is given or the policies don't ask for one.

    Where trouble on the way hides a digest that is needed, running the gate again may help.
    """
    because = f"{answer.cause} {answer.remedy}"
    needed = question.policies.requirements(reference.names()).require_digest
    if answer.may_pass and needed and not reference.digest:
        message = f"Which digest {reference} has is not known, since its registry did not tell: "
        refused = Unscanned(reason=Reason.SERVICE, message=message + because)
        return Wanted(reference=reference, refused=refused)
    notes = (f"{reference}: the registry could not be asked. {because}",)
    return Wanted(
        reference=reference,
        targets=(_target(reference, question, reference.digest, because=because),),
        notes=notes,
    )


def _of_index(
    reference: ImageReference, question: Question, index: Resolved, resolved: str | None
) -> Wanted:
    wanted = question.policies.requirements(reference.names()).platforms
    judged = [platform for platform in index.platforms if _is_wanted(platform, wanted)]
    if not judged:
        has = ", ".join(platform.name for platform in index.platforms) or "no platform at all"
        return Wanted(
            reference=reference,
            refused=Unscanned(
                reason=Reason.UNIDENTIFIED,
                message=f"{reference} is an index without any platform that is to be judged: it "
                f"has {has}; the policy's scan.platforms says {', '.join(wanted or ()) or 'all'}.",
            ),
        )
    own = _target(reference, question, index.digest, optional=True)
    platforms = [
        _target(reference, question, platform.digest, platform=platform.name) for platform in judged
    ]
    notes = [f"{reference} is an index; its own digest is {index.digest}."]
    if others := dict.fromkeys(each.name for each in index.platforms if each not in judged):
        left_out = ", ".join(others)
        notes.append(f"{reference} is not judged for {left_out}: scan.platforms leaves them out.")
    return Wanted(
        reference=reference, targets=(own, *platforms), resolved=resolved, notes=tuple(notes)
    )


def _is_wanted(platform: Platform, wanted: tuple[str, ...] | None) -> bool:
    """Tell whether a platform is wanted; a word without a variant means all variants.

    An image that tells no platform may be run anywhere, so it is always judged.
    """
    if wanted is None or platform.name == _NO_PLATFORM:
        return True
    return any(f"{platform.name}/".startswith(f"{word}/") for word in wanted)


def _target(  # noqa: PLR0913 - what differs between the kinds of targets
    reference: ImageReference,
    question: Question,
    digest: str | None,
    *,
    platform: str | None = None,
    optional: bool = False,
    because: str = "",
    tags: Collection[str] = (),
) -> Target:
    names = reference.names(tags)
    with_tags = partial(
        _target,
        reference,
        question,
        digest,
        platform=platform,
        optional=optional,
        because=because,
    )
    return Target(
        reference=reference,
        digest=digest,
        requirements=question.policies.requirements(names),
        blocks=lambda findings: question.blocks(names, findings),
        region=question.region_of(reference),
        registry_type=reference.registry_type,
        instance=question.instance,
        platform=platform,
        optional=optional,
        advice=question.advice,
        no_digest_because=because,
        with_tags=(lambda tags: with_tags(tags=tags))
        if question.policies.tell_images_apart
        else None,
    )
