"""Find out why the gate can't decide: each thing that it needs is tried once, and named."""

from __future__ import annotations

import json
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.errors import ExitCode, GateError, PermissionMissing
from gate.registry import Unresolved
from gate.security_center import OPERATIONS, Purpose
from gate.untrusted import for_terminal
from gate.verdict import worst

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping

    from gate.connect import Connections
    from gate.reference import ImageReference
    from gate.security_center import EventRule, ImageRecord, Operation, SecurityCenter

# For each operation that only reads, the cheapest call that shows the permission.
PROBES: Mapping[str, Callable[[SecurityCenter], Awaitable[object]]] = {
    "DescribeImageInstances": lambda c: c.describe_image_instances(page_size=1),
    "DescribeImageListByBuildRisk": lambda c: c.describe_image_list_by_build_risk(page_size=1),
    "DescribeImageBuildRiskByKey": lambda c: c.describe_image_build_risk_by_key(
        image_uuid="0" * 32, page_size=1
    ),
    "GetBuildRiskDefineRuleConfig": lambda c: c.get_build_risk_define_rule_config(),
    "DescribeImageLatestScanTask": lambda c: c.describe_image_latest_scan_task(digest="0" * 64),
    "DescribeImageBuildRiskList": lambda c: c.describe_image_build_risk_list(page_size=1),
    "DescribeImageEventOperationPage": lambda c: c.describe_image_event_operation_page(page_size=1),
    "DescribeImageRepoDetailList": lambda c: c.describe_image_repo_detail_list(page_size=1),
}
_SKEW_NOTED = 60.0  # seconds; the service refuses requests from 15 minutes on
_MOST_RECORDS = 3  # of a repository, the newest


class Result(StrEnum):
    """How a trial ended."""

    OK = "ok"
    NOTE = "note"
    TROUBLE = "TROUBLE"


class Trial(Struct, frozen=True):
    """One thing that was tried, how that ended, in a word and in a sentence, and what to do."""

    tried: str
    result: Result
    sentence: str
    remedy: str = ""
    exit_code: ExitCode = ExitCode.PASSED


def ram_policy(*, scans: bool) -> str:
    """Return the RAM policy document that the gate needs, as JSON.

    Only reading, or, with ``scans``, also asking for scans, which uses scan quota.
    """
    actions = sorted(each.action for each in OPERATIONS if scans or not each.asks_for_scans)
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return json.dumps({"Version": "1", "Statement": [statement]}, indent=2)


def exit_code_of(trials: Iterable[Trial]) -> ExitCode:
    """Return what the gravest trouble ends in; 0 where there is none."""
    codes = {trial.exit_code for trial in trials}
    return ExitCode.USAGE if ExitCode.USAGE in codes else worst([ExitCode.PASSED, *codes])


def as_line(trial: Trial) -> str:
    """Write a trial as lines: what was tried, the result, and below it what to do."""
    head = f"{trial.result:8}{for_terminal(trial.tried)}: {for_terminal(trial.sentence)}"
    return f"{head}\n        -> {for_terminal(trial.remedy)}" if trial.remedy else head


