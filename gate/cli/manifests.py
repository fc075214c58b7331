"""``gate manifests``: find the images that files name, judge them, point at the files."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio
import click

from gate import checkout
from gate.cli import groups
from gate.cli.delivery import deliver
from gate.cli.judging import gather
from gate.cli.terminal import path_in_this_checkout, read_text, terminal
from gate.findings import Reason, Unscanned
from gate.verdict import Service, judge_image, judge_run

if TYPE_CHECKING:
    from gate.checkout import Choice
    from gate.cli.groups import Gathering, Output, PolicyFiles, ServiceOptions
    from gate.errors import ExitCode
    from gate.verdict import ImageVerdict, Verdict

_NOTHING = "No image of a registry that Security Center can know is named: nothing was judged."


@click.command("manifests")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@groups.policies
@groups.gathering
@click.option("--allow-none", is_flag=True, help="Exit with 0 if the files leave nothing to judge.")
@groups.output
@groups.service
def command(  # noqa: PLR0913 - one for each option of its own, and each group
    files: tuple[str, ...],
    *,
    allow_none: bool,
    policies: PolicyFiles,
    gathering: Gathering,
    output: Output,
    service: ServiceOptions,
) -> ExitCode:
    """Judge the images that deployment files name.

    FILEs are those of Kubernetes, Compose, Kustomize, Helm and Docker.
    """
    loaded = policies.load()
    texts = {path_in_this_checkout(path): read_text(path) for path in files}
    chosen = checkout.choose(
        (checkout.find_images(*file) for file in texts.items()), gathering.registry_hosts
    )
    undecided = _undecided(chosen)
    run = service.begin(gathering.timeout.total_seconds())

    def verdict_on_all() -> Verdict:
        if chosen.references:
            images, progress = tuple(chosen.references), terminal(quiet=output.quiet)
            judge = partial(gather, images, loaded, gathering, service, run, progress)
            verdict = anyio.run(partial(judge, beside=undecided, notes=chosen.notes))
            return checkout.locate_images(verdict, chosen)
        # Nothing is left to judge: nobody is asked.
        return judge_run(
            undecided,
            generated_at=run.clock.now(),
            service=Service("", service.region or "", sandbox=service.sandbox),
            policies=loaded.sources,
            notes=chosen.notes if undecided else (_NOTHING, *chosen.notes),
            allow_none=allow_none,
        )

    return deliver(verdict_on_all, output, run, verbose=service.verbose)


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
