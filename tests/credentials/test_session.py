from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import anyio
import pytest
from aiohttp import web

from gate.credentials import Credentials
from gate.credentials.job_token import GitHubToken, VariableToken
from gate.credentials.role import Role
from gate.credentials.session import RoleCredentials
from gate.errors import AccessError, GateError, NoCredentials, ServiceFailing
from tests.rigs.cloud import PROVIDER, ROLE, web_token
from tests.security_center.scripted import listening
from tests.simulated import START, SimulatedTime

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio

ASKED = Role(
    arn=ROLE, provider_arn=PROVIDER, session_name="gate", host="sts.aliyuncs.com", actions=("a:B",)
)


@dataclass
class Services:
    """Both token services, on a simulated clock; sessions are numbered.

    ``ahead`` is how far the services' clock is before the machine's, in seconds.
    """

    time: SimulatedTime = field(default_factory=SimulatedTime)
    lasts: float = 900
    ahead: float = 0
    refusal: str = ""
    status: int = 200
    tokens: list[str] = field(default_factory=list)
    forms: list[dict[str, list[str]]] = field(default_factory=list)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        now = START + timedelta(seconds=self.time.seconds + self.ahead)
        if request.method == "GET":
            self.tokens.append(web_token(jti=len(self.tokens)))
            return web.json_response({"value": self.tokens[-1]})
        self.forms.append(parse_qs(await request.text()))
        if self.refusal:
            return web.json_response({"Code": self.refusal}, status=400)
        number = len(self.forms)
        expires = now + timedelta(seconds=self.lasts)
        given = {
            "AccessKeyId": f"id-{number}",
            "AccessKeySecret": "sesame",
            "SecurityToken": "sesame",
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return web.json_response(
            {"Credentials": given},
            status=self.status,
            headers={"Date": format_datetime(now, usegmt=True)},
        )


@asynccontextmanager
async def source_of(
    services: Services, *, deadline: float = 100_000, token: str = ""
) -> AsyncIterator[RoleCredentials]:
    async with listening(services.answer) as url:
        yield RoleCredentials(
            role=ASKED,
            token=VariableToken(token) if token else GitHubToken(f"{url}/token", "sesame"),
            run=services.time.run(deadline=deadline),
            base_url=url,
        )


async def key_of(source: RoleCredentials) -> str:
    return (await source.get()).access_key_id


async def test_the_jobs_token_is_exchanged_once_for_all_who_ask() -> None:
    services = Services()
    async with source_of(services) as source, anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(source.get)
    assert services.tokens == [form["OIDCToken"][0] for form in services.forms]
    assert 1 == len(services.tokens)


async def test_the_session_is_what_the_service_gave() -> None:
    async with source_of(Services()) as source:
        assert Credentials("id-1", "sesame", "sesame") == await source.get()
        assert "sesame" not in repr(source)


@pytest.mark.parametrize("ahead", [0, -7200, 7200])
async def test_a_session_is_renewed_some_minutes_before_its_end_with_a_new_token(
    ahead: float,
) -> None:
    services = Services(ahead=ahead)
    async with source_of(services) as source:
        assert "id-1" == await key_of(source)
        services.time.seconds = 590
        assert "id-1" == await key_of(source)
        services.time.seconds = 601
        assert "id-2" == await key_of(source)
    assert 2 == len(set(services.tokens))


@pytest.mark.parametrize(
    ("remaining", "seconds"), [(60, "900"), (900, "1200"), (1000.5, "1301"), (86400, "3600")]
)
async def test_a_session_lasts_as_long_as_the_run_within_limits(
    remaining: float, seconds: str
) -> None:
    services = Services()
    async with source_of(services, deadline=remaining) as source:
        await source.get()
    assert [[seconds]] == [form["DurationSeconds"] for form in services.forms]


async def test_a_session_that_seems_over_is_used_for_a_minute() -> None:
    services = Services(lasts=-100)
    async with source_of(services) as source:
        assert "id-1" == await key_of(source)
        services.time.seconds = 59
        assert "id-1" == await key_of(source)
        services.time.seconds = 61
        assert "id-2" == await key_of(source)


async def test_a_renewal_that_fails_leaves_the_session_until_its_end() -> None:
    services = Services()
    async with source_of(services, token=web_token()) as source:
        await source.get()
        services.refusal = "AuthenticationFail.OIDCToken.Expired"
        services.time.seconds = 650
        assert "id-1" == await key_of(source)
        assert "id-1" == await key_of(source)
        assert 2 == len(services.forms)
        services.time.seconds = 720
        assert "id-1" == await key_of(source)
        assert 3 == len(services.forms)
        services.time.seconds = 901
        with pytest.raises(NoCredentials, match=r"OIDCToken\.Expired") as caught:
            await source.get()
    assert "GitLab" in caught.value.remedy


async def test_a_renewal_is_not_waited_for_longer_than_the_session_lasts() -> None:
    services = Services()
    async with source_of(services) as source:
        await source.get()
        services.status = 500
        services.time.seconds = 650
        assert "id-1" == await key_of(source)
        assert 650 < services.time.seconds < 900
        services.status = 200
        services.time.seconds = 901
        assert f"id-{len(services.forms) + 1}" == await key_of(source)


@pytest.mark.parametrize(
    ("refusal", "status", "kind"), [("NoPermission", 400, AccessError), ("", 500, ServiceFailing)]
)
async def test_what_failed_at_first_fails_for_all_at_once(
    refusal: str, status: int, kind: type[GateError]
) -> None:
    services = Services(refusal=refusal, status=status)
    async with source_of(services, deadline=10) as source:
        with pytest.raises(kind):
            await source.get()
        asked = len(services.forms)
        with pytest.raises(kind):
            await source.get()
    assert asked == len(services.forms)


async def test_credentials_that_fit_no_header_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        given = {"AccessKeyId": "i d", "AccessKeySecret": "s", "SecurityToken": "t"}
        expires = {"Expiration": "2026-03-01T13:00:00Z"}
        return web.json_response({"Credentials": given | expires})

    services = Services()
    monkeypatch.setattr(services, "answer", answer)
    async with source_of(services, token=web_token()) as source:
        with pytest.raises(NoCredentials, match="token service of Alibaba Cloud"):
            await source.get()
