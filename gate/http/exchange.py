"""A request, and what an attempt comes to: an answer, or a trouble that may pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.errors import AnswerUnreadable, GateError, ServiceUnreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

_REDIRECTS = range(300, 400)
_PROXY_LOGIN = 407
_TOO_MANY = 429
_FAILING = 500
_TRIES = 3
_TRY_LATER = "Try again later; if it stays so, report it."


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request; ``name`` is what a person is told of it, so it holds no secret.

    ``url`` is sent as it stands, quoted already. A form is sent as the body.
    """

    name: str
    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    form: Mapping[str, str] | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """The whole answer to the request ``name``; the names of ``headers`` don't depend on case.

    ``challenges`` are all of its ``WWW-Authenticate`` headers.
    """

    name: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    challenges: tuple[str, ...] = ()

    @property
    def is_page(self) -> bool:
        """Whether it is a page for people, which no service that the gate asks sends."""
        kind = self.headers.get("Content-Type", "")
        return "html" in kind.lower() or self.body.lstrip()[:1] == b"<"


class Trouble(Struct, frozen=True, kw_only=True):
    """A trouble that may pass.

    ``what`` says it in half a sentence. ``wait`` is how many seconds the service asked to wait.
    ``error``, where there is one, is raised when the trouble came ``tries`` times; others are borne
    until the deadline. ``answered`` is false where nobody answered at all; then ``remedy`` says
    what to do about that. ``lasts`` is true where trying again hardly helps.
    """

    what: str
    wait: float | None = None
    throttled: bool = False
    answered: bool = True
    error: GateError | None = None
    tries: int = 1
    lasts: bool = False
    remedy: str = ""


NO_TIME = Trouble(what="no time was left to ask", answered=False)
"""What an attempt is that finds the time used up, such as by waiting for its turn."""


def passing(name: str, status: int) -> Trouble | None:
    """Return the trouble that an answer is by its status alone, ``None`` for all others.

    ``name`` is that of the request.
    """
    if status == _TOO_MANY or status >= _FAILING:
        return Trouble(what=f"status {status}")
    if status in _REDIRECTS or status == _PROXY_LOGIN:
        return intercepted(name, status)
    return None


def intercepted(
    name: str, status: int, *, service: str = "the service's own", place: str = "the host"
) -> Trouble:
    """Return the trouble that somebody on the way answered in place of the service.

    ``service`` is the service's name in the genitive; ``place`` names what says where to connect.
    """
    if status in _REDIRECTS:
        what = "a redirect, which is not followed"
    elif status == _PROXY_LOGIN:
        what = "a proxy that asks for a login"
    else:
        what = f"a page that is not {service}, so a proxy's"
    error = ServiceUnreachable(
        f"{name} got status {status}: {what}.",
        "Let the proxy or firewall in between pass requests to this host (HTTPS_PROXY, NO_PROXY), "
        f"and check {place}.",
    )
    return Trouble(what=what, tries=_TRIES, error=error)


def unreadable(name: str, why: str, remedy: str = _TRY_LATER) -> Trouble:
    """Return the trouble that an answer which can't be read is.

    ``why`` is a sentence that holds nothing of the answer.
    """
    error = AnswerUnreadable(f"The answer to {name} can't be read. {why}", remedy)
    return Trouble(what="an answer that can't be read", tries=_TRIES, error=error)
