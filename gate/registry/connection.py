"""What registries are asked, and their token services: within the deadline, some times over."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from gate.errors import ServiceFailing
from gate.http import HttpRequest, HttpResponse, Retry, Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yarl import URL

    from gate.clock import Run
    from gate.http import Sender

PLACE = "the registry's name"
"""What says where to connect to."""

_TRIES = 4
_FIRST_WAIT = 1.0  # seconds; full jitter makes it half of that on average
_LONGEST_PAUSE = 10.0  # seconds; the header is believed no further
_SECONDS = re.compile("[0-9]{1,9}")

_PASSING = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = range(300, 400)


class Connection:
    """Asks hosts; trouble is raised as ``ServiceError``, redirects too: none is followed."""

    def __init__(self, sender: Sender, run: Run) -> None:
        self._sender = sender
        self._run = run

    def remaining(self) -> float:
        """Return the seconds that are left until the deadline, at least 0."""
        return max(0.0, self._run.remaining())

    def offers(self, option: str) -> bool:
        """Tell whether the command has an option, so that advice may name it."""
        return self._run.offers(option)

    async def ask(
        self,
        method: str,
        url: URL,
        *,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """Send a request, again after resets, time-outs, throttling and server errors."""
        request = HttpRequest(
            name=f"{method} {url.with_query(None)}",
            method=method,
            url=str(url),
            headers=headers,
            form=form,
        )
        host = url.host or ""
        # For this request alone: a host that was out of reach may be back when it is asked again.
        retry = Retry(host=host, run=self._run, tries=_TRIES, first_wait=_FIRST_WAIT)
        return await self._sender.ask(request, partial(_settled, host), retry)


def _settled(host: str, response: HttpResponse) -> HttpResponse | Trouble:
    """Return an answer that asking again would not change, else the trouble that it is."""
    status = response.status
    if status not in _PASSING and status not in _REDIRECTS:
        return response
    error = ServiceFailing(
        f"{host} answered with status {status}.",
        "Try again later, and check that the host is the registry itself.",
    )
    pause = response.headers.get("Retry-After", "")
    return Trouble(
        what=f"status {status}",
        wait=min(int(pause), _LONGEST_PAUSE) if _SECONDS.fullmatch(pause) else None,
        error=error,
        tries=_TRIES if status in _PASSING else 1,
    )