class Diagnosis(Struct, frozen=True):
    """The trials of one run, about one Security Center and perhaps an image."""

    connections: Connections
    region: str | None
    image: ImageReference | None

    @property
    def client(self) -> SecurityCenter:
        """The Security Center that the trials are about."""
        return self.connections.client(self.region)

    async def trials(self) -> AsyncIterator[Trial]:
        """Try what the gate needs, in the order in which one trouble hides the next."""
        credentials = await _attempt("credentials", self._credentials)
        yield credentials
        if credentials.result is Result.OK:
            async for trial in self._security_center():
                yield trial
        if self.image is not None:
            yield await self._registry(self.image)

    async def _security_center(self) -> AsyncIterator[Trial]:
        reached = await self._reach()
        yield reached
        if reached.exit_code is ExitCode.SERVICE:
            return
        yield self._clock()
        if reached.exit_code is ExitCode.ACCESS:
            return  # each further call would be refused alike
        yield await self._account()
        for operation in OPERATIONS:
            if operation.name in PROBES:
                yield await self._permission(operation)
            elif Purpose.SCAN in operation.needed_for:
                sentence = "not tried, since trying it starts a scan; only --scan needs it"
                yield Trial(f"permission {operation.action}", Result.NOTE, sentence)
        yield await _attempt("checks", self._checks)
        yield await _attempt("whitelist rules", self._whitelists)
        yield await _attempt("registries", self._registries)
        if self.image is not None:
            repository = partial(self._repository, self.image)
            yield await _attempt(f"repository {self.image.path}", repository)

    async def _credentials(self, tried: str) -> Trial:
        await self.connections.try_credentials()
        return Trial(tried, Result.OK, f"from {self.connections.credentials_origin}")

    async def _reach(self) -> Trial:
        region = self.region or "(not told)"
        tried = f"Security Center at {self.client.endpoint} for region {region}"
        try:
            await self.client.describe_image_instances(page_size=1)
        except PermissionMissing:
            return Trial(tried, Result.OK, "reached")
        except GateError as trouble:
            return _trouble(tried, trouble)
        return Trial(tried, Result.OK, "reached, and it accepts the credentials")

    def _clock(self) -> Trial:
        seconds = self.client.skew.total_seconds()
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
            client = await self.connections.identity_client(self.region)
            identity = await client.get_caller_identity()
        except GateError as trouble:
            return Trial("account", Result.NOTE, f"could not be told: {trouble.message}")
        return Trial(
            "account",
            Result.OK,
            f"{identity.account_id}, {identity.arn.rpartition(':')[2]}; images of another account "
            "look as if missing",
        )

    async def _permission(self, operation: Operation[object]) -> Trial:
        tried = f"permission {operation.action}"
        optional = Purpose.VERDICT not in operation.needed_for
        needed = f" (needed by {' and '.join(operation.needed_for)})" if optional else ""
        try:
            await PROBES[operation.name](self.client)
        except PermissionMissing as missing:
            if optional:
                return Trial(tried, Result.NOTE, f"not granted{needed}", missing.remedy)
            return _trouble(tried, missing)
        except GateError as trouble:
            return _trouble(tried, trouble)
        return Trial(tried, Result.OK, f"granted{needed}")

    async def _checks(self, tried: str) -> Trial:
        configuration = await self.client.check_configuration()
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
        listing = await self.client.event_rules()
        rules = [rule for rule in listing.rows if _hides_build_risks(rule)]
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
        listing = await self.client.image_repositories({})
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
        listing = await self.client.image_records(
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
        shown = "; ".join(_summary(record) for record in newest[:_MOST_RECORDS])
        return Trial(tried, Result.OK, f"images known: {len(listing.rows)}; the newest: {shown}")

    async def _registry(self, image: ImageReference) -> Trial:
        tried = f"registry {image.host}"
        answer = await self.connections.registry.resolve(image)
        if isinstance(answer, Unresolved):
            return Trial(tried, Result.NOTE, answer.cause, answer.remedy)
        kind = f"an index of {len(answer.platforms)} platforms" if answer.is_index else "one image"
        return Trial(tried, Result.OK, f"{image} is {kind}, {answer.digest}")


async def _attempt(tried: str, trial: Callable[[str], Awaitable[Trial]]) -> Trial:
    try:
        return await trial(tried)
    except GateError as trouble:
        return _trouble(tried, trouble)


def _trouble(tried: str, trouble: GateError) -> Trial:
    return Trial(tried, Result.TROUBLE, trouble.message, trouble.remedy, trouble.exit_code)


def _hides_build_risks(rule: EventRule) -> bool:
    # Which EventType stands for build risks is not documented, so any mention of risk counts.
    about = f"{rule.event_type} {rule.event_key} {rule.event_name} {rule.conditions}".lower()
    return rule.operation_code == "whitelist" and "risk" in about


def _summary(record: ImageRecord) -> str:
    return (
        f"{record.tag or '(no tag)'} {record.digest[:19]} in {record.region_id} "
        f"({record.registry_type}), scan {record.sca_status or 'never'}"
    )
