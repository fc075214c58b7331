"""Operations on their way, against a server that answers by a script."""

from __future__ import annotations

import json
import ssl
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import anyio
import pytest
import trustme
from aiohttp import web

from gate.clock import Clock, Run
from gate.credentials import Credentials, StaticCredentials
from gate.errors import (
    AccessError,
    AnswerUnreadable,
    CredentialsRefused,
    NoCredentials,
    PermissionMissing,
    ServiceError,
    ServiceFailing,
    ServiceUnreachable,
)
from gate.security_center import SecurityCenter
from gate.security_center import client as client_module
from gate.security_center.signing import authorization
from tests.security_center.scripted import (
    EMPTY,
    KEYS,
    RESET,
    Said,
    Scripted,
    asking,
    listening,
    refused,
    said,
)
from tests.simulated import START, SimulatedTime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

pytestmark = pytest.mark.anyio

THROTTLED = refused("Throttling.User", 400)
HTML = Said(b"<html>Blocked</html>", 403, {"Content-Type": "text/html"})


def client_of(
    url: str,
    time: SimulatedTime | None = None,
    *,
    deadline: float = 100.0,
    environment: Mapping[str, str] | None = None,
) -> SecurityCenter:
    run = (time or SimulatedTime()).run(deadline=deadline, environment=environment)
    return SecurityCenter(url, StaticCredentials(KEYS, "a test"), run)


def headers_of(requests: Sequence[web.BaseRequest], name: str) -> list[str]:
    return [request.headers[name] for request in requests]


@pytest.mark.parametrize(
    "value", ["a b", "a/b", "a+b", "100%", "%2F", "重庆", "é", "a&b=c", "~-_.", "'\"", "[{}]", "\n"]
)
async def test_what_is_sent_is_what_was_signed(value: str) -> None:
    server = Scripted()
    async with asking(server) as client:
        await client.describe_image_list_by_build_risk(criteria=value)
    (request,) = server.requests
    _, _, query = request.raw_path.partition("?")
    told = request.headers["Authorization"]
    names = told.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert told == authorization(query, {name: request.headers[name] for name in names}, KEYS)
    assert value == request.query["Criteria"]


async def test_a_request_is_made_as_the_reference_says() -> None:
    server = Scripted()
    async with asking(server) as client:
        await client.describe_image_build_risk_list(current_page=2)
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/")
    assert dict(request.query) == {"Lang": "en", "CurrentPage": "2"}
    assert server.url == f"http://{request.headers['host']}"
    assert request.headers["x-acs-version"] == "2018-12-03"
    assert request.headers["x-acs-date"] == "2026-03-01T12:00:00Z"
    assert request.headers["x-acs-security-token"] == "sesame-token"
    assert "Content-Type" not in request.headers
    assert request.headers["User-Agent"].startswith("buildrisk-gate/")
    assert await request.read() == b""


async def test_every_attempt_has_its_own_nonce_date_and_signature() -> None:
    server = Scripted(said(500), THROTTLED, RESET, Said())
    async with asking(server) as client:
        await client.describe_image_build_risk_list()
        assert (client.requests, client.throttled) == (4, 1)
    for name in ("x-acs-signature-nonce", "Authorization"):
        assert len(set(headers_of(server.requests, name))) == 4
    assert len(set(headers_of(server.requests, "x-acs-date"))) >= 3


async def test_credentials_are_asked_for_before_each_signature() -> None:
    class Renewed:
        origin = "a test"
        asked = 0

        async def get(self) -> Credentials:
            self.asked += 1
            return Credentials(f"id-{self.asked}", "secret")

    server = Scripted(said(500), Said())
    run = SimulatedTime().run(deadline=9.0)
    async with (
        listening(server.answer) as url,
        SecurityCenter(url, Renewed(), run) as client,
    ):
        await client.describe_image_build_risk_list()
    told = headers_of(server.requests, "Authorization")
    assert [one.split()[1].split(",")[0] for one in told] == ["Credential=id-1", "Credential=id-2"]


async def test_credentials_that_fit_no_header_are_not_sent() -> None:
    server = Scripted()
    source = StaticCredentials(Credentials("id", "sesame\n"), "A test")
    async with (
        listening(server.answer) as url,
        SecurityCenter(url, source, SimulatedTime().run(deadline=9.0)) as client,
    ):
        with pytest.raises(NoCredentials, match="A test"):
            await client.describe_image_build_risk_list()
    assert server.requests == []


