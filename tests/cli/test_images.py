from __future__ import annotations

import json
from pathlib import Path
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


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "list.txt is empty."),
        ("\n \n", "list.txt is empty."),
        ("# none yet\n", "list.txt names no image."),
        (f"# two\n{NAME}\n\n  nope\n", "list.txt:4: 'nope' names no registry host."),
    ],
)
def test_a_list_that_is_wrong_is_named_with_the_line(gate: Gate, text: str, sentence: str) -> None:
    Path("list.txt").write_text(text)
    result = gate("check", "--images-from", "list.txt")
    assert (2, f"error: {sentence}") == (result.code, result.err.splitlines()[0])


def test_a_folder_is_not_a_deployment_file(gate: Gate) -> None:
    Path("deploy").mkdir()
    result = gate("manifests", "--sandbox", "deploy/")
    assert 2 == result.code
    assert "deploy/ is a folder." in result.err
    assert "deploy/*.yaml" in result.err
