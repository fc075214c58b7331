"""``gate doctor``: find out why the gate can't decide."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import anyio
import click
from msgspec.structs import replace

from gate import __version__
from gate.cli import groups
from gate.cli.command import GateCommand, epilog
from gate.cli.groups import Gathering
from gate.cli.judging import gather
from gate.cli.terminal import say, show, style, terminal
from gate.connect import Connections
from gate.doctor import (
    DEPLOYMENTS,
    FEATURES,
    Deployment,
    Reading,
    Result,
    Trial,
    diagnose,
    gravest,
    observe_readings,
    purposes,
    ram_policy,
    trouble,
)
from gate.errors import ExitCode, GateError, UsageError
from gate.reference import ImageReference
from gate.report import SANDBOX_SENTENCE, TextPage
from gate.untrusted import for_terminal
from gate.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from gate.cli.groups import PolicyFiles, ServiceOptions
    from gate.clock import Run
    from gate.policy import Policies
    from gate.security_center import SecurityCenter
    from gate.verdict import Verdict

_READING = 900.0  # seconds; many questions, and a service that may throttle
_TIMEOUT = 120.0  # seconds; nothing is waited for but answers
_JUDGING = timedelta(minutes=15)  # as a check: findings that have just arrived must settle
_ROOM = 8  # columns, for the word that says how a trial ended
_COLOURS = {Result.OK: "green", Result.NOTE: "yellow"}  # of the word alone
_RED, _RESET = "\x1b[31m", "\x1b[0m"
_ABOUT_ITSELF = re.compile(r" `gate doctor IMAGE` [^.`]*\.")  # advice that was just followed
_PERMISSIONS = Trial(
    "RAM policy",
    Result.NOTE,
    "`gate doctor --ram-policy` prints the one that the gate needs; add --feature scan for --scan",
)


@click.command("doctor", cls=GateCommand, epilog=epilog(exit_codes=False))
@click.argument("image", required=False)
@groups.policies
@groups.registry_hosts
@groups.instance
@click.option(
    "--ram-policy",
    "permissions",
    is_flag=True,
    help="Print the RAM policy for the policies and features; ask nobody.",
)
@click.option(
    "--feature",
    "features",
    type=click.Choice(list(FEATURES)),
    multiple=True,
    help="What the RAM policy is to allow besides verdicts; may be repeated.",
)
@click.option(
    "--readings",
    is_flag=True,
    help="Say how the API behaves where its reference leaves that open; prints no names.",
)
@groups.service
def command(  # noqa: PLR0913 - one for each option of its own, and each group
    *,
    image: str | None,
    policies: PolicyFiles,
    registry_hosts: tuple[str, ...],
    instance: str | None,
    permissions: bool,
    features: tuple[str, ...],
    readings: bool,
    service: ServiceOptions,
) -> ExitCode:
    """Find out why the gate can't decide.

    It tries policy, credentials, endpoint, permissions and checks. IMAGE is also judged as by
    `gate check --wait 0 --scan never`: the last line says what comes of that, and what to do.
    """
    if features and not permissions:
        raise UsageError("--feature chooses what --ram-policy prints.", "Give both, or neither.")
    if (permissions or readings) and image:
        raise UsageError(
            "--ram-policy and --readings are not about an image.", "Leave the image out."
        )
    if permissions and readings:
        raise UsageError("--ram-policy asks nobody, and --readings does.", "Give one of them.")
    if permissions:
        show(ram_policy(purposes(policies.load(), features)))
        return ExitCode.PASSED
    if readings:
        return anyio.run(partial(_print_readings, service, service.begin(_READING)))
    reference = ImageReference.parse(image) if image else None
    run = service.begin(_TIMEOUT, *filter(None, [reference]))
    gathering = Gathering(
        timeout=_JUDGING,
        wait=timedelta(),
        instance=instance,
        registry_hosts=registry_hosts,
    )
    return anyio.run(partial(_examine, reference, policies, gathering, service, run))


async def _print_readings(service: ServiceOptions, run: Run) -> ExitCode:
    """Show the readings of each deployment that can be asked; return the exit code.

    One that can be asked is enough.
    """
    troubles: list[GateError] = []
    deployments = _deployments(None, service, run)
    async with Connections(service.settings(run)) as connections:
        await connections.prepare(deployment.region for deployment in deployments)
        for deployment in deployments:
            client = connections.client(deployment.region)
            show(f"# buildrisk-gate {__version__} at {_without_names(client, service)}")
            try:
                await _show_readings(observe_readings(client))
            except GateError as error:
                show(f"# could not be asked (exit code {error.exit_code:d})")
                say(f"{client.endpoint}: {for_terminal(str(error))}")
                troubles.append(error)
    if len(troubles) == len(deployments):
        raise troubles[0]
    return ExitCode.PASSED


def _without_names(client: SecurityCenter, service: ServiceOptions) -> str:
    """Say who was asked; a host that isn't the service's own may be a secret."""
    if service.sandbox:
        return "SANDBOX"
    own = client.endpoint.endswith(".aliyuncs.com")
    return client.endpoint if own else "an endpoint of its own"


async def _show_readings(readings: AsyncIterator[Reading]) -> None:
    options = []
    async for reading in readings:
        show(f"{reading!s:<30}  # {reading.observation}")
        options += [f" --reading {reading}"] if reading.value is not None else []
    show(f"# To play this account offline: gate sandbox{''.join(options)}")


async def _examine(
    image: ImageReference | None,
    policies: PolicyFiles,
    gathering: Gathering,
    service: ServiceOptions,
    run: Run,
) -> ExitCode:
    """Show what was tried, trouble last, and what it comes to; return the exit code."""
    troubles: list[Trial] = []

    def tell(trial: Trial) -> None:
        if trial.result is Result.TROUBLE:
            troubles.append(trial)
        else:
            _show(trial)

    loaded, about_policy = _load(policies)
    tell(about_policy)
    try:
        await _diagnose(image, gathering, service, run, tell)
    except UsageError as error:
        loaded = None
        tell(trouble("Security Center", error))
    tell(_PERMISSIONS)
    verdict = None
    if image is not None and loaded is not None:
        verdict = await _judge(image, loaded, gathering, service, run)
        for note in _notes(verdict):
            tell(Trial("judgement", Result.NOTE, note))
    show("")
    for trial in troubles:
        _show(trial)
    return _conclude(troubles) if verdict is None else _conclude_with(verdict)


def _load(policies: PolicyFiles) -> tuple[Policies | None, Trial]:
    try:
        loaded = policies.load()
    except GateError as error:
        return None, trouble("policy", error)
    named = ", ".join(source.path for source in loaded.sources)
    return loaded, Trial("policy", Result.OK, f"valid: {named}")


async def _diagnose(
    image: ImageReference | None,
    gathering: Gathering,
    service: ServiceOptions,
    run: Run,
    tell: Callable[[Trial], None],
) -> None:
    deployments = _deployments(image, service, run)
    settings = service.settings(run, registry_hosts=gathering.registry_hosts)
    async with Connections(settings) as connections:
        await connections.prepare(deployment.region for deployment in deployments)
        async for trial in diagnose(connections, deployments, image):
            tell(trial)


def _deployments(
    image: ImageReference | None, service: ServiceOptions, run: Run
) -> tuple[Deployment, ...]:
    """Return the deployment that the image or the options tell, else both."""
    region = (image.region if image else None) or service.region_in(run)
    anywhere = not (image or region or service.endpoint or service.sandbox)
    return DEPLOYMENTS if anywhere else (Deployment(region),)


async def _judge(
    image: ImageReference,
    policies: Policies,
    gathering: Gathering,
    service: ServiceOptions,
    run: Run,
) -> Verdict:
    """Judge the image as a check does, with a check's time."""
    deadline = run.clock.monotonic() + gathering.timeout.total_seconds()
    again = replace(run, deadline=deadline, options=None)  # the remedies are a check's, too
    return await gather((image,), policies, gathering, service, again, terminal(quiet=False))