async def test_the_services_wait_is_kept() -> None:
    time = SimulatedTime()
    server = Scripted(Said(), refused("Throttling.Api", 429), Said())
    server.script[1] = Said(server.script[1].body, 429, {"x-acs-retry-after": "2500"})
    async with asking(server, time) as client:
        await client.describe_image_build_risk_list()
        await client.describe_image_build_risk_list()
    assert 2.5 < time.seconds < 6.0


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("NoPermission", PermissionMissing),
        ("InvalidAccessKeyId.NotFound", CredentialsRefused),
        ("InvalidParameter", ServiceError),
    ],
)
async def test_a_refusal_is_not_tried_again(code: str, error: type[Exception]) -> None:
    server = Scripted(refused(code))
    async with asking(server) as client:
        with pytest.raises(error, match=code):
            await client.describe_image_build_risk_list()
    assert len(server.requests) == 1


async def test_the_missing_permission_is_named() -> None:
    async with asking(Scripted(refused("NoPermission"))) as client:
        with pytest.raises(PermissionMissing) as caught:
            await client.describe_image_instances()
        assert caught.value.action == "yundun-sas:DescribeImageInstances"
        with pytest.raises(PermissionMissing) as caught:
            await client.get_caller_identity()
        assert caught.value.action == "sts:GetCallerIdentity"


async def test_a_proxys_page_is_trouble_with_the_service_and_tells_no_time() -> None:
    far = {"Date": format_datetime(START + timedelta(days=1), usegmt=True)}
    server = Scripted(Said(HTML.body, 403, {**HTML.headers, **far}))
    async with asking(server) as client:
        with pytest.raises(ServiceUnreachable, match="proxy"):
            await client.describe_image_build_risk_list()
        assert timedelta(0) == client.skew
    assert len(server.requests) == 3


async def test_a_truncated_answer_is_asked_for_again() -> None:
    half = Said(json.dumps(EMPTY).encode()[:30])
    server = Scripted(half, half, Said())
    async with asking(server) as client:
        assert (await client.describe_image_build_risk_list()).rows == ()


async def test_an_answer_that_stays_unreadable_is_given_up() -> None:
    server = Scripted(said(Data={"List": [["nonsense"]], "PageInfo": 7}))
    async with asking(server) as client:
        with pytest.raises(AnswerUnreadable, match="DescribeImageBuildRiskList"):
            await client.describe_image_build_risk_list()
    assert len(server.requests) == 3


async def test_pages_of_no_size_are_asked_for_again_and_then_given_up() -> None:
    info = {"CurrentPage": 1, "PageSize": 0, "TotalCount": 7}
    data = {"List": [], "PageInfo": info}
    server = Scripted(said(Data=data, Success=True, Code="200"))
    async with asking(server) as client:
        with pytest.raises(AnswerUnreadable, match="7 rows in pages of 0"):
            await client.build_risks()
    assert len(server.requests) == 3


async def test_a_redirect_is_not_followed() -> None:
    server = Scripted(Said(b"", 302, {"Location": "/elsewhere"}))
    async with asking(server) as client:
        with pytest.raises(ServiceUnreachable, match="redirect"):
            await client.describe_image_build_risk_list()
    assert {"/"} == {request.path for request in server.requests}


async def test_an_endless_answer_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "LARGEST_ANSWER", 1024 * 1024)
    server = Scripted(Said(b" " * (3 * 1024 * 1024)))
    async with asking(server) as client:
        with pytest.raises(AnswerUnreadable, match="larger than 1 MiB"):
            await client.describe_image_build_risk_list()
    assert len(server.requests) == 1


async def test_an_answer_that_breaks_off_is_asked_for_again() -> None:
    server = Scripted()
    cut = True

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal cut
        if not cut:
            return await server.answer(request)
        cut = False
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"{")
        assert request.transport is not None
        request.transport.close()
        return response

    async with listening(answer) as url, client_of(url) as client:
        await client.describe_image_build_risk_list()
        assert client.requests == 2


async def test_silence_ends_with_the_deadline() -> None:
    class Creeping(SimulatedTime):
        """Time of which hardly any is left, for the first request to use up."""

        asked = 0

        @property
        def clock(self) -> Clock:
            return Clock(now=super().clock.now, monotonic=self.monotonic, sleep=self.sleep)

        def monotonic(self) -> float:
            self.asked += 1
            return 99.97 if self.asked < 8 else 100.1

    stop = anyio.Event()

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        await stop.wait()
        return web.Response()

    async with listening(answer) as url, client_of(url, Creeping()) as client:
        with anyio.fail_after(2), pytest.raises(ServiceUnreachable, match="time limit"):
            await client.describe_image_build_risk_list()
        stop.set()


