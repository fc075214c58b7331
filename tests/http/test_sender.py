"""Requests on their way, against a server that answers by a script."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import anyio
import anyio.abc
import pytest
from aiohttp import web

from gate.clock import Clock, Run
from gate.errors import AnswerUnreadable, ServiceFailing, ServiceUnreachable
from gate.http import HttpRequest, HttpResponse, Sender, Trouble, intercepted
from tests.security_center.scripted import RESET, Said, Scripted, listening
from tests.simulated import SimulatedTime

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio


LARGEST = 2048


async def ask(
    request: HttpRequest,
    read: Callable[[HttpResponse], str | Trouble],
    run: Run | None = None,
    *,
    packed: bool = True,
) -> str:
    run = run or SimulatedTime().run()
    async with Sender(run, largest=LARGEST, place="the host", packed=packed) as sender:
        return await sender.ask(request, read)


def asking(url: str) -> HttpRequest:
    return HttpRequest(
        name="It",
        method="POST",
        url=f"{url}/?a=sesame%2F",
        headers={"Authorization": "sesame"},
        form={"token": "sesame&="},
    )


def text(answer: HttpResponse) -> str | Trouble:
    if answer.status >= 500:
        return Trouble(what=f"status {answer.status}")
    if answer.status >= 300:
        return intercepted(answer.name, answer.status, service="its own", place="the host")
    return answer.body.decode()


async def test_a_form_is_sent_and_the_answer_read() -> None:
    forms = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        forms.append((request.raw_path, dict(await request.post())))
        assert "Cookie" not in request.headers
        return web.Response(body=b"yes", headers={"Set-Cookie": "a=b"})

    async with listening(answer) as url:
        assert "yes" == await ask(asking(url), text)
    assert [("/?a=sesame%2F", {"token": "sesame&="})] == forms


async def test_a_request_is_observed_without_what_is_secret() -> None:
    told: list[str] = []
    server = Scripted(Said(b"no", 503), RESET, Said(b"yes"))
    async with listening(server.answer) as url:
        assert "yes" == await ask(asking(url), text, SimulatedTime().run(observer=told.append))
    first, second, third = told
    assert first.startswith("It: status 503, ")
    assert second.startswith("It: the connection")
    assert third.startswith("It: status 200, ")
    assert "sesame" not in " ".join(told)


async def test_a_failing_service_is_given_up_at_the_deadline() -> None:
    time = SimulatedTime()
    server = Scripted(Said(b"no", 500))
    async with listening(server.answer) as url:
        with pytest.raises(ServiceFailing, match="no answer to It in time"):
            await ask(asking(url), text, time.run(deadline=20))
    assert time.seconds <= 20


async def test_without_any_time_nothing_is_asked() -> None:
    server = Scripted()
    async with listening(server.answer) as url:
        with pytest.raises(ServiceFailing):
            await ask(asking(url), text, SimulatedTime().run(deadline=0))
    assert [] == server.requests


async def test_time_that_runs_out_between_is_told() -> None:
    time = SimulatedTime()
    calls = 0

    def monotonic() -> float:
        nonlocal calls
        calls += 1
        return 0.0 if calls == 1 else 100.0

    clock = time.clock
    late = Clock(now=clock.now, monotonic=monotonic, sleep=clock.sleep)
    with pytest.raises(ServiceFailing):
        await ask(asking("http://127.0.0.1:9"), text, Run(clock=late, deadline=10, environment={}))


async def test_a_service_that_is_not_there_is_given_up_after_half_a_minute() -> None:
    time = SimulatedTime()
    async with listening(Scripted().answer) as url:
        pass
    with pytest.raises(ServiceUnreachable, match=r"127\.0\.0\.1 can't be reached") as caught:
        await ask(asking(url), text, time.run())
    assert time.seconds <= 30
    assert "HTTPS_PROXY" in caught.value.remedy
    assert "--endpoint" not in caught.value.remedy


async def test_an_answer_without_end_is_not_read_to_it() -> None:
    server = Scripted(Said(b"x" * (LARGEST + 1)))
    async with listening(server.answer) as url:
        with pytest.raises(AnswerUnreadable, match="larger than 2 KiB"):
            await ask(asking(url), text)
    assert 1 == len(server.requests)


async def test_the_bound_is_that_of_the_unpacked_answer() -> None:
    packed = Said(gzip.compress(b"x" * (LARGEST + 1)), headers={"Content-Encoding": "gzip"})
    assert len(packed.body) < LARGEST
    async with listening(Scripted(packed).answer) as url:
        with pytest.raises(AnswerUnreadable, match="larger than 2 KiB"):
            await ask(asking(url), text)


async def test_packed_answers_are_not_asked_for_where_the_bytes_matter() -> None:
    server = Scripted(Said(b"yes"))
    async with listening(server.answer) as url:
        assert "yes" == await ask(asking(url), text, packed=False)
    assert "identity" == server.requests[0].headers["Accept-Encoding"]


async def test_what_is_not_http_is_told_as_such() -> None:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - not Django's

        async def greet(stream: anyio.abc.SocketStream) -> None:
            async with stream:
                await stream.receive()
                await stream.send(b"SSH-2.0-OpenSSH\r\n\r\n")

        async with anyio.create_task_group() as group:
            group.start_soon(listener.serve, greet)
            with pytest.raises(ServiceUnreachable, match="its answer is not HTTP"):
                await ask(asking(f"http://127.0.0.1:{port}"), text)
            group.cancel_scope.cancel()


async def test_a_redirect_is_not_followed() -> None:
    server = Scripted(Said(b"", 307, {"Location": "http://127.0.0.1:9/"}))
    async with listening(server.answer) as url:
        with pytest.raises(ServiceUnreachable, match="redirect"):
            await ask(asking(url), text)


async def test_a_host_that_can_be_none_is_trouble_with_the_network() -> None:
    request = HttpRequest(name="It", method="GET", url=f"https://{'x' * 70}.invalid/")
    with pytest.raises(ServiceUnreachable, match="can't be reached"):
        await ask(request, text)


async def test_a_proxy_gets_its_login_and_shows_it_to_nobody() -> None:
    proxy = Scripted(Said(b"", 407))
    async with listening(proxy.answer) as url:
        environment = {"https_proxy": url.replace("//", "//user:sesame@")}
        request = HttpRequest(name="It", method="GET", url="https://sts.aliyuncs.com/")
        with pytest.raises(ServiceUnreachable, match=rf"the proxy {url} refused") as caught:
            await ask(request, text, SimulatedTime().run(deadline=5, environment=environment))
    assert "Basic dXNlcjpzZXNhbWU=" == proxy.requests[0].headers["Proxy-Authorization"]
    assert "sesame" not in str(caught.value)
