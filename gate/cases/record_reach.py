"""Whether records hold all images that a pattern of a policy can be about.

An audit of a region holds all that Security Center knows there, of a namespace or a repository if
it was asked for one. Of regions that no record is from nothing is known: one record for each.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.cases.case import Recorded, RecordScope

_AUDIT = "audit"
_WILD = re.compile(r"[*?]")


def holds_all(records: Iterable[Recorded], pattern: str) -> bool:
    """Tell whether audits among these records hold all that a pattern can match; in doubt not."""
    host, path = _parted(pattern)
    region = _region_of(host)
    records = list(records)
    regions = {region} if region else {record.region for record in records}
    return bool(regions) and all(
        any(
            record.region == each and record.scope.command == _AUDIT and _holds(record.scope, path)
            for record in records
        )
        for each in regions
    )


def _holds(scope: RecordScope, path: str) -> bool:
    """Tell whether all images that a pattern without a host can match are in a scope."""
    if scope.namespace is None and scope.repository is None:
        return True
    namespace, _, rest = path.partition("/")
    repository = rest.partition(":")[0]
    if may_be_host(namespace):
        return False
    return scope.namespace in {None, namespace} and (
        scope.repository is None or repository == scope.repository
    )


def _parted(pattern: str) -> tuple[str, str]:
    """Return the host of a pattern, which is empty if none stands there literally, and the rest."""
    host, slash, path = pattern.partition("/")
    names_more = "/" in path or "**" in path
    if slash and names_more and may_be_host(host) and not _WILD.search(host):
        return host, path
    return "", pattern


def may_be_host(text: str) -> bool:
    """Tell what may stand for a host from a namespace, by Docker's rule and for patterns."""
    return text == "localhost" or any(mark in text for mark in ".:[*?")


def _region_of(host: str) -> str:
    """Return the region that a host tells, an empty text if it tells none."""
    return ImageReference(host, "", "", "").region or ""
