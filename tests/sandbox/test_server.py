from __future__ import annotations

import json
import ssl
from datetime import timedelta
from typing import TYPE_CHECKING

import aiohttp
import anyio
import pytest
import trustme

from gate.errors import UsageError
from gate.sandbox import (
    Fault,
    Faults,
    Readings,
    SampleFinding,
    SampleImage,
    Sandbox,
    World,
    sample_world,
    serve,
)

if TYPE_CHECKING:
    from tests.sandbox.conftest import Asker, HandClock

pytestmark = pytest.mark.anyio

OPERATION = "DescribeImageListByBuildRisk"


def _world(findings: int = 3) -> World:
    build_risks = tuple(SampleFinding(command=f"RUN {number}") for number in range(findings))
    return World.of(SampleImage(namespace="shop", repository="web", findings=build_risks))


async def test_it_records_what_was_asked(ask: Asker, clock: HandClock) -> None:
    async with Sandbox(_world(), now=clock) as sandbox:
        await ask(sandbox, OPERATION, RiskKey="a b+c/中&=")
        (request,) = sandbox.requests
    assert (request.operation, dict(request.parameters)) == (OPERATION, {"RiskKey": "a b+c/中&="})
    assert clock() == request.at


async def test_parameters_may_come_as_a_form(ask: Asker) -> None:
    async with Sandbox(_world()) as sandbox:
        ask.body = b"PageSize=2&Lang=en"
        ask.headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = await ask(sandbox, OPERATION, RiskLevel="high")
    assert len(answer.json["Data"]["List"]) == 2


async def test_a_sandbox_that_does_not_run_has_no_address() -> None:
    sandbox = Sandbox(_world())
    assert sandbox.elapsed == 0
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.endpoint


async def test_it_takes_the_port_that_it_is_given(ask: Asker) -> None:
    async with Sandbox(_world()) as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(UsageError, match=str(port)):
            async with Sandbox(_world(), port=port):
                pass
    async with Sandbox(_world(), port=port) as second:
        assert second.endpoint == f"http://127.0.0.1:{port}"
        assert (await ask(second, OPERATION)).status == 200


async def test_it_speaks_tls_where_it_has_a_certificate() -> None:
    authority = trustme.CA()
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(served)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with Sandbox(_world(), ssl_context=served) as sandbox, aiohttp.ClientSession() as session:
        assert sandbox.url.startswith("https://")
        async with session.get(f"{sandbox.url}/v2/", ssl=trusting) as response:
            assert response.status == 200


@pytest.mark.parametrize(
    ("fault", "status", "code", "retry_after"),
    [
        (Fault("throttling", retry_after=1500), 429, "Throttling.Api", "1500"),
        (Fault("throttling", status=400, code="Throttling"), 400, "Throttling", None),
        (Fault("throttling", status=503, code="Throttling.User"), 503, "Throttling.User", None),
        (Fault("server_error"), 500, "ServerError", None),
        (Fault("server_error", code="InternalError"), 500, "InternalError", None),
        (Fault("server_error", status=503), 503, "ServiceUnavailable", None),
        (Fault("denied", operations={OPERATION}), 403, "NoPermission", None),
        (Fault("denied", code="Forbidden.RAM"), 403, "Forbidden.RAM", None),
        (Fault("quota", per_second=0), 429, "Throttling.User", None),
        (Fault("account_quota", per_second=0), 429, "Throttling.User", None),
    ],
)
async def test_it_refuses_on_demand(
    ask: Asker, fault: Fault, status: int, code: str, retry_after: str | None
) -> None:
    async with Sandbox(_world(), faults=Faults(fault)) as sandbox:
        answer = await ask(sandbox, OPERATION)
        assert (answer.status, answer.json["Code"]) == (status, code)
        assert retry_after == answer.headers.get("x-acs-retry-after")
        assert sandbox.faults == Faults(fault)
        sandbox.faults = Faults()
        assert (await ask(sandbox, OPERATION)).status == 200


async def test_a_request_is_checked_before_it_is_throttled(ask: Asker) -> None:
    async with Sandbox(_world(), faults=Faults(Fault("throttling"))) as sandbox:
        ask.changed = {"x-acs-signature-nonce": "tampered"}
        assert (await ask(sandbox, OPERATION)).json["Code"] == "SignatureDoesNotMatch"


async def test_a_proxy_may_answer_instead(ask: Asker) -> None:
    async with Sandbox(_world(), faults=Faults(Fault("html_403"))) as sandbox:
        answer = await ask(sandbox, OPERATION)
    assert (answer.status, answer.body[:9]) == (403, b"<!DOCTYPE")


async def test_answers_can_be_spoilt(ask: Asker) -> None:
    async with Sandbox(_world()) as sandbox:
        whole = len((await ask(sandbox, OPERATION)).body)
        sandbox.faults = Faults(Fault("truncated"))
        assert whole // 2 == len((await ask(sandbox, OPERATION)).body)
        sandbox.faults = Faults(Fault("nonsense"))
        assert json.loads((await ask(sandbox, OPERATION)).body)["PageInfo"] == 7
        sandbox.faults = Faults(Fault("html"))
        page = await ask(sandbox, OPERATION)
        assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("kind", "error"),
    [("reset", aiohttp.ServerDisconnectedError), ("cut", aiohttp.ClientPayloadError)],
)
async def test_connections_can_be_lost(
    ask: Asker, kind: str, error: type[aiohttp.ClientError]
) -> None:
    async with Sandbox(_world(), faults=Faults(Fault(kind, first=1))) as sandbox:
        with pytest.raises((error, aiohttp.ClientOSError)):
            await ask(sandbox, OPERATION)
        assert (await ask(sandbox, OPERATION)).status == 200


