"""What faults do to an answer: refuse it, or spoil its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.sandbox.faults import Fault, Kind
from gate.sandbox.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_TOO_MANY_REQUESTS = 429
_UNAVAILABLE = 503

PAGE = b"<!DOCTYPE html><html><head><title>Gateway</title></head><body>Blocked</body></html>"


def refuse(operation: str, struck: Mapping[Kind, Fault]) -> None:
    """Raise the ``Refusal`` that a fault asks for, if any does."""
    if Kind.DENIED in struck:
        raise Refusal(403, struck[Kind.DENIED].code or "NoPermission", _denied(operation))
    for kind in (Kind.THROTTLING, Kind.QUOTA, Kind.ACCOUNT_QUOTA):
        if kind in struck:
            raise _throttled(struck[kind])
    failure = struck.get(Kind.SERVER_ERROR)
    if failure is not None:
        status = failure.status or 500
        code = "ServiceUnavailable" if status == _UNAVAILABLE else "ServerError"
        raise Refusal(status, failure.code or code, "The request has failed on the server's side.")


def garbled(content: bytes, struck: Collection[Kind]) -> bytes:
    """Return an answer's bytes as the faults leave them."""
    if Kind.HTML in struck:
        return PAGE
    if Kind.NONSENSE in struck:
        return b'{"Data": [["nonsense"]], "PageInfo": 7, "ImageInstanceList": {"no": "list"}}'
    if Kind.TRUNCATED in struck:
        return content[: len(content) // 2]
    return content


def _denied(operation: str) -> str:
    return f"You are not authorized to perform yundun-sas:{operation}."


def _throttled(fault: Fault) -> Refusal:
    headers = {}
    if fault.retry_after is not None:
        headers["x-acs-retry-after"] = str(fault.retry_after)
    code = fault.code or ("Throttling.Api" if fault.kind == Kind.THROTTLING else "Throttling.User")
    status = fault.status or _TOO_MANY_REQUESTS
    return Refusal(status, code, "Request was denied due to request throttling.", headers)
