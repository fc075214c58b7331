"""A request, and the answer to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


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
