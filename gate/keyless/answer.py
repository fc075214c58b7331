"""Judge an answer before its content is looked at: may it pass, and is it the service's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gate.errors import AnswerUnreadable, ServiceUnreachable
from gate.security_center.faults import Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

_REDIRECTS = range(300, 400)
_PROXY_LOGIN = 407
_TOO_MANY = 429
_FAILING = 500
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer to the request ``name``; the names of ``headers`` don't depend on case."""

    name: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def passing(answer: Answer) -> Trouble | None:
    """Return the trouble that an answer is by its status alone, ``None`` for all others."""
    if answer.status == _TOO_MANY or answer.status >= _FAILING:
        return Trouble(what=f"status {answer.status}")
    if answer.status in _REDIRECTS:
        return _between(answer, "a redirect, which is not followed")
    if answer.status == _PROXY_LOGIN:
        return _between(answer, "a proxy that asks for a login")
    return None


def strangers(answer: Answer) -> Trouble:
    """Return the trouble that somebody in between answered."""
    return _between(answer, "a page that is not the service's own, so a proxy's")


def unreadable(name: str, why: str) -> Trouble:
    """Return the trouble that an answer which can't be read is; ``why`` holds nothing of it."""
    error = AnswerUnreadable(
        f"The answer to {name} can't be read: {why}.",
        "Try again later; if it stays so, report it.",
    )
    return Trouble(what="an answer that can't be read", tries=_TRIES, error=error)


def too_large(name: str) -> Trouble:
    """Return the trouble that an answer without end is."""
    return unreadable(name, "it is too large")


def is_page(answer: Answer) -> bool:
    """Tell whether an answer is a page for people, which no service of these sends."""
    kind = answer.headers.get("Content-Type", "")
    return "html" in kind.lower() or answer.body.lstrip()[:1] == b"<"


def _between(answer: Answer, what: str) -> Trouble:
    error = ServiceUnreachable(
        f"{answer.name} got status {answer.status}: {what}.",
        "Let the proxy or firewall in between pass requests to this host (HTTPS_PROXY, NO_PROXY).",
    )
    return Trouble(what=what, tries=_TRIES, error=error)
