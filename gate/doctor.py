"""Find out why the gate can't decide: each thing that it needs is tried once, and named."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.errors import ExitCode, GateError, PermissionMissing
from gate.registry import Unresolved
from gate.untrusted import for_terminal
from gate.verdict import worst

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
    from datetime import timedelta

    from gate.connect import Connections
    from gate.reference import ImageReference
    from gate.security_center import EventRule, ImageRecord, SecurityCenter


class Result(StrEnum):
    """How a trial ended."""

    OK = "ok"
    NOTE = "note"
    TROUBLE = "TROUBLE"


class Trial(Struct, frozen=True):
    """One thing that was tried, what came of it, and what to do about it."""

    tried: str
    result: Result
    found: str
    remedy: str = ""
    exit_code: ExitCode = ExitCode.PASSED


# The read operations of `gate check`, each with the cheapest call that shows the permission.
_READS: tuple[tuple[str, Callable[[SecurityCenter], Awaitable[object]]], ...] = (
    ("DescribeImageInstances", lambda c: c.describe_image_instances(page_size=1)),
    ("DescribeImageListByBuildRisk", lambda c: c.describe_image_list_by_build_risk(page_size=1)),
    (
        "DescribeImageBuildRiskByKey",
        lambda c: c.describe_image_build_risk_by_key(image_uuid=_NO_UUID, page_size=1),
    ),
    ("GetBuildRiskDefineRuleConfig", lambda c: c.get_build_risk_define_rule_config()),
)
# Those that some options, policies or other commands need.
_MORE_READS: tuple[tuple[str, str, Callable[[SecurityCenter], Awaitable[object]]], ...] = (
    (
        "DescribeImageLatestScanTask",
        "scan.accept_previous",
        lambda c: c.describe_image_latest_scan_task(digest="0" * 64),
    ),
    (
        "DescribeImageBuildRiskList",
        "gate risks",
        lambda c: c.describe_image_build_risk_list(page_size=1),
    ),
    (
        "DescribeImageEventOperationPage",
        "gate doctor",
        lambda c: c.describe_image_event_operation_page(page_size=1),
    ),
    (
        "DescribeImageRepoDetailList",
        "--scan and gate doctor",
        lambda c: c.describe_image_repo_detail_list(page_size=1),
    ),
)
_SCANS = ("PublicPreCheckImageScanTask", "PublicSyncAndCreateImageScanTask")
_NO_UUID = "0" * 32
_SKEW_NOTED = 60.0  # seconds; the service refuses requests from 15 minutes on


def ram_policy(*, scans: bool) -> str:
    """Return the RAM policy document that the gate needs, as JSON.

    Only reading, or, with ``scans``, also asking for scans, which uses scan quota.
    """
    actions = [name for name, _ in _READS] + [name for name, _, _ in _MORE_READS]
    if scans:
        actions += _SCANS
    document = {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": [f"yundun-sas:{name}" for name in sorted(actions)],
                "Resource": "*",
            }
        ],
    }
    return json.dumps(document, indent=2)


async def diagnose(
    connections: Connections, region: str | None, image: ImageReference | None
) -> AsyncIterator[Trial]:
    """Try what the gate needs, in the order in which one trouble hides the next."""
    credentials = await _attempt("credentials", lambda: _credentials(connections))
    yield credentials
    if credentials.result is Result.OK:
        async for trial in _security_center(connections, region, image):
            yield trial
    if image is not None:
        yield await _registry(connections, image)


async def _security_center(
    connections: Connections, region: str | None, image: ImageReference | None
) -> AsyncIterator[Trial]:
    client = connections.client(region)
    reached = await _reach(client, region)
    yield reached
    if reached.exit_code is ExitCode.SERVICE:
        return
    yield _clock(client.skew)
    if reached.exit_code is ExitCode.ACCESS:
        return  # each further call would be refused alike
    yield await _account(connections, region)
    for name, call in _READS:
        yield await _permission(client, name, call, "")
    for name, needed_by, call in _MORE_READS:
        yield await _permission(client, name, call, needed_by)
    yield Trial(
        f"permission yundun-sas:{_SCANS[1]}",
        Result.NOTE,
        "not tried, since trying it starts a scan; only --scan needs it",
    )
    yield await _attempt("checks", lambda: _checks(client))
    yield await _attempt("whitelist rules", lambda: _whitelists(client))
    yield await _attempt("registries", lambda: _registries(client))
    if image is not None:
        yield await _attempt(f"repository {image.path}", lambda: _repository(client, image))


def exit_code_of(trials: Iterable[Trial]) -> ExitCode:
    """Return what the gravest trouble ends in; 0 where there is none."""
    codes = {trial.exit_code for trial in trials}
    return ExitCode.USAGE if ExitCode.USAGE in codes else worst([ExitCode.PASSED, *codes])


def as_line(trial: Trial) -> str:
    """Write a trial as lines: what was tried, the result, and below it what to do."""
    head = f"{trial.result:8}{for_terminal(trial.tried)}: {for_terminal(trial.found)}"
    return f"{head}\n        -> {for_terminal(trial.remedy)}" if trial.remedy else head


async def _attempt(tried: str, trial: Callable[[], Awaitable[Trial]]) -> Trial:
    try:
        return await trial()
    except GateError as trouble:
        return _trouble(tried, trouble)


def _trouble(tried: str, trouble: GateError) -> Trial:
    return Trial(tried, Result.TROUBLE, trouble.message, trouble.remedy, trouble.exit_code)


async def _credentials(connections: Connections) -> Trial:
    await connections.try_credentials()
    return Trial("credentials", Result.OK, f"from {connections.credentials_origin}")


async def _reach(client: SecurityCenter, region: str | None) -> Trial:
    tried = f"Security Center at {client.endpoint} for region {region or '(not told)'}"
    try:
        await client.describe_image_instances(page_size=1)
    except PermissionMissing:
        return Trial(tried, Result.OK, "reached")
    except GateError as trouble:
        return _trouble(tried, trouble)
    return Trial(tried, Result.OK, "reached, and it accepts the credentials")


def _clock(skew: timedelta) -> Trial:
    seconds = skew.total_seconds()
    if abs(seconds) < _SKEW_NOTED:
        return Trial("clock", Result.OK, "agrees with the service's")
    return Trial(
        "clock",
        Result.NOTE,
        f"{abs(seconds):.0f} seconds {'behind' if seconds > 0 else 'ahead of'} the service's",
        "Set the machine's clock (NTP): the service refuses requests that are 15 minutes off.",
    )


async def _account(connections: Connections, region: str | None) -> Trial:
    try:
        client = await connections.identity_client(region)
        identity = await client.get_caller_identity()
    except GateError as trouble:
        return Trial("account", Result.NOTE, f"could not be told: {trouble.message}")
    return Trial(
        "account",
        Result.OK,
        f"{identity.account_id}, {identity.arn.rpartition(':')[2]}; images of another account look "
        "as if missing",
    )


async def _permission(
    client: SecurityCenter,
    name: str,
    call: Callable[[SecurityCenter], Awaitable[object]],
    needed_by: str,
) -> Trial:
    tried = f"permission yundun-sas:{name}"
    needed = f" (needed by {needed_by})" if needed_by else ""
    try:
        await call(client)
    except PermissionMissing as missing:
        if needed_by:
            return Trial(tried, Result.NOTE, f"not granted{needed}", missing.remedy)
        return _trouble(tried, missing)
    except GateError as trouble:
        return _trouble(tried, trouble)
    return Trial(tried, Result.OK, f"granted{needed}")


async def _checks(client: SecurityCenter) -> Trial:
    configured = await client.check_configuration()
    on, off = len(configured.on), tuple(configured.off)
    if not on:
        return Trial(
            "checks",
            Result.TROUBLE,
            "not one build-risk check is switched on, so a scan can't find anything",
            "Switch them on in the console (image security, settings of build-risk checks).",
            ExitCode.UNDECIDED,
        )
    if off:
        return Trial("checks", Result.NOTE, f"{on} on; switched off: {', '.join(off)}")
    return Trial("checks", Result.OK, f"all {on} are switched on")


async def _whitelists(client: SecurityCenter) -> Trial:
    listing = await client.event_rules()
    rules = [rule for rule in listing.rows if _hides_build_risks(rule)]
    if not rules:
        return Trial("whitelist rules", Result.OK, "none about build risks")
    named = ", ".join(f"{rule.event_name or rule.event_key} (rule {rule.id})" for rule in rules)
    return Trial(
        "whitelist rules",
        Result.NOTE,
        f"these may hide build risks from the gate: {named}",
        "Review them in the console (image security, alert whitelist).",
    )


def _hides_build_risks(rule: EventRule) -> bool:
    # Which EventType stands for build risks is not documented, so any mention of risk counts.
    about = f"{rule.event_type} {rule.event_key} {rule.event_name} {rule.conditions}".lower()
    return rule.operation_code == "whitelist" and "risk" in about


async def _registries(client: SecurityCenter) -> Trial:
    listing = await client.image_repositories({})
    kinds = sorted({repository.registry_type for repository in listing.rows})
    if not kinds:
        return Trial(
            "registries",
            Result.TROUBLE,
            "Security Center knows no repository at all",
            "Add the registry in the console (image security), or check that these credentials "
            "are of the account that owns it.",
            ExitCode.UNDECIDED,
        )
    return Trial("registries", Result.OK, f"{listing.total} repositories of: {', '.join(kinds)}")


async def _repository(client: SecurityCenter, image: ImageReference) -> Trial:
    tried = f"repository {image.path}"

    def is_own(record: ImageRecord) -> bool:
        return (record.repo_namespace, record.repo_name) == (image.namespace, image.repository)

    listing = await client.image_records(
        {"repoNamespace": image.namespace, "repoName": image.repository}, keep=is_own
    )
    if not listing.rows:
        return Trial(
            tried,
            Result.TROUBLE,
            "Security Center knows no image of it",
            "Synchronise the registry in the console, wait some minutes after the first push, or "
            "check region and account above.",
            ExitCode.UNDECIDED,
        )
    shown = "; ".join(_summary(record) for record in _newest(listing.rows))
    return Trial(tried, Result.OK, f"images known: {len(listing.rows)}; the newest: {shown}")


def _newest(records: Sequence[ImageRecord]) -> list[ImageRecord]:
    return sorted(records, key=lambda record: -(record.image_update or 0))[:3]


def _summary(record: ImageRecord) -> str:
    return (
        f"{record.tag or '(no tag)'} {record.digest[:19]} in {record.region_id} "
        f"({record.registry_type}), scan {record.sca_status or 'never'}"
    )


async def _registry(connections: Connections, image: ImageReference) -> Trial:
    tried = f"registry {image.host}"
    answer = await connections.registry.resolve(image)
    if isinstance(answer, Unresolved):
        return Trial(tried, Result.NOTE, answer.cause, answer.remedy)
    kind = f"an index of {len(answer.platforms)} platforms" if answer.is_index else "one image"
    return Trial(tried, Result.OK, f"{image} is {kind}, {answer.digest}")
