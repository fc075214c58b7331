"""Whatever bytes arrive, each decoder reads them or raises an error of the gate's tree.

The decoders of tokens, digests, manifests and of the policy's text have such tests beside their
own (tests/credentials, tests/registry, tests/policy); here are whole answers, by operation, and
files.
"""

from __future__ import annotations

import inspect
import json
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from yarl import URL

from gate.audit import compared, read_earlier
from gate.cases import open_cases
from gate.cli.images import read_images
from gate.errors import (
    AnswerUnreadable,
    GateError,
    InvalidCases,
    InvalidPolicy,
    ServiceError,
    UsageError,
)
from gate.http import HttpResponse, Proxy, Trouble, proxy_for
from gate.policy import load_policies
from gate.registry.docker_config import DockerConfig, find_credential, find_helper, read_config
from gate.registry.logins import Logins
from gate.security_center.error_codes import judge
from gate.security_center.operations import Operation, Operations
from tests.report.verdicts import run, scanned
from tests.steadiness.hostile import bytes_like, encoded, json_trees, outcome, spoiled

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

HOST = "registry.cn-hangzhou.aliyuncs.com"
DIGEST = "sha256:" + "5" * 64
HEADERS = {"Content-Type": "application/json", "x-acs-retry-after": "soon"}
INFO = {"CurrentPage": 1, "PageSize": 20, "TotalCount": 1}
ROW = {
    "Uuid": "u",
    "RiskKey": "no_user",
    "RepoId": "r",
    "Id": 7,
    "ItemKey": "other",
    "RegionId": "cn-hangzhou",
    "Status": 1,
    "RiskLevel": "high",
    "LayerCmd": "ENV A_TOKEN=b",
    "LastScanTime": 1723710828000,
    "ImageUpdate": "1723710828000",
    "ScaStatus": "SUCCESS",
}
TREE = [{"ClassKey": "other", "RuleList": [{"RuleKey": "no_user", "Selected": True}]}]
# Good for every operation: each reads its own part.
VALID = {
    "Success": True,
    "Code": "200",
    "RequestId": "R-1",
    "Data": {"List": [ROW], "PageInfo": INFO, "RuleTree": TREE, "CanCreate": True},
    "ImageInstanceList": [ROW | {"Status": "new"}],
    "ImageRepoResponses": [ROW],
    "PageInfo": INFO,
    "Task": [{"TaskId": "t", "FinishTime": 1723710828000}],
    "AccountId": "1",
}
OPERATIONS = [
    name
    for name, method in inspect.getmembers(Operations, inspect.iscoroutinefunction)
    if name.startswith(("describe_", "get_", "public_"))
]
REQUIRED: Mapping[str, object] = {"digest": "5" * 64, "images": [], "image_uuid": "u"}


class Answered(Operations):
    """The operations, of a Security Center that always gives one answer."""

    lang = "en"

    def __init__(self, status: int, body: bytes) -> None:
        self._answer = status, body

    async def _ask(self, operation: Operation[T], **_: str | int | None) -> Any:
        status, body = self._answer
        judged: Any = judge(operation, status, HEADERS, body)
        return judged if isinstance(judged, Trouble) else operation.read(judged)


def ask(operation: str, status: int, body: bytes) -> object:
    """Return what an operation makes of an answer, the trouble that it is, or its error."""
    method = getattr(Answered(status, body), operation)
    wanted = inspect.signature(method).parameters
    given_ = {name: value for name, value in REQUIRED.items() if name in wanted}

    async def asked() -> object:
        return await method(**given_)

    return outcome(lambda: anyio.run(asked), GateError)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_valid_answer_is_read(operation: str) -> None:
    read = ask(operation, 200, encoded(VALID))
    assert not isinstance(read, Trouble | GateError), read


@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("operation", OPERATIONS)
@given(
    body=bytes_like(VALID) | spoiled(VALID).map(encoded),
    status=st.sampled_from([200, 200, 200, 201, 302, 400, 403, 407, 429, 500, 503]),
)
def test_any_answer_to_an_operation_is_read_or_told(
    operation: str, status: int, body: bytes
) -> None:
    read = ask(operation, status, body)
    if isinstance(read, GateError):
        assert read.message
        assert read.remedy
        assert read.message.isprintable() or status != 200


class OneToken:
    """A connection to a registry whose token service always gives one answer."""

    def __init__(self, status: int, body: bytes) -> None:
        self._answer = HttpResponse("It", status, {}, body)

    def remaining(self) -> float:
        return 10.0

    async def ask(self, *_: object, **__: object) -> HttpResponse:
        return self._answer


