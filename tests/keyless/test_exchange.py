from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from gate.errors import AnswerUnreadable, ServiceFailing, ServiceUnreachable
from gate.keyless.answer import Answer, passing, too_large
from gate.keyless.exchange import LARGEST_ANSWER, Exchange
from gate.keyless.request import Request
from tests.security_center.scripted import RESET, Said, Scripted, listening
from tests.simulated import SimulatedTime

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.security_center.faults import Trouble

pytestmark = pytest.mark.anyio


def exchange(
    time: SimulatedTime | None = None,
    *,
    deadline: float = 100,
    observer: Callable[[str], None] | None = None,
) -> Exchange:
    clock = (time or SimulatedTime()).clock
    return Exchange(clock=clock, deadline=deadline, observer=observer, jitter=lambda: 1.0)


def asking(url: str) -> Request:
    return Request(
        name="It",
        method="POST",
        url=f"{url}/?a=sesame%2F",
        headers={"Authorization": "sesame"},
        form={"token": "sesame&="},
    )


def text(answer: Answer) -> str | Trouble:
    return passing(answer) or answer.body.decode()


async def test_a_form_is_sent_and_the_answer_read() -> None:
    forms = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        forms.append((request.raw_path, dict(await request.post())))
        assert "Cookie" not in request.headers
        return web.Response(body=b"yes", headers={"Set-Cookie": "a=b"})

    async with listening(answer) as url:
        assert "yes" == await exchange()(asking(url), text)
    assert [("/?a=sesame%2F", {"token": "sesame&="})] == forms


async def test_a_request_is_observed_without_what_is_secret() -> None:
    told: list[str] = []
    server = Scripted(Said(b"no", 503), RESET, Said(b"yes"))
    async with listening(server.answer) as url:
        assert "yes" == await exchange(observer=told.append)(asking(url), text)
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
            await exchange(time, deadline=20)(asking(url), text)
    assert time.seconds <= 20


async def test_without_any_time_nothing_is_asked() -> None:
    server = Scripted()
    async with listening(server.answer) as url:
        with pytest.raises(ServiceFailing):
            await exchange(deadline=0)(asking(url), text)
    assert [] == server.requests


async def test_time_that_runs_out_between_is_told() -> None:
    time = SimulatedTime()
    calls = 0

    def monotonic() -> float:
        nonlocal calls
        calls += 1
        return 0.0 if calls == 1 else 100.0

    clock = time.clock
    late = Exchange(
        clock=type(clock)(now=clock.now, monotonic=monotonic, sleep=clock.sleep),
        deadline=10,
        observer=None,
        jitter=lambda: 1.0,
    )
    with pytest.raises(ServiceFailing):
        await late(asking("http://127.0.0.1:9"), text)


async def test_a_service_that_is_not_there_is_given_up_after_half_a_minute() -> None:
    time = SimulatedTime()
    async with listening(Scripted().answer) as url:
        pass
    with pytest.raises(ServiceUnreachable, match=r"127\.0\.0\.1 can't be reached") as caught:
        await exchange(time)(asking(url), text)
    assert time.seconds <= 30
    assert "HTTPS_PROXY" in caught.value.remedy
    assert "--endpoint" not in caught.value.remedy


async def test_an_answer_without_end_is_not_read_to_it() -> None:
    server = Scripted(Said(b"x" * (LARGEST_ANSWER + 1)))
    async with listening(server.answer) as url:
        with pytest.raises(AnswerUnreadable, match="too large"):
            await exchange()(asking(url), text)
    assert 3 == len(server.requests)
    assert too_large("It").tries == 3


async def test_a_redirect_is_not_followed() -> None:
    server = Scripted(Said(b"", 307, {"Location": "http://127.0.0.1:9/"}))
    async with listening(server.answer) as url:
        with pytest.raises(ServiceUnreachable, match="redirect"):
            await exchange()(asking(url), text)


async def test_a_host_that_can_be_none_is_trouble_with_the_network() -> None:
    request = Request(name="It", method="GET", url=f"https://{'x' * 70}.invalid/")
    with pytest.raises(ServiceUnreachable, match="can't be reached"):
        await exchange()(request, text)


async def test_a_proxy_gets_its_login_and_shows_it_to_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = Scripted(Said(b"", 407))
    async with listening(proxy.answer) as url:
        monkeypatch.setenv("https_proxy", url.replace("//", "//user:sesame@"))
        request = Request(name="It", method="GET", url="https://sts.aliyuncs.com/")
        with pytest.raises(ServiceUnreachable, match=rf"the proxy {url} refused") as caught:
            await exchange(deadline=5)(request, text)
    assert "Basic dXNlcjpzZXNhbWU=" == proxy.requests[0].headers["Proxy-Authorization"]
    assert "sesame" not in str(caught.value)
