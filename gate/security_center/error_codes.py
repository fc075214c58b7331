"""What an unsuccessful answer means: a refusal, which is raised, or a trouble that may pass.

The codes are those of the published error tables. A page of a proxy is never taken for a refusal
by Security Center.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate import untrusted
from gate.errors import (
    AnswerUnreadable,
    CredentialsRefused,
    GateError,
    PermissionMissing,
    ServiceError,
)
from gate.http import Trouble, intercepted, unreadable
from gate.security_center.wire import Answer, read_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.security_center.operations import Operation
    from gate.security_center.wire import Head

_OK = 200
_SUCCESS = "200"
_REFUSED = 400
_TOO_MANY = 429
_FAILING = 500

_CLOCK_TRIES = 2
_LONGEST_WAIT = 60.0  # seconds; the header is believed no further

_TRY_LATER = "Try again later; if it stays so, report it."

_PERMISSION = ("NoPermission", "Forbidden")
_CREDENTIALS = (
    "InvalidAccessKeyId",
    "InvalidAccessKeySecret",
    "InvalidSecurityToken",
    "MissingAccessKeyId",
    "MissingSecurityToken",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
)
_CLOCK = ("InvalidTimeStamp", "IllegalTimestamp")
_PASSING = (
    "ServerError",
    "InternalError",
    "ServiceUnavailable",
    "SignatureNonceUsed",
)


def judge(
    operation: Operation[object], status: int, headers: Mapping[str, str], body: bytes
) -> Answer | Trouble:
    """Return the answer of a success, or the trouble.

    A success says so in every way that it has: with status 200, with ``Success`` true and with
    ``Code`` 200; the latter two may be absent where the operation's reference doesn't name them.
    Raises the error that a refusal stands for.
    """
    action = operation.action
    try:
        answer = read_answer(body)
    except AnswerUnreadable as error:
        return _without_code(action, status, headers, error)
    code = _word(answer.head.code)
    if status == _OK and _succeeded(operation, answer.head):
        return answer
    if not code or code == _SUCCESS or _OK < status < _REFUSED:
        unclear = AnswerUnreadable("The answer says neither success nor error.", _TRY_LATER)
        return _without_code(action, status, headers, unclear)
    return _coded(action, status, headers, code, answer)


def _succeeded(operation: Operation[object], head: Head) -> bool:
    absent = () if operation.says_success else (None, "")
    success = head.success is True or head.success in absent
    return success and (_word(head.code) == _SUCCESS or head.code in absent)


def _without_code(
    action: str, status: int, headers: Mapping[str, str], error: AnswerUnreadable
) -> Trouble:
    """Judge by the status alone: somebody in between may have answered."""
    if status == _TOO_MANY:
        return _throttled(status, "", headers)
    if status >= _FAILING:
        return Trouble(what=f"status {status}", wait=_wait(headers))
    if status == _OK:
        return unreadable(_operation(action), error.message, error.remedy)
    return intercepted(
        _operation(action),
        status,
        service="Security Center's",
        place="the endpoint (--endpoint)",
    )


def _coded(
    action: str, status: int, headers: Mapping[str, str], code: str, answer: Answer
) -> Trouble:
    if code.startswith("Throttling") or status == _TOO_MANY:
        return _throttled(status, code, headers)
    if status >= _FAILING or code.startswith(_PASSING) or code.startswith("5"):
        return Trouble(what=f"status {status} {code}", wait=_wait(headers))
    named = f"({code}, request {_word(answer.head.request_id) or 'unnamed'})"
    if code.startswith(_CLOCK):
        error = CredentialsRefused(
            f"Security Center refuses the signature's time {named}: the clock is off.",
            "Set the machine's clock (NTP); up to 15 minutes are allowed.",
        )
        return Trouble(what="a refused time", tries=_CLOCK_TRIES, error=error)
    raise _refusal(action, status, code, named, answer)


def _refusal(action: str, status: int, code: str, named: str, answer: Answer) -> GateError:
    if code.startswith(_PERMISSION):
        return PermissionMissing(
            action,
            f"The credentials lack the RAM permission {action} {named}.",
            f'Attach a RAM policy that allows "{action}" on resource "*"; '
            "`gate doctor --ram-policy` prints the whole policy that the gate needs.",
        )
    if code.startswith(_CREDENTIALS):
        return CredentialsRefused(
            f"Security Center doesn't accept the credentials {named}.",
            "Temporary ones expire: get new ones, together with their token. Otherwise check that "
            "key id and secret are of one active key.",
        )
    text = " ".join(str(answer.head.message or "").split())
    message = untrusted.mask_secrets(text)[:300]
    return ServiceError(
        f"Security Center refused {_operation(action)} with status {status} {named}: {message}",
        "See what the code means in the API's reference. An edition of Security Center without "
        "image scanning, or the endpoint of another region, can be the cause.",
    )


def _throttled(status: int, code: str, headers: Mapping[str, str]) -> Trouble:
    return Trouble(
        what=f"throttling (status {status} {code})".replace(" )", ")"),
        wait=_wait(headers),
        throttled=True,
    )


def _wait(headers: Mapping[str, str]) -> float | None:
    milliseconds = headers.get("x-acs-retry-after", "").strip()
    if not re.fullmatch(r"[0-9]{1,12}", milliseconds):
        return None
    return min(int(milliseconds) / 1000, _LONGEST_WAIT)


def _word(value: object) -> str:
    """Return a code or id as a word that is safe to show."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return re.sub(r"[^A-Za-z0-9._-]", "?", text)[:100]


def _operation(action: str) -> str:
    return action.partition(":")[2]