@settings(max_examples=60, deadline=None)
@given(
    body=bytes_like({"token": "eyJ.a.b", "access_token": "c", "expires_in": 300}),
    status=st.sampled_from([200, 401, 404]),
)
def test_any_token_of_a_registry_is_used_or_told(status: int, body: bytes) -> None:
    logins = Logins(OneToken(status, body), {})  # type: ignore[arg-type]
    challenge = f'Bearer realm="https://{HOST}/token",service="s"'

    async def authorized() -> str:
        return await logins.authorize(HOST, URL(f"https://{HOST}"), "shop/web", (challenge,))

    told: Any = outcome(lambda: anyio.run(authorized), ServiceError)
    assert isinstance(told, ServiceError) or told.removeprefix("Bearer ").isprintable()


@settings(max_examples=60, deadline=None)
@given(
    bytes_like(
        {
            "auths": {HOST: {"auth": "dTpw", "username": "u", "identitytoken": ""}},
            "credHelpers": {"other.example": "store"},
            "credsStore": "",
        }
    )
)
def test_any_configuration_of_docker_is_read_or_told(data: bytes) -> None:
    config = outcome(lambda: read_config(data, Path("config.json")), ServiceError)
    if isinstance(config, DockerConfig):
        for host in (HOST, "other.example"):
            outcome(partial(find_helper, config, host), ServiceError)
            outcome(partial(find_credential, config, host), ServiceError)


@settings(max_examples=100, deadline=None)
@given(
    bytes_like({"containerimage.digest": DIGEST, "web": {"containerimage.digest": DIGEST}})
    | st.binary(max_size=20).map(lambda odd: f"{HOST}/shop/web@{DIGEST}\n".encode() + odd)
)
def test_any_metadata_file_tells_a_digest_or_is_wrong_usage(data: bytes) -> None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return  # the command line refuses it before
    told = outcome(
        lambda: read_images([f"{HOST}/shop/web:1"], (), digest=None, metadata=("m.json", text)),
        UsageError,
    )
    if isinstance(told, tuple):
        assert (told[0].digest or "").startswith("sha256:")
    else:
        str(told).encode()


REPORT = {
    "version": 1,
    "generated_at": "2026-03-01T12:00:00Z",
    "images": [
        {
            "reference": f"{HOST}/shop/web:1",
            "verdict": "block",
            "image": {"namespace": "shop", "repository": "web", "tag": "1"},
            "findings": [{"risk": "no_user", "decision": "block"}],
        }
    ],
}


@settings(max_examples=100, deadline=None)
@given(bytes_like(REPORT))
def test_any_earlier_report_is_compared_or_is_wrong_usage(data: bytes) -> None:
    earlier: Any = outcome(lambda: read_earlier("before.json", data), UsageError)
    if not isinstance(earlier, UsageError):
        assert compared(run(scanned()), earlier).notes


POLICIES = [
    YAML(typ="safe", pure=True).load(path)
    for path in sorted((Path(__file__).parents[2] / "policies").glob("*.yaml"))
]
CASES = [content for content in POLICIES if "images" in content]


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(POLICIES).flatmap(spoiled) | json_trees)
def test_any_policy_is_valid_or_invalid(tmp_path: Path, policy: object) -> None:
    (tmp_path / "p.yaml").write_text(json.dumps(policy, default=str), encoding="utf-8")
    loaded = outcome(
        lambda: load_policies(["p.yaml"], directory=tmp_path, today=date(2026, 3, 1)),
        InvalidPolicy,
    )
    if isinstance(loaded, InvalidPolicy):
        assert all(line.startswith("p.yaml:") for line in loaded.message.splitlines())


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(CASES).flatmap(spoiled) | json_trees)
def test_any_case_file_is_valid_or_invalid(tmp_path: Path, content: object) -> None:
    (tmp_path / "c.yaml").write_text(json.dumps(content, default=str), encoding="utf-8")
    read: Any = outcome(
        lambda: list(open_cases("c.yaml", directory=tmp_path).images()), InvalidCases
    )
    if isinstance(read, InvalidCases):
        assert all(line.startswith("c.yaml:") for line in read.message.splitlines())


@settings(max_examples=100, deadline=None)
@given(
    st.text(max_size=30)
    | st.sampled_from(
        [
            *("http://u:p@[::1", "http://h:99999", "http://a b", "http://h:-1", "//", "http://"),
            *(
                "socks5://h:1",
                "h:3128",
                "http://\udcff:p\udcff@h",
                "http://u%ff:p%@h",
                "[",
                "http:",
            ),
        ]
    )
)
def test_any_proxy_is_used_or_told(text: str) -> None:
    told = outcome(lambda: proxy_for(URL("https://h"), {"HTTPS_PROXY": text}), GateError)
    assert told is None or isinstance(told, Proxy | GateError)


def test_an_answer_that_is_one_huge_number_is_told() -> None:
    read = ask("describe_image_instances", 200, b"1" * 10_000)
    assert isinstance(read, Trouble)
    assert isinstance(read.error, AnswerUnreadable)
