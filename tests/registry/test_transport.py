from __future__ import annotations

import re
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import anyio
import pytest
import trustme
from aiohttp import web
from yarl import URL

from gate.registry.answers import Unresolved
from gate.registry.manifests import LARGEST_MANIFEST
from gate.registry.transport import Answer, Transport
from tests.registry.serving import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tests.registry.conftest import Time

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def transport(
    time: Time,
    *,
    deadline: float = 60,
    environment: Mapping[str, str] | None = None,
    lines: list[str] | None = None,
) -> AsyncIterator[Transport]:
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield Transport(
            session,
            environment=environment or {},
            clock=time.clock,
            deadline=deadline,
            observer=None if lines is None else lines.append,
        )


class Script:
    """Answers one status after the other, the last for ever."""

    def __init__(self, *statuses: int, headers: Mapping[str, str] | None = None) -> None:
        self.statuses = list(statuses)
        self.headers = headers
        self.paths: list[str] = []

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.paths.append(request.path)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if not status:
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=status or 200, headers=self.headers, text="text")


@pytest.mark.parametrize("trouble", [429, 500, 502, 503, 504])
async def test_passing_trouble_is_asked_again(time: Time, trouble: int) -> None:
    script = Script(trouble, trouble, 200)
    async with serving(script) as host, transport(time) as asking:
        answer = await asking.ask("GET", URL(f"http://{host}/"), headers={})
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (200, b"text")
    assert time.slept == [0.5, 1.0]


async def test_a_reset_is_asked_again(time: Time) -> None:
    async with serving(Script(0, 0, 0, 200)) as host, transport(time) as asking:
        answer = await asking.ask("GET", URL(f"http://{host}/"), headers={})
    assert isinstance(answer, Answer)
    assert answer.status == 200
    assert time.slept


async def test_lasting_trouble_is_given_up_after_four_times(time: Time) -> None:
    script = Script(503)
    async with serving(script) as host, transport(time) as asking:
        answer = await asking.ask("GET", URL(f"http://{host}/"), headers={})
    assert isinstance(answer, Unresolved)
    assert answer.cause == "127.0.0.1 answered with status 503."
    assert len(script.paths) == 4


@pytest.mark.parametrize(
    ("header", "pause"), [("3", 3.0), ("0", 0.5), ("86400", 10.0), ("soon", 0.5), ("²", 0.5)]
)
async def test_the_server_may_ask_for_a_longer_pause(time: Time, header: str, pause: float) -> None:
    script = Script(429, 200, headers={"Retry-After": header})
    async with serving(script) as host, transport(time) as asking:
        await asking.ask("GET", URL(f"http://{host}/"), headers={})
    assert [pause] == time.slept


async def test_nothing_is_tried_beyond_the_deadline(time: Time) -> None:
    script = Script(503)
    async with serving(script) as host, transport(time, deadline=1.2) as asking:
        answer = await asking.ask("GET", URL(f"http://{host}/"), headers={})
        assert isinstance(answer, Unresolved)
        assert len(script.paths) == 2
        time.passed = 5
        late = await asking.ask("GET", URL(f"http://{host}/"), headers={})
    assert isinstance(late, Unresolved)
    assert "no time left" in late.cause
    assert len(script.paths) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_refusal_is_an_answer(time: Time, status: int) -> None:
    headers = {"WWW-Authenticate": "Basic"}
    async with serving(Script(status, headers=headers)) as host, transport(time) as asking:
        answer = await asking.ask("GET", URL(f"http://{host}/"), headers={})
    assert isinstance(answer, Answer)
    assert (status, ("Basic",)) == (answer.status, answer.challenges)
    assert not time.slept


async def test_redirects_are_not_followed(time: Time) -> None:
    script = Script(307, headers={"Location": "/elsewhere"})
    async with serving(script) as host, transport(time) as asking:
        answer = await asking.ask("GET", URL(f"http://{host}/here"), headers={})
    assert isinstance(answer, Unresolved)
    assert script.paths == ["/here"]


