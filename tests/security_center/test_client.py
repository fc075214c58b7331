"""The client against the sandbox: every operation, and lists read to their end."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from gate.clock import Clock, Run
from gate.credentials import Credentials, StaticCredentials
from gate.errors import CredentialsRefused, GateError, PermissionMissing, UsageError
from gate.sandbox import Fault, Faults, Sandbox, sample_world
from gate.security_center import OPERATIONS, ScanTarget, SecurityCenter
from tests.security_center.scripted import Scripted, asking

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gate.security_center import ImageRecord

ROOT = Path(__file__).parents[2]


async def hurried(seconds: float) -> None:
    await anyio.sleep(min(seconds, 0.001))


CLOCK = Clock(now=lambda: datetime.now(UTC), monotonic=time.monotonic, sleep=hurried)


def run(seconds: float) -> Run:
    return Run(clock=CLOCK, deadline=time.monotonic() + seconds, environment={})


@asynccontextmanager
async def sandboxed(*faults: Fault, seed: int = 0) -> AsyncIterator[tuple[Sandbox, SecurityCenter]]:
    async with Sandbox(sample_world(), faults=Faults(*faults), seed=seed) as sandbox:
        keys = Credentials(sandbox.access_key_id, sandbox.access_key_secret)
        source = StaticCredentials(keys, "a test")
        async with SecurityCenter(sandbox.url, source, run(60)) as client:
            yield sandbox, client


def target(record: ImageRecord) -> ScanTarget:
    return ScanTarget(
        registry_type=record.registry_type,
        repo_id=record.repo_id,
        instance_id=record.instance_id,
        repo_namespace=record.repo_namespace,
        region_id=record.region_id,
        repo_name=record.repo_name,
        digest=record.digest,
        tag=record.tag,
    )


@pytest.mark.anyio
async def test_every_operation_is_answered() -> None:
    async with sandboxed() as (sandbox, client):
        image = (await client.describe_image_instances(page_size=1)).rows[0]
        await client.describe_image_list_by_build_risk()
        await client.describe_image_build_risk_list()
        await client.describe_image_build_risk_by_key(image_uuid=image.uuid)
        await client.describe_image_latest_scan_task(image.digest)
        await client.describe_image_repo_detail_list()
        await client.describe_image_event_operation_page()
        await client.get_build_risk_define_rule_config()
        cost = await client.public_pre_check_image_scan_task([target(image)])
        state = await client.public_sync_and_create_image_scan_task([target(image)])
        identity = await client.get_caller_identity()
        assert cost.scan_image_count == 1
        assert state.task_id
        assert identity.account_id
        assert client.requests == len(sandbox.requests)
        names = {operation.name for operation in OPERATIONS} | {"GetCallerIdentity"}
        assert names == {request.operation for request in sandbox.requests}


@pytest.mark.anyio
async def test_every_parameter_of_the_operation_is_sent() -> None:
    async with sandboxed() as (sandbox, client):
        await client.describe_image_list_by_build_risk(
            current_page=2,
            page_size=5,
            risk_key="no_user",
            status=0,
            criteria="web",
            criteria_type="RepoName",
        )
        await client.describe_image_instances(current_page=1, page_size=9)
        await client.describe_image_repo_detail_list(criteria={"repoName": "web"})
        first, second, third = sandbox.requests
    assert first.parameters == {
        "Lang": "en",
        "CurrentPage": "2",
        "PageSize": "5",
        "RiskKey": "no_user",
        "Status": "0",
        "Criteria": "web",
        "CriteriaType": "RepoName",
    }
    assert second.parameters == {"CurrentPage": "1", "PageSize": "9"}
    assert third.parameters == {
        "Criteria": '[{"name":"repoName","value":"web","logicalExp":"AND"}]',
        "LogicalExp": "AND",
    }


@pytest.mark.anyio
async def test_lists_are_read_to_their_end() -> None:
    async with sandboxed() as (_, client):
        rows = await client.images_by_build_risk(criteria_type="RepoName", criteria="web")
        own = await client.images_by_build_risk(keep=lambda row: row.repo_name == "web")
        short = await client.images_by_build_risk(at_most=1)
        assert rows.complete
        assert {"web"} == {row.repo_name for row in own.rows}
        assert own.total > len(own.rows) > 0
        assert short.too_long
        web = {"repoNamespace": "shop", "repoName": "web"}
        records = await client.image_records(web, keep=lambda one: one.repo_name == "web")
        assert records.rows
        details = await client.build_risks_of(own.rows[0].uuid)
        unhandled = await client.build_risks_of(own.rows[0].uuid, status=0)
        assert details.total >= unhandled.total
        assert (await client.image_repositories(web)).rows
        assert (await client.build_risks()).complete
        assert (await client.event_rules()).complete
        assert await client.latest_scan_tasks(f"sha256:{records.rows[0].digest}")
        assert (await client.check_configuration()).on


@pytest.mark.anyio
async def test_a_server_may_cap_the_size_of_its_pages() -> None:
    async with sandboxed() as (sandbox, client):
        listing = await client.images_by_build_risk()
        pages = [request.parameters["CurrentPage"] for request in sandbox.requests]
    assert listing.complete
    assert len(set(pages)) == len(pages) > 1


@pytest.mark.parametrize("kind", ["repeated_page", "lying_total"])
@pytest.mark.anyio
async def test_a_list_that_does_not_add_up_is_not_complete(kind: str) -> None:
    async with sandboxed(Fault(kind)) as (_, client):
        listing = await client.images_by_build_risk()
    assert not listing.complete
    assert listing.problem


@pytest.mark.anyio
async def test_the_services_clock_is_told() -> None:
    async with sandboxed(Fault("clock_skew", seconds=3600)) as (_, client):
        await client.check_configuration()
        assert timedelta(minutes=59) < client.skew < timedelta(minutes=61)
        assert client.now() > datetime.now(UTC) + timedelta(minutes=59)


@pytest.mark.anyio
async def test_bad_keys_and_missing_permissions_are_told_apart() -> None:
    async with sandboxed(Fault("denied")) as (sandbox, client):
        with pytest.raises(PermissionMissing):
            await client.check_configuration()
        keys = StaticCredentials(Credentials(sandbox.access_key_id, "wrong"), "a test")
        async with SecurityCenter(sandbox.url, keys, run(1e9)) as other:
            with pytest.raises(CredentialsRefused):
                await other.check_configuration()


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.anyio
async def test_in_chaos_a_list_is_right_or_an_error(seed: int) -> None:
    kinds = ("reset", "server_error", "throttling", "truncated", "cut", "nonsense", "html")
    faults = [Fault(kind, probability=0.04) for kind in kinds]
    async with sandboxed(*faults, seed=seed) as (sandbox, client):
        try:
            listing = await client.images_by_build_risk()
            assert listing.complete
        except GateError:
            listing = None
        sandbox.faults = Faults()
        assert listing in {None, await client.images_by_build_risk()}


@pytest.mark.anyio
async def test_a_closed_client_says_so() -> None:
    client = SecurityCenter(
        "http://127.0.0.1:1",
        StaticCredentials(Credentials("id", "secret"), "a test"),
        run(1.0),
    )
    with pytest.raises(RuntimeError, match="async with"):
        await client.check_configuration()
    await client.__aexit__(None, None, None)
    async with asking(Scripted()) as other:
        pass
    with pytest.raises(RuntimeError, match="async with"):
        await other.check_configuration()


@pytest.mark.anyio
async def test_an_endpoint_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(UsageError):
        SecurityCenter(
            "http://tds.example.com",
            StaticCredentials(Credentials("id", "secret"), "a test"),
            run(1.0),
        )


def test_importing_the_package_loads_no_http_client() -> None:
    program = "import sys, gate.security_center; print('aiohttp' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stdout.strip() == "False"
