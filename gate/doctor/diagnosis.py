"""Find out why the gate can't decide: each thing that it needs is tried once, and named."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio
from msgspec import Struct

from gate.doctor.permissions import PROBES
from gate.doctor.trials import Result, Trial, trouble
from gate.errors import ExitCode, GateError, PermissionMissing
from gate.registry import Unresolved
from gate.security_center import OPERATIONS, Purpose

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from gate.connect import Connections
    from gate.reference import ImageReference
    from gate.security_center import EventRule, ImageRecord, Operation

_SKEW_NOTED = 60.0  # seconds; the service refuses requests from 15 minutes on
_MOST_RECORDS = 3  # of a repository, the newest
_FOR_IDENTITY = 10.0  # seconds
_ONLY_ITS_OWN = "Only images of its regions need this."


class Deployment(Struct, frozen=True):
    """A Security Center with data of its own: a region that it serves, and its name.

    The region is ``None`` where none is known; the name is empty where only this one is asked.
    """

    region: str | None
    name: str = ""

    def label(self, tried: str) -> str:
        """Return what was tried, with the deployment's name."""
        return f"{tried} ({self.name})" if self.name else tried


DEPLOYMENTS = (Deployment("cn-shanghai", "China"), Deployment("ap-southeast-1", "international"))
"""Both, to be asked where nothing tells which of them knows the images."""


async def diagnose(
    connections: Connections, deployments: Sequence[Deployment], image: ImageReference | None
) -> AsyncIterator[Trial]:
    """Try what the gate needs, in the order in which one trouble hides the next; trouble last.

    The regions of the deployments must be prepared in ``connections``. Of several, one that is
    without trouble is enough: then that of the others is a note.
    """
    troubles = []
    async for trial in _trials(connections, deployments, image):
        if trial.result is Result.TROUBLE:
            troubles.append(trial)
        else:
            yield trial
    for trial in troubles:
        yield trial


async def _trials(
    connections: Connections, deployments: Sequence[Deployment], image: ImageReference | None
) -> AsyncIterator[Trial]:
    credentials = await _attempt("credentials", partial(_credentials, connections))
    yield credentials
    if credentials.result is Result.OK:
        async for trial in _everywhere(connections, deployments, image):
            yield trial
    if image is not None:
        yield await _registry(connections, image)


async def _everywhere(
    connections: Connections, deployments: Sequence[Deployment], image: ImageReference | None
) -> AsyncIterator[Trial]:
    account_is_known = False
    examinations = [_Examination(connections, each, image) for each in deployments]
    async with anyio.create_task_group() as group:  # one that doesn't answer takes its time
        for examination in examinations:
            group.start_soon(examination.reach)
    troubles: list[list[Trial]] = []
    for examination in examinations:
        own: list[Trial] = []
        troubles.append(own)
        if examination.reached.result is Result.TROUBLE:
            own.append(examination.reached)
            continue
        yield examination.reached
        if not account_is_known:
            async for trial in examination.of_account():
                yield trial
        account_is_known = True
        async for trial in examination.of_deployment():
            if trial.result is Result.TROUBLE:
                own.append(trial)
            else:
                yield trial
    eased = not all(troubles)
    for trial in (trial for own in troubles for trial in own):
        yield trial.eased(_ONLY_ITS_OWN) if eased else trial


async def _credentials(connections: Connections, tried: str) -> Trial:
    await connections.try_credentials()
    return Trial(tried, Result.OK, f"from {connections.credentials_origin}")


async def _registry(connections: Connections, image: ImageReference) -> Trial:
    tried = f"registry {image.host}"
    answer = await connections.registry.resolve(image)
    if isinstance(answer, Unresolved):
        return Trial(tried, Result.NOTE, answer.cause, answer.remedy)
    kind = f"an index of {len(answer.platforms)} platforms" if answer.is_index else "one image"
    return Trial(tried, Result.OK, f"{image} is {kind}, {answer.digest}")


