"""Ask Security Center for scans: only where wanted, and once."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gate.errors import GateError
from gate.evidence import in_repository, moment, unscanned_by
from gate.findings import Reason, Scanned, ScanState, Unscanned, instead_of
from gate.security_center import ScanTarget

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gate.evidence import Look, Target
    from gate.security_center import ImageRecord, ImageRepository, ScanTaskState, SecurityCenter

_MOST_REQUESTS = 2  # a scan that failed is asked for at most once more
_UNSUPPORTED = "TASK_NOT_SUPPORT_REGION"
_UNKNOWN = "TASK_NOT_EXISTS"
_NOT_ENDED = "The scan of {0} that was asked for has not ended. Wait longer with --wait."
_NOT_FOUND = (
    "Security Center does not find {0} in the registry yet, so it can't be asked for a scan. Give "
    "it more time with --wait."
)
_NO_SUCH_REGION = (
    "Security Center can't scan images in the region of {0}. Push to a registry in a region that "
    "it supports, or let a policy's undecided.warn_on name unsupported."
)
_FAILED_AT_ONCE = (
    "The scan of {0} that was asked for failed at once ({1}). See the console for the reason."
)
_TOO_MANY_SCANS = (
    "A scan of {0} could not be asked for yet: Security Center runs as many scans as it allows at "
    "a time. Give it more time with --wait."
)
_NO_DIGEST = "A scan of {0} can't be asked for without its digest. Give {1}."
_NO_REPOSITORY = (
    "Security Center does not know the repository of {0}, so it can't be asked for a scan. "
    "Synchronise the registry in the console (image security, add the instance), or give the new "
    "repository a few minutes."
)
_SEVERAL_REPOSITORIES = (
    "Security Center knows several repositories named {0}. Say which with --instance or --region."
)
_State = tuple[str, int | None]
_ASKED_FOR = frozenset((Reason.MISSING, Reason.FAILED, Reason.STALE))
_SCANS_DO_NOT_HELP = frozenset(
    (
        Reason.ACCESS,
        Reason.AMBIGUOUS,
        Reason.CHECKS_OFF,
        Reason.SERVICE,
        Reason.UNIDENTIFIED,
        Reason.UNSUPPORTED,
    )
)


class ScanMode(StrEnum):
    """When to ask for a scan."""

    NEVER = "never"
    MISSING = "missing"
    ALWAYS = "always"


class _ScanRequest(Struct, frozen=True):
    """A scan that was asked for: when, by the service's clock, and the record's state before."""

    at: datetime
    before: _State


class Scans:
    """The scans that a run asks for.

    With ``dry_run`` nothing is asked for; ``notes`` says what would have been, and its quota.
    """

    def __init__(
        self,
        mode: ScanMode,
        client_of: Callable[[Target], SecurityCenter],
        *,
        dry_run: bool = False,
    ) -> None:
        self.notes: list[str] = []
        self._mode = mode
        self._client_of = client_of
        self._dry_run = dry_run
        self._last_request: dict[Target, _ScanRequest] = {}
        self._begun: set[Target] = set()  # whose record changed since the scan was asked for
        self._requests: Counter[Target] = Counter()

    async def consider(self, target: Target, look: Look) -> Look:
        """Ask for a scan of a target if its look calls for one; return what the look means now.

        A scan that is under way because it was asked for is waited for, also where the record
        still shows the state from before.
        """
        if self._mode is ScanMode.NEVER or target.optional or look.blocks:
            return look
        try:
            await self._notice(target, look)
            if self._needed(target, look):
                return await self._ask(target, look)
        except GateError as trouble:
            return replace(
                look, evidence=instead_of(look.evidence, unscanned_by(trouble)), waiting=False
            )
        return self._awaited(target, look)

    async def _notice(self, target: Target, look: Look) -> None:
        """Notice that a scan that was asked for has begun, so that its failure is a new one."""
        request = self._last_request.get(target)
        if request is None or target in self._begun:
            return
        if _state(look.record) != request.before or await self._failed_since(target, look, request):
            self._begun.add(target)

    async def _failed_since(self, target: Target, look: Look, request: _ScanRequest) -> bool:
        """Tell whether a scan failed so fast that the record never showed it running."""
        if _reason(look) is not Reason.FAILED or look.record is None:
            return False
        digest = look.record.digest.removeprefix("sha256:")
        try:
            tasks = await self._client_of(target).latest_scan_tasks(digest)
        except GateError:
            return False  # not shown: the wait goes on
        ends = (moment(task.finish_time) for task in tasks)
        return any(end is not None and end >= request.at for end in ends)

    def _needed(self, target: Target, look: Look) -> bool:
        request = self._last_request.get(target)
        if request is None:
            always = self._mode is ScanMode.ALWAYS and _reason(look) not in _SCANS_DO_NOT_HELP
            return always or _reason(look) in _ASKED_FOR
        failed_since = _reason(look) is Reason.FAILED and target in self._begun
        return failed_since and self._requests[target] < _MOST_REQUESTS

    async def _ask(self, target: Target, look: Look) -> Look:
        client = self._client_of(target)
        wanted = await _scan_target(client, target, look.record)
        if isinstance(wanted, str):
            return _undecided(look, Reason.MISSING, wanted, "its repository is not known yet")
        if self._dry_run:
            await self._note_cost(client, target, wanted)
            return replace(look, waiting=False)
        asked_at = client.now().replace(microsecond=0)
        answer = await client.public_sync_and_create_image_scan_task([wanted])
        under_way = "repeat" in answer.result.lower()  # it is being scanned already
        if under_way or not (refusal := _refusal(target, look, answer)):
            self._last_request[target] = _ScanRequest(asked_at, _state(look.record))
            self._begun.discard(target)
            self._requests[target] += 1
            return _scan_under_way(target, look)
        return refusal

    async def _note_cost(self, client: SecurityCenter, target: Target, wanted: ScanTarget) -> None:
        cost = await client.public_pre_check_image_scan_task([wanted])
        self.notes.append(
            f"Dry run: --scan {self._mode} would ask for a scan of {target.name}. Scan quota that "
            f"it would use: {cost.scan_image_count} (new authorisations: {cost.need_auth_count})."
        )

    def _awaited(self, target: Target, look: Look) -> Look:
        request = self._last_request.get(target)
        if request is None:
            return look
        if isinstance(look.evidence, Scanned):
            ended = look.evidence.scan.finished_at
            old = ended is None or ended < request.at
            only_newer = self._mode is ScanMode.ALWAYS
            return _scan_under_way(target, look) if old and only_newer else look
        pending = target not in self._begun and _reason(look) in _ASKED_FOR
        return _scan_under_way(target, look) if pending else look


def _reason(look: Look) -> Reason | None:
    return look.evidence.reason if isinstance(look.evidence, Unscanned) else None


def _state(record: ImageRecord | None) -> _State:
    return ("", None) if record is None else (record.sca_status, record.last_scan_time)


def _refusal(target: Target, look: Look, answer: ScanTaskState) -> Look | None:
    """Return what it means that no scan was begun, ``None`` if one was."""
    name = target.name
    if answer.result == _UNKNOWN:
        doing = "not found in the registry by Security Center yet"
        return _undecided(look, Reason.MISSING, _NOT_FOUND.format(name), doing)
    if answer.result == _UNSUPPORTED:
        return _undecided(look, Reason.UNSUPPORTED, _NO_SUCH_REGION.format(name))
    if answer.status == "FAIL":
        word = answer.result or answer.status
        return _undecided(look, Reason.FAILED, _FAILED_AT_ONCE.format(name, word))
    if answer.can_create is False:
        doing = "waiting until another scan may start"
        return _undecided(look, Reason.RUNNING, _TOO_MANY_SCANS.format(name), doing)
    return None


def _scan_under_way(target: Target, look: Look) -> Look:
    return _undecided(look, Reason.RUNNING, _NOT_ENDED.format(target.name), "scan asked for")


def _undecided(look: Look, reason: Reason, message: str, doing: str = "") -> Look:
    """Return what a look means now; with something that is being done, it is worth waiting."""
    scan = look.evidence.scan
    if look.record is not None:
        scan = replace(scan, state=ScanState(reason.value))
    refused = Unscanned(reason=reason, message=message, scan=scan)
    evidence = instead_of(look.evidence, refused)
    return replace(look, evidence=evidence, waiting=bool(doing), doing=doing)


async def _scan_target(
    client: SecurityCenter, target: Target, record: ImageRecord | None
) -> ScanTarget | str:
    """Return what to ask a scan of, or why that can't be told, in a sentence."""
    if record is not None:
        return _in_place(
            record,
            record.digest,
            record.tag,
            create_time=record.image_create,
            update_time=record.image_update,
        )
    if target.digest is None:
        return _NO_DIGEST.format(target.name, target.advice.digest)
    repository = await _repository_of(client, target)
    if isinstance(repository, str):
        return repository
    return _in_place(repository, target.digest, target.tag)


def _in_place(
    place: ImageRecord | ImageRepository, digest: str, tag: str, **times: int | None
) -> ScanTarget:
    """Name an image in the repository that a row tells of."""
    return ScanTarget(
        registry_type=place.registry_type,
        repo_id=place.repo_id,
        instance_id=place.instance_id,
        repo_namespace=place.repo_namespace,
        region_id=place.region_id,
        repo_name=place.repo_name,
        digest=digest.removeprefix("sha256:"),
        tag=tag,
        **times,
    )


async def _repository_of(client: SecurityCenter, target: Target) -> ImageRepository | str:
    reference = target.reference
    listing = await client.image_repositories(
        {"repoNamespace": reference.namespace, "repoName": reference.repository},
        keep=lambda repository: in_repository(repository, target),
    )
    if len(listing.rows) == 1:
        return listing.rows[0]
    if not listing.rows:
        return _NO_REPOSITORY.format(target.name)
    return _SEVERAL_REPOSITORIES.format(reference.path)
