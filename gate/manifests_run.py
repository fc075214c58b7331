"""Run ``gate manifests``: find the images that files name, judge them, point at the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from gate.check_run import run_check
from gate.checkout import choose, find_images, locate_images
from gate.errors import ExitCode
from gate.findings import Reason, Unscanned
from gate.verdict import Service, judge_image, judge_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.check_run import CheckOptions
    from gate.checkout import Choice
    from gate.machine import Machine
    from gate.policy import Policies
    from gate.verdict import ImageVerdict, Verdict

_NOTHING = "No image of a registry that Security Center can know is named: nothing was judged."


def run_manifests(
    texts: Mapping[str, str],
    options: CheckOptions,
    policies: Policies,
    machine: Machine,
    *,
    allow_none: bool,
) -> Verdict:
    """Judge the images that files name; ``texts`` holds their contents by path.

    Where nothing is left to judge, nobody is asked, and the verdict is undecided: with
    ``allow_none``, one that ends in 0.
    """
    chosen = choose((find_images(*file) for file in texts.items()), options.registry_hosts)
    if not chosen.references:
        verdict = _without_asking(chosen, options, policies, machine)
        nothing = allow_none and not chosen.undecidable
        return replace(verdict, exit_code=ExitCode.PASSED) if nothing else verdict
    verdict = locate_images(
        run_check(replace(options, images=tuple(chosen.references)), policies, machine), chosen
    )
    judged = judge_run(
        (*verdict.images, *_undecided(chosen)),
        generated_at=verdict.generated_at,
        service=verdict.service,
        policies=verdict.policies,
        notes=(*verdict.notes, *chosen.notes),
    )
    interrupted = verdict.exit_code > ExitCode.BLOCKED
    return replace(judged, exit_code=verdict.exit_code) if interrupted else judged


def _without_asking(
    chosen: Choice, options: CheckOptions, policies: Policies, machine: Machine
) -> Verdict:
    undecided = _undecided(chosen)
    return judge_run(
        undecided,
        generated_at=machine.clock.now(),
        service=Service("", options.region or "", sandbox=options.sandbox),
        policies=policies.sources,
        notes=chosen.notes if undecided else (_NOTHING, *chosen.notes),
    )


def _undecided(chosen: Choice) -> tuple[ImageVerdict, ...]:
    """Return a verdict on each image that should be judged and whose name can't be."""
    return tuple(
        judge_image(
            image.name,
            Unscanned(
                reason=Reason.UNIDENTIFIED,
                message=f"{image.place.path}:{image.place.line} names {image.why}",
            ),
            (),
            tolerated=False,
        )
        for image in chosen.undecidable
    )