class _Examination:
    """The trials about one deployment, and perhaps an image; ``reach`` comes first."""

    reached: Trial

    def __init__(
        self, connections: Connections, deployment: Deployment, image: ImageReference | None
    ) -> None:
        self._connections = connections
        self._client = connections.client(deployment.region)
        self._deployment = deployment
        self._image = image

    async def reach(self) -> None:
        """Try whether it answers; ``reached`` says so."""
        tried = self._deployment.label(f"Security Center at {self._client.endpoint}")
        if not self._deployment.name:
            tried += f" for region {self._deployment.region or '(not told)'}"
        try:
            await self._client.describe_image_instances(page_size=1)
        except PermissionMissing:
            self.reached = Trial(tried, Result.OK, "reached")
        except GateError as error:
            self.reached = trouble(tried, error)
        else:
            self.reached = Trial(tried, Result.OK, "reached, and it accepts the credentials")

    async def of_account(self) -> AsyncIterator[Trial]:
        """Try what is the same at each deployment that can be reached."""
        yield self._clock()
        yield await self._account()
        for operation in OPERATIONS:
            if operation.name in PROBES:
                yield await self._permission(operation)
            elif Purpose.SCAN in operation.needed_for:
                sentence = "not tried, since trying it starts a scan; only --scan needs it"
                yield Trial(f"permission {operation.action}", Result.NOTE, sentence)

    async def of_deployment(self) -> AsyncIterator[Trial]:
        """Try what each deployment has for itself."""
        label = self._deployment.label
        yield await _attempt(label("checks"), self._checks)
        yield await _attempt(label("whitelist rules"), self._whitelists)
        yield await _attempt(label("registries"), self._registries)
        if self._image is not None:
            repository = partial(self._repository, self._image)
            yield await _attempt(f"repository {self._image.path}", repository)

    def _clock(self) -> Trial:
        seconds = self._client.skew.total_seconds()
        if abs(seconds) < _SKEW_NOTED:
            return Trial("clock", Result.OK, "agrees with the service's")
        return Trial(
            "clock",
            Result.NOTE,
            f"{abs(seconds):.0f} seconds {'behind' if seconds > 0 else 'ahead of'} the service's",
            "Set the machine's clock (NTP): the service refuses requests that are 15 minutes off.",
        )

    async def _account(self) -> Trial:
        try:
            with anyio.fail_after(_FOR_IDENTITY):  # a closed network may not reach this service
                client = await self._connections.identity_client(self._deployment.region)
                identity = await client.get_caller_identity()
        except TimeoutError:
            return Trial("account", Result.NOTE, "could not be told: no answer came in time")
        except GateError as error:
            return Trial("account", Result.NOTE, f"could not be told: {error.message}")
        return Trial(
            "account",
            Result.OK,
            f"{identity.account_id}, {identity.arn.rpartition(':')[2]}; images of another account "
            "look as if missing",
        )

    async def _permission(self, operation: Operation[object]) -> Trial:
        tried = f"permission {operation.action}"
        optional = Purpose.VERDICT not in operation.needed_for
        needed = f" (needed by {', '.join(operation.needed_for)})" if optional else ""
        try:
            await PROBES[operation.name](self._client)
        except PermissionMissing as missing:
            if optional:
                return Trial(tried, Result.NOTE, f"not granted{needed}", missing.remedy)
            return trouble(tried, missing)
        except GateError as error:
            return trouble(tried, error)
        return Trial(tried, Result.OK, f"granted{needed}")

    async def _checks(self, tried: str) -> Trial:
        configuration = await self._client.check_configuration()
        on, off = len(configuration.on), tuple(configuration.off)
        if not on:
            return Trial(
                tried,
                Result.TROUBLE,
                "not one build-risk check is switched on, so a scan can't find anything",
                "Switch them on in the console (image security, settings of build-risk checks).",
                ExitCode.UNDECIDED,
            )
        if off:
            return Trial(tried, Result.NOTE, f"{on} on; switched off: {', '.join(off)}")
        return Trial(tried, Result.OK, f"all {on} are switched on")

    async def _whitelists(self, tried: str) -> Trial:
        listing = await self._client.event_rules()
        rules = [rule for rule in listing.rows if is_about_build_risks(rule)]
        if not rules:
            return Trial(tried, Result.OK, "none about build risks")
        named = ", ".join(f"{rule.event_name or rule.event_key} (rule {rule.id})" for rule in rules)
        return Trial(
            tried,
            Result.NOTE,
            f"these may hide build risks from the gate: {named}",
            "Review them in the console (image security, alert whitelist).",
        )

    async def _registries(self, tried: str) -> Trial:
        listing = await self._client.image_repositories({})
        kinds = sorted({repository.registry_type for repository in listing.rows})
        if not kinds:
            return Trial(
                tried,
                Result.TROUBLE,
                "Security Center knows no repository at all",
                "Add the registry in the console (image security), or check that these credentials "
                "are of the account that owns it.",
                ExitCode.UNDECIDED,
            )
        return Trial(tried, Result.OK, f"{listing.total} repositories of: {', '.join(kinds)}")

    async def _repository(self, image: ImageReference, tried: str) -> Trial:
        listing = await self._client.image_records(
            {"repoNamespace": image.namespace, "repoName": image.repository},
            keep=lambda record: (
                (record.repo_namespace, record.repo_name) == (image.namespace, image.repository)
            ),
        )
        if not listing.rows:
            return Trial(
                tried,
                Result.TROUBLE,
                "Security Center knows no image of it",
                "Synchronise the registry in the console, wait some minutes after the first push, "
                "or check region and account above.",
                ExitCode.UNDECIDED,
            )
        newest = sorted(listing.rows, key=lambda record: -(record.image_update or 0))
        shown = tuple(_summary(record) for record in newest[:_MOST_RECORDS])
        known = f"images known: {len(listing.rows)}; the newest:"
        return Trial(tried, Result.OK, known, more=shown)


async def _attempt(tried: str, trial: Callable[[str], Awaitable[Trial]]) -> Trial:
    try:
        return await trial(tried)
    except PermissionMissing as missing:  # the permission has a trial of its own
        return Trial(tried, Result.NOTE, f"can't be told without the permission {missing.action}")
    except GateError as error:
        return trouble(tried, error)


def is_about_build_risks(rule: EventRule) -> bool:
    """Tell whether a rule may take build risks out of the lists.

    Which EventType stands for them is not documented, so any mention of risk counts.
    """
    about = f"{rule.event_type} {rule.event_key} {rule.event_name} {rule.conditions}".lower()
    return rule.operation_code == "whitelist" and "risk" in about


def _summary(record: ImageRecord) -> str:
    return (
        f"{record.tag or '(no tag)'} {record.digest} in {record.region_id} "
        f"({record.registry_type}), scan {record.sca_status or 'never'}"
    )
