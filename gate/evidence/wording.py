"""What to say of a scan that is no evidence: what is missing, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.evidence.scan import doing

if TYPE_CHECKING:
    from datetime import datetime

    from gate.security_center import ImageRecord

_ASK = "ask for one with --scan missing, which uses scan quota"


def running(name: str, record: ImageRecord) -> str:
    """Say that a scan has not ended."""
    return f"The scan of {name} has not ended ({doing(record)}). Wait longer with --wait."


def failed(name: str, record: ImageRecord) -> str:
    """Say that a scan failed."""
    words = ", ".join(word for word in (record.sca_status, record.sca_result) if word)
    return f"The scan of {name} failed ({words}). See the console for the reason, or {_ASK}."


def never_scanned(name: str, _record: ImageRecord) -> str:
    """Say that an image is known, but was never scanned."""
    return (
        f"Security Center knows {name} but has never scanned it. Scan it in the console, or {_ASK}."
    )


def unsupported(name: str, record: ImageRecord) -> str:
    """Say that an image's region can't be scanned."""
    return (
        f"Security Center can't scan images in the region of {name} "
        f"({record.region_id or 'unknown'}). Push to a registry in a region that it supports, or "
        "let a policy's undecided.warn_on name unsupported."
    )


def unknown(name: str, record: ImageRecord) -> str:
    """Say that a scan's state makes no sense."""
    return (
        f"What the scan of {name} is doing can't be told: its state is "
        f"{record.sca_status or '(none)'}, the time of its last scan "
        f"{record.last_scan_time or '(none)'}. Wait longer with --wait; if it stays so, update the "
        "gate."
    )


def before_push(name: str, finished: datetime, pushed: datetime) -> str:
    """Say that a tag was pushed after its last scan."""
    return (
        f"The scan of {name} ended at {_time(finished)}, before the last push ({_time(pushed)}). "
        f"Wait for the next scan (--wait), or {_ASK}."
    )


def too_old(name: str, finished: datetime) -> str:
    """Say that a scan is older than a policy allows."""
    return (
        f"The scan of {name} is older than the policy's scan.max_age: it ended at "
        f"{_time(finished)}. Scan the image in the console, or {_ASK}."
    )


def in_the_future(name: str) -> str:
    """Say that a scan is said to have ended in the future."""
    return (
        f"The scan of {name} is said to have ended in the future, so its age can't be told. Wait "
        "longer with --wait; if it stays so, scan the image again."
    )


def push_unknown(name: str) -> str:
    """Say that it can't be told when a tag was pushed."""
    return (
        f"When {name} was last pushed can't be told from its record, so neither can whether its "
        "scan is newer. Give the digest that was pushed (--digest)."
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
