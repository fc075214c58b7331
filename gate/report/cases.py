"""The record: what is known of each image, to be judged again by other policies.

JSON with an image a line, so that it is compared and read line by line. It holds what policies
judge by and what came out, and nothing else: no command, advice, description, layer or name of a
risk, so that no secret of a build command gets to where it is kept. Its format is that of case
files, version 1.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from gate import __version__
from gate.errors import InvalidReference
from gate.findings import IdentifiedBy, Reason
from gate.reference import ImageReference, looks_like_host
from gate.report.json_report import rfc3339
from gate.report.wording import policies_as_json
from gate.untrusted import for_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gate.findings import Finding
    from gate.report import Style
    from gate.verdict import Action, ImageVerdict, Verdict

_Sort = tuple[str, ...]

_COMPLETE = "complete"


def render(verdict: Verdict, _style: Style) -> Iterator[str]:
    """Yield the record: its head, then each image, in the order of the run.

    What names no image is left out and counted: what a file names and could not be read whole, or
    what a service calls so that nobody could ask for it.
    """
    names = _names_a_record if verdict.audited else _names_an_image
    images = [image for image in verdict.images if names(image)]
    shared = _shared_checks(verdict, images)
    yield "{\n"
    yield f'"version": 1,\n"recorded": {_line(_recorded(verdict, len(images)))},\n'
    yield f'"checks": {_line(_checks(shared[0]))},\n' if shared else ""
    line, comma = '"images": [', ""
    for image in images:
        yield f"{line}{comma}\n"
        line, comma = _line(_image(image, own_checks=not shared)), ","
    yield f"{line}\n]\n}}\n"


def _names_a_record(image: ImageVerdict) -> bool:
    return ImageReference.as_recorded(_reference(image)) is not None


def _names_an_image(image: ImageVerdict) -> bool:
    if image.reason == Reason.UNREAD.value:
        return False
    try:
        return bool(ImageReference.parse(image.reference))
    except InvalidReference:  # a file that was not read to its end
        return False


def _recorded(verdict: Verdict, images: int) -> dict[str, Any]:
    """Return where the record comes from; the policies judge nothing when it is read."""
    unread = len(verdict.images) - images
    audited, service = verdict.audited, verdict.service
    return {
        "at": rfc3339(verdict.generated_at),
        "tool": f"buildrisk-gate {__version__}",
        "endpoint": service.endpoint,
        "region": service.region,
        "sandbox": service.sandbox,
        "scope": {
            "command": "audit" if audited else verdict.command,
            "namespace": audited.namespace if audited else None,
            "repository": audited.repository if audited else None,
        },
        "policies": policies_as_json(verdict.policies),
        **({"unread": unread} if unread else {}),
    }


def _shared_checks(
    verdict: Verdict, images: Iterable[ImageVerdict]
) -> list[tuple[str, ...] | None]:
    """Return the one answer of which checks are on, if one Security Center gave it to all."""
    answers = {image.gathered.checks for image in images} - {None}
    if len(answers) > 1 or ", " in verdict.service.endpoint:
        return []
    return [next(iter(answers), None)]


def _checks(keys: tuple[str, ...] | None) -> dict[str, Any] | None:
    return None if keys is None else {"on": keys}


def _image(image: ImageVerdict, *, own_checks: bool) -> dict[str, Any]:
    gathered = image.gathered
    platform = image.index_platform or image.platform
    actions = {_sort(decision.finding): decision.action for decision in image.decisions}
    return {
        **({"name": platform} if platform else {}),
        "reference": _reference(image),
        "tags": image.image.tags if image.image else (),
        "identified_by": _identified_by(image).value,
        "scan": {"age": f"{_seconds(image.scan.age)}s"},
        **({"checks": _checks(gathered.checks)} if own_checks else {}),
        "evidence": gathered.reason.value if gathered.reason else _COMPLETE,
        "kinds": gathered.kinds,
        "findings": [_finding(finding, actions) for finding in gathered.findings],
        "verdict": image.outcome.value,
        "reason": image.reason,
        "exit_code": int(image.exit_code),
    }


def _reference(image: ImageVerdict) -> str:
    """Return the image's name, with the digest that was judged if that is certain.

    One without a host begins with a slash where its namespace would be taken for the host.
    """
    text, record = image.reference, image.image
    if record is None:
        digest = "" if image.index_platform else image.digest
    else:
        digest = record.digest if image.identified_by is IdentifiedBy.DIGEST else ""
        path = f"{record.namespace}/{record.repository}"
        if text.startswith(path) and looks_like_host(record.namespace):
            text = f"/{text}"
    return f"{text}@{digest}" if digest and "@" not in text else text


def _identified_by(image: ImageVerdict) -> IdentifiedBy:
    """Return what tied the image to a record, or what would have."""
    if image.identified_by is not None:
        return image.identified_by
    return IdentifiedBy.DIGEST if image.digest or image.index_platform else IdentifiedBy.TAG


def _seconds(age: timedelta | None) -> int:
    """Return an age in whole seconds, rounded up; 0 for no scan, which is no evidence anyway."""
    return 0 if age is None else max(0, -(-age // timedelta(seconds=1)))


def _finding(finding: Finding, actions: Mapping[_Sort, Action]) -> dict[str, str]:
    """Return a finding, and what was decided of it, if anything was."""
    sort = _sort(finding)
    decided = {"decision": actions[sort].value} if sort in actions else {}
    return {
        "risk": finding.risk,
        "level": finding.level.value,
        "status": finding.status.value,
        "class": finding.risk_class,
        "kind": finding.kind,
        **decided,
    }


def _sort(finding: Finding) -> _Sort:
    """Return all of a finding that a decision depends on."""
    return finding.kind, finding.risk, finding.risk_class, finding.level, finding.status


def _line(value: object) -> str:
    return for_json(json.dumps(value, ensure_ascii=False, allow_nan=False))