async def test_an_endless_answer_is_cut_off(time: Time) -> None:
    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(LARGEST_MANIFEST // 65536 + 2):
            await response.write(b" " * 65536)
        return response

    async with serving(endless) as host, transport(time) as asking:
        answer = await asking.ask("GET", URL(f"http://{host}/"), headers={})
    assert isinstance(answer, Unresolved)
    assert "larger than" in answer.cause
    assert not time.slept


async def test_a_truncated_answer_is_a_broken_connection(time: Time) -> None:
    async def truncated(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    async with serving(truncated) as host, transport(time) as asking:
        answer = await asking.ask("GET", URL(f"http://{host}/"), headers={})
    assert isinstance(answer, Unresolved)
    assert "connection broke" in answer.cause
    assert time.slept == [0.5, 1.0, 2.0]


async def test_silence_ends_with_the_deadline(time: Time) -> None:
    async def silent(_: web.BaseRequest) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    released = anyio.Event()
    async with serving(silent) as host, transport(time, deadline=0.1) as asking:
        answer = await asking.ask("GET", URL(f"http://{host}/"), headers={})
        released.set()
    assert isinstance(answer, Unresolved)
    assert "did not answer in time" in answer.cause


async def test_a_closed_port_is_no_connection(time: Time) -> None:
    async with serving(Script(200)) as host:
        pass
    async with transport(time) as asking:
        answer = await asking.ask("GET", URL(f"http://{host}/"), headers={})
    assert isinstance(answer, Unresolved)
    assert "No connection" in answer.cause


async def test_a_certificate_that_nobody_trusts_is_refused_at_once(time: Time) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with serving(Script(200), context) as host, transport(time) as asking:
        answer = await asking.ask("GET", URL(f"https://{host}/"), headers={})
    assert isinstance(answer, Unresolved)
    assert "No trusted TLS connection" in answer.cause
    assert not time.slept


async def test_a_server_without_tls_is_refused_at_once(time: Time) -> None:
    async with serving(Script(200)) as host, transport(time) as asking:
        answer = await asking.ask("GET", URL(f"https://{host}/"), headers={})
    assert isinstance(answer, Unresolved)
    assert "TLS" in answer.cause
    assert not time.slept


async def test_a_proxy_gets_its_login_and_never_shows_it(time: Time) -> None:
    async def proxy(request: web.BaseRequest) -> web.StreamResponse:
        seen.append((request.method, request.headers.get("Proxy-Authorization", "")))
        return web.Response(status=403)

    seen: list[tuple[str, str]] = []
    lines: list[str] = []
    async with serving(proxy) as host:
        environment = {"HTTPS_PROXY": f"http://user:sample-secret@{host}"}
        async with transport(time, environment=environment, lines=lines) as asking:
            answer = await asking.ask("GET", URL("https://registry.invalid/v2?a=b"), headers={})
    assert isinstance(answer, Unresolved)
    assert answer.cause == f"registry.invalid: The proxy http://{host} refuses."
    assert seen == [("CONNECT", "Basic dXNlcjpzYW1wbGUtc2VjcmV0")]
    assert lines == [f"GET https://registry.invalid/v2: The proxy http://{host} refuses."]


async def test_a_proxy_out_of_reach_is_named_as_such(time: Time) -> None:
    async with serving(Script(200)) as host:
        environment = {"HTTP_PROXY": f"http://user:sample-secret@{host}"}
    lines: list[str] = []
    async with transport(time, environment=environment, lines=lines) as asking:
        answer = await asking.ask("GET", URL("http://registry.invalid/"), headers={})
    assert isinstance(answer, Unresolved)
    assert f"The proxy http://{host} can't be reached." in answer.cause
    assert not re.search("secret", repr(answer) + "".join(lines))
