"""What an answer of a token service may be instead of what was asked for; some of it may pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.errors import AnswerUnreadable
from gate.http import Trouble, intercepted

if TYPE_CHECKING:
    from gate.http import HttpResponse

_REDIRECTS = range(300, 400)
_PROXY_LOGIN = 407
_TOO_MANY = 429
_FAILING = 500
_TRIES = 3

PLACE = "the host"
"""What says where to connect to; no option does."""


def passing(response: HttpResponse) -> Trouble | None:
    """Return the trouble that an answer is by its status alone, ``None`` for all others."""
    status = response.status
    if status == _TOO_MANY or status >= _FAILING:
        return Trouble(what=f"status {status}")
    if status in _REDIRECTS or status == _PROXY_LOGIN:
        return foreign(response)
    return None


def foreign(response: HttpResponse) -> Trouble:
    """Return the trouble that somebody in between answered."""
    return intercepted(response.name, response.status, service="the service's own", place=PLACE)


def unreadable(name: str, why: str) -> Trouble:
    """Return the trouble that an answer which can't be read is; ``why`` holds nothing of it."""
    error = AnswerUnreadable(
        f"The answer to {name} can't be read: {why}.",
        "Try again later; if it stays so, report it.",
    )
    return Trouble(what="an answer that can't be read", tries=_TRIES, error=error)
