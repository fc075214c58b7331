"""``gate manifests``: find the images that files name, judge them, point at the files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import click

from gate import checkout
from gate.cli import groups
from gate.cli.command import GateCommand, epilog
from gate.cli.delivery import deliver
from gate.cli.judging import gather
from gate.cli.terminal import path_in_this_checkout, read_input, read_text, terminal
from gate.errors import UsageError
from gate.findings import Unscanned
from gate.verdict import Service, judge_image, judge_run

if TYPE_CHECKING:
    from gate.checkout import Choice, Source
    from gate.cli.groups import Gathering, Output, PolicyFiles, ServiceOptions
    from gate.errors import ExitCode
    from gate.verdict import ImageVerdict, Verdict

_INPUT, _INPUT_NAME = "-", "stdin"
_LARGEST_INPUT = 16 * 1024 * 1024  # bytes: what a tool renders is many files in one
_COMMAND = "manifests"
_NOTHING = "No image of a registry that Security Center can know is named: nothing was judged."


@click.command(
    "manifests",
    cls=GateCommand,
    epilog=epilog(
        "  gate manifests deploy/*.yaml compose.yaml Dockerfile",
        "  helm template charts/web --values prod.yaml | gate manifests -",
    ),
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@groups.policies
@groups.gathering
@click.option("--allow-none", is_flag=True, help="Exit with 0 if the files leave nothing to judge.")
@click.option(
    "--allow-unread", is_flag=True, help="Only note what names an image and can't be read whole."
)
@groups.output
@groups.service
def command(  # noqa: PLR0913 - one for each option of its own, and each group
    files: tuple[str, ...],
    *,
    allow_none: bool,
    allow_unread: bool,
    policies: PolicyFiles,
    gathering: Gathering,
    output: Output,
    service: ServiceOptions,
) -> ExitCode:
    """Judge the images that deployment files name.

    FILEs are those of Kubernetes, Compose, Kustomize, Helm and Docker; - is standard input, such as
    what `kustomize build`, `helm template` and `docker compose config` print.
    """
    loaded = policies.load()
    run = service.begin(gathering.timeout.total_seconds())
    root = checkout.root_of_checkout(Path.cwd())
    images = checkout.find_images(
        [_source(file) for file in dict.fromkeys(files)],
        gathering.registry_hosts,
        checkout.Surroundings(root, lambda file: path_in_this_checkout(str(file))),
        is_late=lambda: run.remaining() <= 0,
    )
    chosen = checkout.choose(images, gathering.registry_hosts)
    chosen = chosen.without_unread() if allow_unread else chosen
    undecided = _undecided(chosen)

    def verdict_on_all() -> Verdict:
        if chosen.references:
            images, progress = tuple(chosen.references), terminal(quiet=output.quiet)
            judge = partial(gather, images, loaded, gathering, service, run, progress)
            judge = partial(judge, beside=undecided, notes=chosen.notes, command=_COMMAND)
            verdict = anyio.run(partial(judge, thorough=output.records))
            return checkout.locate_images(verdict, chosen)
        # Nothing is left to judge: nobody is asked.
        return judge_run(
            undecided,
            generated_at=run.clock.now(),
            service=Service("", service.region or "", sandbox=service.sandbox),
            policies=loaded.sources,
            notes=chosen.notes if undecided else (_NOTHING, *chosen.notes),
            allow_none=allow_none,
            command=_COMMAND,
        )

    return deliver(verdict_on_all, output, run, verbose=service.verbose)


def _source(file: str) -> Source:
    """Read a file that the caller names, or standard input."""
    if file == _INPUT:
        return checkout.Source(_INPUT_NAME, read_input(_LARGEST_INPUT))
    if Path(file).is_dir():
        raise UsageError(
            f"{file} is a folder.", f"Name its files, such as {file.rstrip('/')}/*.yaml."
        )
    text = read_text(file, checkout.LARGEST)
    return checkout.Source(path_in_this_checkout(file), text, Path(file).resolve())


def _undecided(chosen: Choice) -> tuple[ImageVerdict, ...]:
    """Return a verdict on each image that should be judged and can't be."""
    return tuple(
        judge_image(
            image.name,
            Unscanned(reason=image.reason, message=image.message),
            (),
            tolerated=False,
        )
        for image in chosen.undecidable
    )