async def test_what_is_signed_too_late_is_not_sent() -> None:
    time = SimulatedTime()

    class Slow:
        origin = "a test"

        async def get(self) -> Credentials:
            await time.sleep(200.0)
            return KEYS

    server = Scripted()
    async with (
        listening(server.answer) as url,
        SecurityCenter(url, Slow(), time.run()) as client,
    ):
        with pytest.raises(ServiceFailing, match="no time was left"):
            await client.describe_image_build_risk_list()
    assert server.requests == []


async def test_troubles_end_with_the_deadline() -> None:
    time = SimulatedTime()
    async with asking(Scripted(said(503, Code="ServiceUnavailable")), time) as client:
        with pytest.raises(ServiceFailing, match="503 ServiceUnavailable"):
            await client.describe_image_build_risk_list()
    assert time.seconds < 100.0


async def test_no_slot_is_held_while_waiting_for_the_next_attempt() -> None:
    waiting, go_on = anyio.Event(), anyio.Event()
    server = Scripted(said(500), Said())
    time = SimulatedTime()

    async def sleep(_: float) -> None:
        waiting.set()
        await go_on.wait()

    clock = Clock(now=time.clock.now, monotonic=time.clock.monotonic, sleep=sleep)
    run = Run(clock=clock, deadline=100.0, environment={})
    async with (
        listening(server.answer) as url,
        SecurityCenter(url, StaticCredentials(KEYS, "a test"), run, concurrency=1) as client,
        anyio.create_task_group() as group,
    ):
        group.start_soon(client.get_build_risk_define_rule_config)
        await waiting.wait()
        server.script = [Said()]
        with anyio.fail_after(1):
            await client.describe_image_build_risk_list()
        server.script = [said(Data={"RuleTree": []}, Success=True, Code="200")]
        go_on.set()


async def test_a_clock_that_is_off_is_corrected_once() -> None:
    late = START + timedelta(hours=1)
    date = {"Date": format_datetime(late, usegmt=True)}
    server = Scripted(refused("InvalidTimeStamp.Expired", 400), Said(headers=date))
    server.script[0] = Said(server.script[0].body, 400, date)
    async with asking(server) as client:
        await client.describe_image_build_risk_list()
        assert timedelta(seconds=1) > abs(client.skew - timedelta(hours=1))
        assert client.now() >= late
    first, second = headers_of(server.requests, "x-acs-date")
    assert first == "2026-03-01T12:00:00Z"
    assert datetime.fromisoformat(second) >= late


async def test_a_time_that_stays_refused_is_told_as_such() -> None:
    server = Scripted(refused("InvalidTimeStamp.Expired", 400))
    async with asking(server) as client:
        with pytest.raises(AccessError, match="clock is off"):
            await client.describe_image_build_risk_list()
    assert len(server.requests) == 2


async def test_the_observer_hears_of_requests_but_of_nothing_in_them() -> None:
    lines: list[str] = []
    server = Scripted(RESET, Said())
    async with asking(server, observer=lines.append) as client:
        await client.describe_image_list_by_build_risk(criteria="secret-repo", current_page=3)
        server.script = [said(AccountId="1")]
        await client.get_caller_identity()
    assert lines == [
        "DescribeImageListByBuildRisk page 3: the connection was closed without an answer, 0 ms",
        "DescribeImageListByBuildRisk page 3: status 200, 0 ms",
        "GetCallerIdentity: status 200, 0 ms",
    ]


async def test_connections_are_kept_alive() -> None:
    server = Scripted()
    async with asking(server) as client:
        for _ in range(3):
            await client.describe_image_build_risk_list()
    assert len({id(request.transport) for request in server.requests}) == 1


async def test_throttling_slows_down_all_that_ask() -> None:
    time = SimulatedTime()
    sent_at = []

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        sent_at.append(time.seconds)
        if len(sent_at) == 2:
            return web.json_response({"Code": "Throttling"}, status=429)
        return web.json_response(EMPTY)

    async with listening(answer) as url, client_of(url, time) as client:
        await client.describe_image_build_risk_list()
        await client.describe_image_build_risk_list()
        for _ in range(6):
            await client.describe_image_build_risk_list()
    assert len(sent_at) == 9
    assert min(b - a for a, b in pairwise(sent_at[2:])) > 0.99


