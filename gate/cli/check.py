"""``gate check``: judge the images that the caller names."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio
import click

from gate import checkout
from gate.cli import groups
from gate.cli.command import GateCommand, epilog
from gate.cli.delivery import deliver
from gate.cli.images import read_images
from gate.cli.judging import gather
from gate.cli.options import option
from gate.cli.terminal import path_in_this_checkout, read_lines, read_text, terminal
from gate.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.cli.groups import Gathering, Output, PolicyFiles, ServiceOptions
    from gate.errors import ExitCode
    from gate.verdict import Verdict


@click.command(
    "check",
    cls=GateCommand,
    epilog=epilog(
        "  gate check registry.cn-hangzhou.aliyuncs.com/shop/web:1.4 --metadata-file built.json",
        "  gate check --sandbox registry.cn-hangzhou.aliyuncs.com/shop/web:1.4",
    ),
)
@click.argument("images", metavar="IMAGE...", nargs=-1)
@groups.policies
@option("--digest", metavar="sha256:HEX", help="Digest that was just pushed, for the one IMAGE.")
@option(
    "--metadata-file",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Take the digest from the file that the build wrote (buildx, kaniko, buildah).",
)
@groups.gathering
@option(
    "--images-from",
    metavar="FILE",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="More images, one a line; - is standard input.",
)
@option(
    "--dockerfile",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Let findings point at the lines of this file that they are about.",
)
@groups.output
@groups.service
def command(  # noqa: PLR0913 - one for each option of its own, and each group
    images: tuple[str, ...],
    *,
    images_from: str | None,
    digest: str | None,
    metadata_file: str | None,
    dockerfile: str | None,
    policies: PolicyFiles,
    gathering: Gathering,
    output: Output,
    service: ServiceOptions,
) -> ExitCode:
    """Judge images by their build risks.

    IMAGE is HOST/NAMESPACE/REPOSITORY[:TAG][@DIGEST]; several share one policy and one client.
    """
    loaded = policies.load()
    named = read_images(
        images,
        read_lines(images_from) if images_from else (),
        digest=digest,
        file=images_from or "",
        metadata=(metadata_file, read_text(metadata_file)) if metadata_file else None,
    )
    locate = _locating(dockerfile)
    run = service.begin(gathering.timeout.total_seconds(), *map(ImageReference.parse, images))
    progress = terminal(quiet=output.quiet)
    judge = partial(
        gather, named, loaded, gathering, service, run, progress, thorough=output.records
    )
    return deliver(lambda: locate(anyio.run(judge)), output, run, verbose=service.verbose)


def _locating(dockerfile: str | None) -> Callable[[Verdict], Verdict]:
    """Return what lets findings point at the lines of a Dockerfile, if there is one."""
    if dockerfile is None:
        return lambda verdict: verdict
    path, text = path_in_this_checkout(dockerfile), read_text(dockerfile)
    return lambda verdict: checkout.locate_commands(verdict, path, text)
