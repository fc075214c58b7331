"""Which checks are switched on: a scan finds only what it was told to look for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from gate.errors import PermissionMissing
from gate.findings import Reason, Scan

if TYPE_CHECKING:
    from gate.findings import Requirements
    from gate.security_center import CheckConfiguration


class Configured(Protocol):
    """The part of the client that tells which checks are on."""

    async def check_configuration(self) -> CheckConfiguration:
        """Read the configuration of checks."""


class Checks(Struct, frozen=True):
    """The checks that are on and off; ``unknown_because`` where nobody may tell."""

    on: frozenset[str] = frozenset()
    off: tuple[str, ...] = ()
    unknown_because: str = ""


async def read_checks(client: Configured) -> Checks:
    """Read which checks are on; a missing permission for that is not an error."""
    try:
        configured = await client.check_configuration()
    except PermissionMissing as missing:
        return Checks(unknown_because=str(missing))
    return Checks(on=frozenset(configured.on), off=tuple(sorted(configured.off)))


def with_checks(scan: Scan, checks: Checks) -> Scan:
    """Add what is known of the checks to a scan."""
    if checks.unknown_because:
        return scan
    return replace(scan, checks_on=len(checks.on), checks_off=checks.off)


def lacking(checks: Checks, requirements: Requirements) -> tuple[Reason, str] | None:
    """Return why a scan with these checks is no evidence, in a word and a sentence."""
    if checks.unknown_because:
        if requirements.require_checks:
            return Reason.ACCESS, (
                "Which checks are on can't be told, and a policy says scan.require_checks. "
                f"{checks.unknown_because}"
            )
        return None
    if not checks.on:
        return Reason.CHECKS_OFF, (
            "Not one build-risk check is switched on in Security Center, so a scan can't find "
            f"anything. {_HOW_TO_SWITCH_ON}"
        )
    named = sorted(requirements.checks - checks.on)
    if named:
        return Reason.CHECKS_OFF, (
            f"A rule of the policy names checks that are not switched on: {', '.join(named)}. "
            f"{_HOW_TO_SWITCH_ON}"
        )
    return None


def notes_on(checks: Checks) -> tuple[str, ...]:
    """Say what a reader should know of the checks, in sentences."""
    if checks.unknown_because:
        return (f"Whether all checks are switched on is not known. {checks.unknown_because}",)
    if checks.off:
        return (f"Checks that are switched off: {', '.join(checks.off)}.",)
    return ()


_HOW_TO_SWITCH_ON = (
    "Switch them on in the console (image security, settings of build-risk checks), then scan "
    "again; `gate risks` lists all checks."
)
