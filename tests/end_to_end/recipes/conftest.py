from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from anyio.from_thread import start_blocking_portal

from gate.sandbox import SampleImage, Sandbox, sample_world
from tests.end_to_end.action.cloud import SESSION, Cloud
from tests.end_to_end.recipes.stand_ins import StandIns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLEAN = SampleImage(namespace="shop", repository="web", tag="clean")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Serve a Security Center that knows nobody but the session that STS hands out."""
    world = sample_world()
    world.images.append(CLEAN)
    service = Sandbox(
        world,
        access_key_id=SESSION["AccessKeyId"],
        access_key_secret=SESSION["AccessKeySecret"],
        security_token=SESSION["SecurityToken"],
    )
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(service):
        yield service


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """Serve GitHub's token service and Alibaba Cloud's."""
    with Cloud().serving() as serving:
        yield serving


@pytest.fixture(scope="session")
def way_to_the_cloud(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the variables with which a process reaches it as if it were the real one."""
    authority = tmp_path_factory.mktemp("cloud") / "ca.pem"
    cloud.ca.cert_pem.write_to_path(authority)
    return {
        "HTTPS_PROXY": cloud.url,
        "NO_PROXY": "127.0.0.1",
        "SSL_CERT_FILE": str(authority),
    }


@pytest.fixture(scope="session")
def digests(sandbox: Sandbox) -> dict[str, str]:
    """Return digests of shop/web, by what the gate says of them."""
    return {
        "pass": sandbox.world.find("shop/web:clean").digest,
        "block": sandbox.world.find("shop/web:1.4").digest,
    }


@pytest.fixture
def stand_ins(tmp_path: Path) -> StandIns:
    return StandIns.make(tmp_path / "stand-ins")
