from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rigs.container import Buildah, Container

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """Build the image on a base of this system's packages; return a container of it."""
    buildah = Buildah.make(tmp_path_factory.mktemp("buildah"))
    try:
        buildah.make_base("localhost/base:1")
        buildah.build("localhost/gate:1", "localhost/base:1")
        yield Container.of(buildah, "localhost/gate:1")
    finally:
        buildah.remove()
