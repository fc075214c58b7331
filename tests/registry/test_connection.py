from __future__ import annotations

import re
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import pytest
import trustme
from aiohttp import web
from yarl import URL

from gate.errors import ServiceError
from gate.http import HttpResponse, Sender
from gate.registry.connection import PLACE, Connection
from gate.registry.oci import LARGEST_MANIFEST
from tests.registry.serving import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tests.simulated import SimulatedTime

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def connected(
    time: SimulatedTime,
    *,
    deadline: float = 60,
    environment: Mapping[str, str] | None = None,
    lines: list[str] | None = None,
) -> AsyncIterator[Connection]:
    run = time.run(
        deadline=deadline,
        environment=environment,
        observer=None if lines is None else lines.append,
        jitter=0.5,
    )
    async with Sender(run, largest=LARGEST_MANIFEST, place=PLACE, packed=False) as sender:
        yield Connection(sender, run)


async def outcome(connection: Connection, url: URL) -> HttpResponse | ServiceError:
    try:
        return await connection.ask("GET", url, headers={})
    except ServiceError as error:
        return error


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
async def test_passing_trouble_is_asked_again(time: SimulatedTime, trouble: int) -> None:
    script = Script(trouble, trouble, 200)
    async with serving(script) as host, connected(time) as asking:
        answer = await outcome(asking, URL(f"http://{host}/"))
    assert isinstance(answer, HttpResponse)
    assert (answer.status, answer.body) == (200, b"text")
    assert time.slept == [0.5, 1.0]


async def test_a_reset_is_asked_again(time: SimulatedTime) -> None:
    async with serving(Script(0, 0, 0, 200)) as host, connected(time) as asking:
        answer = await outcome(asking, URL(f"http://{host}/"))
    assert isinstance(answer, HttpResponse)
    assert answer.status == 200
    assert time.slept


async def test_lasting_trouble_is_given_up_after_four_times(time: SimulatedTime) -> None:
    script = Script(503)
    async with serving(script) as host, connected(time) as asking:
        answer = await outcome(asking, URL(f"http://{host}/"))
    assert isinstance(answer, ServiceError)
    assert answer.message == "127.0.0.1 answered with status 503."
    assert len(script.paths) == 4


@pytest.mark.parametrize(
    ("header", "pause"), [("3", 3.5), ("0", 0.5), ("86400", 10.5), ("soon", 0.5), ("²", 0.5)]
)
async def test_the_server_may_ask_for_a_longer_pause(
    time: SimulatedTime, header: str, pause: float
) -> None:
    script = Script(429, 200, headers={"Retry-After": header})
    async with serving(script) as host, connected(time) as asking:
        await outcome(asking, URL(f"http://{host}/"))
    assert [pause] == time.slept


async def test_nothing_is_tried_beyond_the_deadline(time: SimulatedTime) -> None:
    script = Script(503)
    async with serving(script) as host, connected(time, deadline=1.2) as asking:
        answer = await outcome(asking, URL(f"http://{host}/"))
        assert isinstance(answer, ServiceError)
        assert len(script.paths) == 2
        time.seconds = 5
        late = await outcome(asking, URL(f"http://{host}/"))
    assert isinstance(late, ServiceError)
    assert "no time was left" in late.message
    assert len(script.paths) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_refusal_is_an_answer(time: SimulatedTime, status: int) -> None:
    headers = {"WWW-Authenticate": "Basic"}
    async with serving(Script(status, headers=headers)) as host, connected(time) as asking:
        answer = await outcome(asking, URL(f"http://{host}/"))
    assert isinstance(answer, HttpResponse)
    assert (status, ("Basic",)) == (answer.status, answer.challenges)
    assert not time.slept


async def test_redirects_are_not_followed(time: SimulatedTime) -> None:
    script = Script(307, headers={"Location": "/elsewhere"})
    async with serving(script) as host, connected(time) as asking:
        answer = await outcome(asking, URL(f"http://{host}/here"))
    assert isinstance(answer, ServiceError)
    assert script.paths == ["/here"]