async def test_a_service_that_throttles_until_the_deadline_is_failing() -> None:
    time = SimulatedTime()
    async with asking(Scripted(THROTTLED), time) as client:
        with pytest.raises(ServiceFailing, match="throttling"):
            await client.describe_image_build_risk_list()
    assert time.seconds <= 100.0


async def test_a_refused_connection_is_given_up() -> None:
    async with listening(Scripted().answer) as url:
        pass
    time = SimulatedTime()
    async with client_of(url, time, deadline=900.0) as client:
        with pytest.raises(ServiceUnreachable, match=r"127\.0\.0\.1.*refused") as caught:
            await client.describe_image_build_risk_list()
    assert time.seconds < 30.0
    assert "HTTPS_PROXY" in caught.value.remedy


async def test_a_host_that_is_not_there_is_told_as_such() -> None:
    async with client_of("tds.invalid") as client:
        with pytest.raises(ServiceUnreachable, match=r"tds\.invalid can't be reached: .*DNS"):
            await client.describe_image_build_risk_list()


def tls_of(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


async def test_a_certificate_of_nobody_known_is_refused() -> None:
    server = Scripted()
    async with listening(server.answer, tls_of(trustme.CA())) as url:
        async with client_of(url) as client:
            with pytest.raises(ServiceUnreachable, match="certificate is not trusted") as caught:
                await client.describe_image_build_risk_list()
        assert "SSL_CERT_FILE" in caught.value.remedy
    assert server.requests == []


async def test_a_server_without_tls_is_told_as_such() -> None:
    async with listening(Scripted().answer) as url:
        plain = url.replace("http:", "https:")
        async with client_of(plain) as client:
            with pytest.raises(ServiceUnreachable, match="TLS handshake failed"):
                await client.describe_image_build_risk_list()


async def test_a_proxy_of_the_environment_is_used_but_not_for_loopback() -> None:
    proxy = Scripted(Said(b"No.", 407))
    server = Scripted()
    async with listening(proxy.answer) as url:
        proxies = {"HTTPS_PROXY": url.replace("http://", "http://user:sesame@")}
        async with client_of("tds.invalid", environment=proxies) as client:
            with pytest.raises(ServiceUnreachable, match=rf"{url} refused .*407") as caught:
                await client.describe_image_build_risk_list()
        async with (
            listening(server.answer) as local,
            client_of(local, environment=proxies) as client,
        ):
            await client.describe_image_build_risk_list()
    assert proxy.requests[0].method == "CONNECT"
    assert proxy.requests[0].headers["Proxy-Authorization"] == "Basic dXNlcjpzZXNhbWU="
    assert "Authorization" not in proxy.requests[0].headers
    assert "sesame" not in str(caught.value)
    assert len(server.requests) == 1


async def test_a_proxy_that_is_not_there_is_told_as_such() -> None:
    async with listening(Scripted().answer) as url:
        pass
    async with client_of("tds.invalid", environment={"https_proxy": url}) as client:
        with pytest.raises(ServiceUnreachable, match=rf"no connection to the proxy {url}"):
            await client.describe_image_build_risk_list()


async def test_a_proxy_without_an_address_is_told_as_such() -> None:
    proxies = {"https_proxy": "http://user:sesame@proxy.invalid:3128"}
    async with client_of("tds.example", environment=proxies) as client:
        with pytest.raises(ServiceUnreachable, match=r"as that of the proxy http://proxy\.invalid"):
            await client.describe_image_build_risk_list()


async def test_a_login_in_a_netrc_file_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("default login user password sesame\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    server = Scripted()
    async with asking(server) as client:
        await client.describe_image_build_risk_list()
    assert server.requests[0].headers["Authorization"].startswith("ACS3-HMAC-SHA256 ")


async def test_nothing_of_the_credentials_is_in_an_error() -> None:
    for answer in (refused("SignatureDoesNotMatch"), refused("Odd"), said(500), HTML, RESET):
        async with asking(Scripted(answer)) as client:
            with pytest.raises((AccessError, ServiceError)) as caught:
                await client.describe_image_instances(criteria={"repoName": "secret-repo"})
        shown = f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
        assert not any(word in shown for word in ("sesame", "key-id", "secret-repo", "Signature="))
