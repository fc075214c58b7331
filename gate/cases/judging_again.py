"""Judge an image of a case file as a run that had read the same of it would.

Nothing is gathered, so what only gathering can tell (``settle``, ``accept_previous``,
``platforms``) changes nothing here. What a case does not hold leaves it undecided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.cases.case import KINDS
from gate.clock import say_duration
from gate.findings import (
    IdentifiedBy,
    Image,
    Reason,
    Scan,
    Scanned,
    ScanState,
    Unscanned,
)
from gate.verdict import judge_image

if TYPE_CHECKING:
    from gate.cases.case import Case, CheckStates
    from gate.findings import Requirements
    from gate.policy import Policies
    from gate.verdict import ImageVerdict

_Why = tuple[Reason, str]

# What keeps a scan from counting, in the order in which it is asked before its age.
_NO_SCAN = frozenset(
    {
        Reason.MISSING,
        Reason.RUNNING,
        Reason.FAILED,
        Reason.UNSUPPORTED,
        Reason.STALE,
        Reason.UNIDENTIFIED,
        Reason.AMBIGUOUS,
        Reason.MOVED,
        Reason.UNREAD,
        Reason.ACCESS,
        Reason.SERVICE,
    }
)
_STATES = {
    Reason.MISSING: ScanState.MISSING,
    Reason.RUNNING: ScanState.RUNNING,
    Reason.FAILED: ScanState.FAILED,
    Reason.UNSUPPORTED: ScanState.UNSUPPORTED,
    Reason.STALE: ScanState.STALE,
}
_BY_TAG = "It is identified by its tag, and a policy says scan.require_digest."
_SAYS = "The case says that its evidence is {0}."
_TOO_OLD = "Its scan is {0} old, and scan.max_age is {1}."
_CHECKS_UNKNOWN = "Which checks are on is not known, and a policy says scan.require_checks."
_ALL_OFF = "Not one check is on."
_CHECKS_OFF = "A rule of the policy names checks that are not on: {0}."
_KINDS_LACKING = "Not everything was read of: {0}."


def judge_again(case: Case, policies: Policies) -> ImageVerdict:
    """Return the verdict on a case by policies that already judge as on its day.

    Its decisions are those on all its findings, also where the image is undecided; only an image
    that isn't identified has none, because then they may be another image's.
    """
    requirements = policies.requirements(case.names)
    if requirements.require_digest and case.identified_by is IdentifiedBy.TAG:
        return _verdict(case, policies, (Reason.UNIDENTIFIED, _BY_TAG), identified=False)
    return _verdict(case, policies, _doubt(case, requirements))


def _doubt(case: Case, requirements: Requirements) -> _Why | None:
    """Return what a pass lacks, if anything; its order is the contract's."""
    return (
        _of_scan(case, requirements)
        or _of_checks(case.checks, requirements)
        or _of_what_was_read(case)
    )


def _of_scan(case: Case, requirements: Requirements) -> _Why | None:
    if case.evidence is not None and case.evidence in _NO_SCAN:
        return case.evidence, _SAYS.format(case.evidence)
    limit = requirements.max_age
    if limit is not None and case.age > limit:
        return Reason.STALE, _TOO_OLD.format(say_duration(case.age), say_duration(limit))
    return None


def _of_checks(checks: CheckStates | None, requirements: Requirements) -> _Why | None:
    if checks is None:
        needed = requirements.require_checks
        return (Reason.ACCESS, _CHECKS_UNKNOWN) if needed else None
    if checks.look_for_nothing:
        return Reason.CHECKS_OFF, _ALL_OFF
    lacking = checks.lacking(requirements.checks)
    return (Reason.CHECKS_OFF, _CHECKS_OFF.format(", ".join(lacking))) if lacking else None


def _of_what_was_read(case: Case) -> _Why | None:
    if case.evidence is not None:
        return case.evidence, _SAYS.format(case.evidence)
    unread = sorted(KINDS - case.kinds)
    return (Reason.INCOMPLETE, _KINDS_LACKING.format(", ".join(unread))) if unread else None


def _verdict(
    case: Case, policies: Policies, doubt: _Why | None, *, identified: bool = True
) -> ImageVerdict:
    findings = case.findings if identified else ()
    reference = case.image
    image = Image(
        uuid="",
        region="",
        instance="",
        namespace=reference.namespace,
        repository=reference.repository,
        tag=reference.tag,
        digest=case.digest,
        tags=case.tags,
    )
    evidence: Scanned | Unscanned
    if doubt is None:
        evidence = Scanned(
            image=image,
            identified_by=case.identified_by,
            scan=Scan(state=ScanState.FINISHED, age=case.age),
            findings=findings,
        )
    else:
        reason, message = doubt
        state = _STATES.get(reason, ScanState.FINISHED)
        evidence = Unscanned(
            reason=reason,
            message=message,
            image=image if identified else None,
            identified_by=case.identified_by if identified else None,
            scan=Scan(state=state, age=case.age),
            findings=findings,
        )
    return judge_image(
        case.reference,
        evidence,
        policies.judge(findings, case.names),
        tolerated=doubt is not None and policies.tolerates(doubt[0]),
        digest=case.digest,
    )
