"""``gate audit``: judge every image that Security Center knows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio
import click

from gate.audit import Headway, Scope, audit, compared, read_earlier, summary
from gate.check import Stop
from gate.cli import groups
from gate.cli.command import GateCommand, epilog
from gate.cli.delivery import deliver
from gate.cli.options import option
from gate.cli.progress import show_audit
from gate.cli.terminal import read_text, terminal
from gate.connect import Connections

if TYPE_CHECKING:
    from datetime import timedelta

    from gate.cli.groups import Output, PolicyFiles, ServiceOptions
    from gate.cli.terminal import Terminal
    from gate.clock import Run
    from gate.errors import ExitCode
    from gate.policy import Policies
    from gate.verdict import Verdict


@click.command(
    "audit",
    cls=GateCommand,
    epilog=epilog(
        "  gate audit --region cn-hangzhou --report json=audit.json",
        "  gate audit --region cn-hangzhou --namespace shop --compare audit.json",
    ),
)
@groups.policies
@option("--namespace", metavar="NAME", help="Only images of this namespace.")
@option("--repository", metavar="[NAMESPACE/]NAME", help="Only images of this repository.")
@option(
    "--compare",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Say what changed since this earlier JSON report.",
)
@option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="Most requests at a time; fewer while the service throttles.",
)
@groups.timeout
@groups.output
@groups.service
def command(  # noqa: PLR0913 - one for each option of its own, and each group
    *,
    namespace: str | None,
    repository: str | None,
    compare: str | None,
    concurrency: int,
    timeout: timedelta,
    policies: PolicyFiles,
    output: Output,
    service: ServiceOptions,
) -> ExitCode:
    """Judge every image that Security Center knows.

    By risk, not by image, it answers: "what would this policy break?"
    """
    loaded = policies.load()
    scope = Scope.of(namespace, repository, service.region)
    earlier = read_earlier(compare, read_text(compare).encode()) if compare else None
    run = service.begin(timeout.total_seconds())
    progress = terminal(quiet=output.quiet)

    def judge() -> Verdict:
        verdict = anyio.run(
            partial(
                gather,
                scope,
                loaded,
                service,
                run,
                progress,
                concurrency=concurrency,
                thorough=output.records,
            )
        )
        return compared(verdict, earlier) if earlier else verdict

    return deliver(judge, output, run, verbose=service.verbose, as_text=summary)


async def gather(  # noqa: PLR0913 - what is judged, by what, and in which run
    scope: Scope,
    policies: Policies,
    service: ServiceOptions,
    run: Run,
    terminal: Terminal,
    *,
    concurrency: int,
    thorough: bool = False,
) -> Verdict:
    """Judge all images; a signal ends the gathering, and what is known by then is judged."""
    region = service.region_in(run)
    async with Connections(service.settings(run, concurrency=concurrency)) as connections:
        await connections.prepare([region])
        stop, headway = Stop(run.remaining()), Headway()
        return await stop.heeding_signals(
            partial(
                audit,
                scope,
                policies,
                connections,
                region=region,
                headway=headway,
                stop=stop,
                thorough=thorough,
            ),
            partial(show_audit, headway, run, terminal),
        )
