"""Words for numbers, times and outcomes, as reports for people write them."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING

from gate.findings import ScanState
from gate.untrusted import for_terminal
from gate.verdict import Action, Outcome

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from gate.findings import Scan
    from gate.verdict import ImageVerdict, Service

_UNITS = ((2 * 86400, 86400, "days"), (2 * 3600, 3600, "h"), (120, 60, "min"), (0, 1, "s"))
_SPACE = re.compile(r"[ \t\r\n]+")
_DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}")
_VERBS = {
    Action.BLOCK: "blocked",
    Action.WARN: "warned",
    Action.WAIVED: "waived",
    Action.ALLOW: "allowed",
}


def sentence(text: str) -> str:
    """Return prose of others on one line: white space is one space, the rest is escaped."""
    return for_terminal(_SPACE.sub(" ", text).strip())


def counted(number: int, noun: str) -> str:
    """Return ``1 finding``, ``2 findings``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def age(duration: timedelta) -> str:
    """Return about how long that is, as in ``2 h``; not less than nothing."""
    seconds = max(0, int(duration.total_seconds()))
    for least, unit, name in _UNITS:
        if seconds >= least:
            return f"{seconds // unit} {name}"
    raise AssertionError("the last unit takes everything")


def moment(time: datetime) -> str:
    """Return a time in UTC, to the second."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def short(reference: str) -> str:
    """Return a reference without its host, and with the beginning of its digest only."""
    without_host = reference.partition("/")[2] or reference
    return _DIGEST.sub(r"\1", without_host)


def shortest(reference: str) -> str:
    """Return a reference without its host, and without its digest if it has a tag."""
    name, _, _ = without_host = short(reference).partition("@")
    return name if ":" in name else "".join(without_host)


def asked(service: Service) -> str:
    """Return who was asked, for a reader; ``nobody`` where nothing had to be asked."""
    if not service.endpoint:
        return "nobody"
    return service.endpoint + (f" ({service.region})" if service.region else "")


def scan_in_brief(scan: Scan) -> str:
    """Return state and age of a scan and how many checks are on."""
    parts = []
    if scan.state is ScanState.FINISHED:
        parts.append("scan finished" if scan.age is None else f"scanned {age(scan.age)} ago")
    else:
        parts.append(f"scan {scan.state.value}")
    if scan.checks_on is not None:
        parts.append(f"{counted(scan.checks_on, 'check')} on")
    return ", ".join(parts)


def counts_in_brief(image: ImageVerdict, *, without: Action | None = None) -> str:
    """Return how many findings there are of each decision, as in ``2 blocked, 1 warned``."""
    return ", ".join(
        f"{number} {_VERBS[action]}"
        for action, number in image.count().items()
        if number and action is not without
    )


def is_let_through(image: ImageVerdict) -> bool:
    """Tell whether the image is undecided and yet, by the policy's ``warn_on``, no failure."""
    return image.outcome is Outcome.UNDECIDED and not image.exit_code