def _notes(verdict: Verdict) -> tuple[str, ...]:
    of_images = (note for image in verdict.images for note in image.notes)
    return tuple(dict.fromkeys((*verdict.notes, *of_images)))


def _conclude(troubles: Sequence[Trial]) -> ExitCode:
    """Say what the trials add up to; the last line has the remedy of the gravest trouble."""
    worst = gravest(troubles)
    if worst is None:
        show("No trouble was found. `gate doctor IMAGE` judges an image, too. (exit 0)")
        return ExitCode.PASSED
    tried = ", ".join(trial.tried for trial in troubles)
    first = worst.remedy or worst.sentence
    _conclusion(f"{len(troubles)} in trouble: {tried}. First: {first} (exit {worst.exit_code:d})")
    return worst.exit_code


def _conclude_with(verdict: Verdict) -> ExitCode:
    """Say whether the gate can decide; of several platforms, the gravest comes last."""
    decides = verdict.exit_code in {ExitCode.PASSED, ExitCode.BLOCKED}
    code = ExitCode.PASSED if decides else verdict.exit_code
    if verdict.service.sandbox:
        _conclusion(SANDBOX_SENTENCE)
    images = sorted(verdict.images, key=lambda image: image.exit_code is verdict.exit_code)
    for image in images:
        can = "can't" if image.outcome is Outcome.UNDECIDED else "can"
        end = f" (exit {code:d})" if image is images[-1] else ""
        platform = f" {image.platform}" if len(images) > 1 and image.platform else ""
        word = f"{image.outcome.upper()}{platform} ({image.reason})"
        if can == "can't" and image.exit_code is ExitCode.PASSED:
            word += ", let through by policy"
        colour = _RED if not decides and image.outcome is Outcome.UNDECIDED else ""
        message = _ABOUT_ITSELF.sub("", image.message)
        _conclusion(f"The gate {can} decide: {word}: {message}{end}", colour)
    return code


def _show(trial: Trial) -> None:
    loud = _RED if trial.result is Result.TROUBLE else ""
    word = _COLOURS.get(trial.result, "")
    _write(trial.result, f"{trial.tried}: {trial.sentence}", colour=loud, word=word)
    for sentence in trial.more:
        _write("", sentence, colour=loud)
    if trial.remedy:
        _write("", f"-> {trial.remedy}", colour=loud)


def _conclusion(text: str, colour: str = "") -> None:
    """Write what it comes to; it begins at the margin."""
    _write(text[:_ROOM], text[_ROOM:], colour=colour)


def _write(label: str, text: str, *, colour: str = "", word: str = "") -> None:
    """Write untrusted text beside a label, all of it in a colour, or only the label in one."""
    look = style()
    page = TextPage(look.width, colour=look.colour and not colour)
    page.entry(for_terminal(label), for_terminal(text), room=_ROOM, style=word)
    lines = page.written().splitlines()
    if colour and look.colour:
        lines = [f"{colour}{line}{_RESET}" for line in lines]
    show("\n".join(lines))
