"""Who is asking: the one operation of STS."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gate.sandbox.call import Answer, Call

_USER = "200000000000000001"


def caller(call: Call) -> Answer:
    """Answer GetCallerIdentity."""
    return {
        "AccountId": call.world.account,
        "Arn": f"acs:ram::{call.world.account}:user/sandbox",
        "UserId": _USER,
        "PrincipalId": _USER,
        "IdentityType": "RAMUser",
    }