async def test_an_endless_answer_is_cut_off(time: SimulatedTime) -> None:
    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(LARGEST_MANIFEST // 65536 + 2):
            await response.write(b" " * 65536)
        return response

    async with serving(endless) as host, connected(time) as asking:
        answer = await outcome(asking, URL(f"http://{host}/"))
    assert isinstance(answer, ServiceError)
    assert "larger than" in answer.message
    assert not time.slept


async def test_a_truncated_answer_is_a_broken_connection(time: SimulatedTime) -> None:
    async def truncated(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    async with serving(truncated) as host, connected(time) as asking:
        answer = await outcome(asking, URL(f"http://{host}/"))
    assert isinstance(answer, ServiceError)
    assert "the connection broke in the middle of an answer" in answer.message
    assert time.slept == [0.5, 1.0, 2.0]


async def test_silence_ends_with_the_deadline(time: SimulatedTime) -> None:
    async def silent(_: web.BaseRequest) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    released = anyio.Event()
    async with serving(silent) as host, connected(time, deadline=0.1) as asking:
        answer = await outcome(asking, URL(f"http://{host}/"))
        released.set()
    assert isinstance(answer, ServiceError)
    assert "no answer within the time limit" in answer.message


async def test_a_closed_port_is_no_connection(time: SimulatedTime) -> None:
    async with serving(Script(200)) as host:
        pass
    async with connected(time) as asking:
        answer = await outcome(asking, URL(f"http://{host}/"))
    assert isinstance(answer, ServiceError)
    assert "no connection (refused)" in answer.message


async def test_a_certificate_that_nobody_trusts_is_refused_at_once(time: SimulatedTime) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with serving(Script(200), context) as host, connected(time) as asking:
        answer = await outcome(asking, URL(f"https://{host}/"))
    assert isinstance(answer, ServiceError)
    assert "TLS certificate is not trusted" in answer.message
    assert not time.slept


async def test_a_server_without_tls_is_refused_at_once(time: SimulatedTime) -> None:
    async with serving(Script(200)) as host, connected(time) as asking:
        answer = await outcome(asking, URL(f"https://{host}/"))
    assert isinstance(answer, ServiceError)
    assert "TLS" in answer.message
    assert not time.slept


async def test_a_proxy_gets_its_login_and_never_shows_it(time: SimulatedTime) -> None:
    async def proxy(request: web.BaseRequest) -> web.StreamResponse:
        seen.append((request.method, request.headers.get("Proxy-Authorization", "")))
        return web.Response(status=403)

    seen: list[tuple[str, str]] = []
    lines: list[str] = []
    async with serving(proxy) as host:
        environment = {"HTTPS_PROXY": f"http://user:sample-secret@{host}"}
        async with connected(time, environment=environment, lines=lines) as asking:
            answer = await outcome(asking, URL("https://registry.invalid/v2?a=b"))
    assert isinstance(answer, ServiceError)
    refused = f"the proxy http://{host} refused to connect (status 403)"
    assert answer.message == f"registry.invalid can't be reached: {refused}."
    assert seen == [("CONNECT", "Basic dXNlcjpzYW1wbGUtc2VjcmV0")]
    assert lines == [f"GET https://registry.invalid/v2: {refused}, 0 ms"]


async def test_a_proxy_out_of_reach_is_named_as_such(time: SimulatedTime) -> None:
    async with serving(Script(200)) as host:
        environment = {"HTTPS_PROXY": f"http://user:sample-secret@{host}"}
    lines: list[str] = []
    async with connected(time, environment=environment, lines=lines) as asking:
        answer = await outcome(asking, URL("https://registry.invalid/"))
    assert isinstance(answer, ServiceError)
    assert f"no connection to the proxy http://{host} (refused)." in answer.message
    assert not re.search("secret", str(answer) + "".join(lines))


@pytest.mark.parametrize(
    "proxy", ["socks5://u:sample-secret@127.0.0.1:1", "ftp://h", "http://[bad"]
)
async def test_a_proxy_that_can_not_be_used_is_not_gone_around(
    time: SimulatedTime, proxy: str
) -> None:
    async with connected(time, environment={"HTTPS_PROXY": proxy}) as asking:
        answer = await outcome(asking, URL("https://registry.invalid/"))
    assert isinstance(answer, ServiceError)
    assert "The proxy for https can't be used" in answer.message
    assert "secret" not in str(answer)
