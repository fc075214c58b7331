from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gate.cli.images import read_images
from gate.errors import UsageError
from tests.rigs.command import HOST

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rigs.command import Result

    Gate = Callable[..., Result]

NAME = "registry.cn-hangzhou.aliyuncs.com/shop/web:1"
ONE, OTHER = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
KEY = "containerimage.digest"


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({KEY: ONE, "image.name": NAME}),
        json.dumps({"web": {KEY: ONE}, "buildx.build.warnings": []}),
        ONE,
        f"{ONE}\n",
        f"registry.cn-hangzhou.aliyuncs.com/shop/web@{ONE}\nother.example/web@{ONE}\n",
    ],
    ids=["buildx", "bake", "buildah", "line end", "kaniko"],
)
def test_the_file_that_a_build_wrote_tells_the_digest(text: str) -> None:
    (image,) = read_images([NAME], [], digest=None, metadata=("built", text))
    assert ONE == image.digest


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "[" * 100_000, '{"containerimage.digest": 1}', "latest"]
)
def test_a_file_without_a_digest_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="holds no digest"):
        read_images([NAME], [], digest=None, metadata=("built", text))


@pytest.mark.parametrize(
    "text", [f"{ONE}\n{OTHER}", json.dumps({"a": {KEY: ONE}, "b": {KEY: OTHER}})]
)
def test_a_file_with_several_digests_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="holds 2 digests"):
        read_images([NAME], [], digest=None, metadata=("built", text))


@pytest.mark.parametrize("name", [f"{HOST}/shop/web:nope", "docker.io/library/nginx:1.27"])
def test_a_sample_image_that_there_is_not_is_answered_with_those_that_there_are(
    gate: Gate, name: str
) -> None:
    result = gate("check", "--sandbox", "--wait", "0", "--format", "json", name)
    message = result.image["message"]
    assert 3 == result.code
    assert f"The sandbox has no {name.partition('/')[2]}. It has shop/api:2.0, " in message
    assert "shop/multi:1.0" in message
    assert "docker.io has" not in message