async def test_silence_lasts_until_the_sandbox_stops(ask: Asker) -> None:
    async with Sandbox(_world(), faults=Faults(Fault("silent"))) as sandbox:
        with anyio.move_on_after(0.1) as waited:
            await ask(sandbox, OPERATION)
        assert waited.cancelled_caught
        assert len(sandbox.requests) == 1


async def test_a_cancelled_sandbox_gives_its_port_back() -> None:
    with anyio.CancelScope() as scope:
        async with Sandbox(_world()) as sandbox:
            port = int(sandbox.url.rpartition(":")[2])
            scope.cancel()
            await anyio.sleep_forever()
    async with Sandbox(_world(), port=port) as again:
        assert again.url.endswith(f":{port}")


async def test_latency_delays_an_answer(ask: Asker) -> None:
    faults = Faults(Fault("latency", seconds=0.1))
    async with Sandbox(_world(), faults=faults) as sandbox:
        before = anyio.current_time()
        assert (await ask(sandbox, OPERATION)).status == 200
        assert anyio.current_time() - before >= 0.09


async def test_rows_are_disturbed_on_demand(ask: Asker) -> None:
    details = "DescribeImageBuildRiskByKey"
    readings = Readings(page_cap=10)

    async def page(number: int) -> tuple[list[str], int]:
        data = (await ask(sandbox, details, CurrentPage=number, PageSize=10)).json["Data"]
        return [row["LayerCmd"] for row in data["List"]], data["PageInfo"]["TotalCount"]

    async with Sandbox(_world(25), readings=readings, seed=1) as sandbox:
        first, total = await page(1)
        assert total == 25
        sandbox.faults = Faults(Fault("repeated_page"))
        assert (first, 25) == await page(2)
        sandbox.faults = Faults(Fault("lying_total", delta=-3))
        assert (first, 22) == await page(1)
        sandbox.faults = Faults(Fault("dropped_rows", delta=2))
        assert ([f"RUN {number}" for number in range(2, 12)], 23) == await page(1)
        sandbox.faults = Faults(Fault("moving_rows"))
        moved, total = await page(1)
        assert (total, len(set(moved))) == (25, 10)
        assert first != moved


async def test_the_clock_can_be_wrong(ask: Asker, clock: HandClock) -> None:
    faults = Faults(Fault("clock_skew", seconds=1200))
    async with Sandbox(_world(), faults=faults, now=clock) as sandbox:
        assert clock() + timedelta(seconds=1200) == sandbox.clock
        ask.headers = {"x-acs-date": clock().strftime("%Y-%m-%dT%H:%M:%SZ")}
        refused = await ask(sandbox, OPERATION)
        assert refused.json["Code"] == "InvalidTimeStamp.Expired"
        assert refused.headers["Date"] == "Sun, 01 Mar 2026 12:20:00 GMT"
        assert sandbox.elapsed == 0


async def test_ten_thousand_rows_are_read_in_a_moment(ask: Asker) -> None:
    async with Sandbox(_world(10_000)) as sandbox:
        before = anyio.current_time()
        for number in range(1, 101):
            answer = await ask(sandbox, OPERATION, CurrentPage=number, PageSize=100)
            assert len(answer.json["Data"]["List"]) == 100
        assert anyio.current_time() - before < 5


@pytest.mark.parametrize("seed", [1, 2])
async def test_all_faults_at_once_end_each_request_somehow(ask: Asker, seed: int) -> None:
    sometimes = ("throttling", "reset", "server_error", "truncated", "cut", "nonsense", "html")
    faults = Faults(*(Fault(kind, probability=0.15) for kind in sometimes))
    answered = lost = 0
    async with Sandbox(_world(), faults=faults, seed=seed) as sandbox:
        for _ in range(100):
            try:
                await ask(sandbox, OPERATION)
            except aiohttp.ClientError:
                lost += 1
            else:
                answered += 1
        assert len(sandbox.requests) == 100
    assert min(answered, lost) > 5


def test_of_very_many_requests_the_latest_are_kept() -> None:
    sandbox = Sandbox(sample_world())
    for number in range(150_001):
        sandbox.strike("GetCallerIdentity", {"Number": str(number)})
    assert 50_000 < len(sandbox.requests) <= 100_000
    assert sandbox.requests[-1].parameters == {"Number": "150000"}


async def test_a_sandbox_that_is_served_says_so_in_each_answer() -> None:
    sandbox, begun = Sandbox(_world()), anyio.Event()

    async def label_of(url: str) -> str | None:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/v2/") as answer:
            return answer.headers.get("Buildrisk-Gate-Sandbox")

    async with anyio.create_task_group() as group:
        group.start_soon(serve, sandbox, lambda _: begun.set())
        await begun.wait()
        assert await label_of(sandbox.url)
        group.cancel_scope.cancel()
    async with Sandbox(_world()) as other:
        assert await label_of(other.url) is None
