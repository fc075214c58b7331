from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gate.sandbox import SampleImage, sample_world
from tests.end_to_end.recipes.stand_ins import StandIns
from tests.rigs.cloud import Services, session_sandbox, token_services

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gate.sandbox import Sandbox

PROVIDERS = [f"acs:ram::1234567890123456:oidc-provider/{home}" for home in ("github", "gitlab")]
CLEAN = SampleImage(namespace="shop", repository="web", tag="clean")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Serve a Security Center that knows nobody but the session of a role."""
    world = sample_world()
    world.images.append(CLEAN)
    with session_sandbox(world) as service:
        yield service


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Serve GitHub's token service and Alibaba Cloud's, which trusts both homes."""
    with token_services(tmp_path_factory.mktemp("cloud"), *PROVIDERS) as serving:
        yield serving


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
