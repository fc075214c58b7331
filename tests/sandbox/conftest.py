from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiohttp
import pytest

from gate.sandbox.signature import ALGORITHM, WireRequest, sign

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from gate.sandbox import Sandbox

_NONCES = count()
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class HandClock:
    """A clock that stands still until it is moved by hand."""

    time: datetime = START

    def __call__(self) -> datetime:
        return self.time

    def forward(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@dataclass
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes
    json: Any


@dataclass
class Asker:
    """Sends signed requests; ``headers`` are signed too, ``changed`` ones are not."""

    session: aiohttp.ClientSession
    version: str = "2018-12-03"
    headers: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    async def __call__(self, sandbox: Sandbox, operation: str, /, **parameters: object) -> Reply:
        pairs = sorted((name, str(value)) for name, value in parameters.items())
        target = "/?" + "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in pairs)
        sent = {
            "host": sandbox.url.partition("//")[2],
            "x-acs-action": operation,
            "x-acs-version": self.version,
            "x-acs-date": sandbox.clock.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": f"nonce-{next(_NONCES)}",
            "x-acs-content-sha256": hashlib.sha256(self.body).hexdigest(),
            **self.headers,
        }
        signed = sorted(sent)
        signature = sign(
            WireRequest("POST", target, sent, self.body), signed, sandbox.access_key_secret
        )
        sent["Authorization"] = (
            f"{ALGORITHM} Credential={sandbox.access_key_id},"
            f"SignedHeaders={';'.join(signed)},Signature={signature}"
        )
        sent.update(self.changed)
        return await self.send("POST", sandbox.url + target, sent, self.body)

    async def send(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        from yarl import URL  # noqa: PLC0415 - only to send a URL as it is

        async with self.session.request(
            method, URL(url, encoded=True), headers=headers, data=body or None
        ) as response:
            content = await response.read()
            is_json = "json" in response.headers["Content-Type"] and method != "HEAD"
            try:
                value = await response.json(content_type=None) if is_json else None
            except ValueError:
                value = None
            return Reply(response.status, response.headers, content, value)


@pytest.fixture
async def ask() -> AsyncIterator[Asker]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        yield Asker(session)
