from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gate.credentials.job_token import GitHubToken, VariableToken, find_job_token
from gate.errors import NoCredentials
from tests.rigs.cloud import web_token

if TYPE_CHECKING:
    from gate.http import HttpRequest

URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
BEARER = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"


class FakeSender:
    """A sender that keeps the request and reads no answer: it has its own."""

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []

    async def ask(self, request: HttpRequest, read: Any) -> Any:  # noqa: ARG002 - see above
        self.requests.append(request)
        return "a token"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://a.example/t?v=2", "https://a.example/t?v=2&audience=sts.aliyuncs.com"),
        ("https://a.example/t", "https://a.example/t?audience=sts.aliyuncs.com"),
    ],
)
async def test_github_is_asked_for_a_token_for_alibaba_clouds_service(url: str, asked: str) -> None:
    sender: Any = FakeSender()
    assert "a token" == await GitHubToken(url, "sesame").get(sender)
    [request] = sender.requests
    assert ("GET", asked, None) == (request.method, request.url, request.form)
    assert {"Authorization": "Bearer sesame"} == request.headers
    assert "sesame" not in f"{request!r} {GitHubToken(url, 'sesame')!r}"


@pytest.mark.anyio
async def test_a_token_in_a_variable_is_the_token() -> None:
    token = web_token()
    source = find_job_token({"BUILDRISK_GATE_OIDC_TOKEN": token})
    assert VariableToken(token) == source
    sender: Any = FakeSender()
    assert token == await source.get(sender)
    assert token not in repr(source)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8/t", "http://[::1]/t", "http://localhost/t", "HTTPS://a.example/t"]
)
def test_plain_http_is_for_loopback_only(url: str) -> None:
    assert isinstance(find_job_token({URL: url, BEARER: "b"}), GitHubToken)


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/sesame",
        "ftp://a.example/sesame",
        "https:///sesame",
        "//a.example/sesame",
        "sesame",
        "https://a.example:port/sesame",
        "https://[::1/sesame",
        "https://user:sesame@a.example/",
        "https://a.example/#sesame",
        "https://a.example/ses ame",
        "https://a.example/sesamé",
        "http://127.0.0.1.example/sesame",
    ],
)
def test_the_bearer_is_sent_to_no_other_url(url: str) -> None:
    with pytest.raises(NoCredentials, match=URL) as caught:
        find_job_token({URL: url, BEARER: "b"})
    assert "sesam" not in str(caught.value)


@pytest.mark.parametrize("bearer", ["ses ame", "ses\name", "sesamé"])
def test_a_bearer_that_fits_no_header_is_refused(bearer: str) -> None:
    with pytest.raises(NoCredentials, match=BEARER) as caught:
        find_job_token({URL: "https://a.example/t", BEARER: bearer})
    assert "ses" not in caught.value.message


@pytest.mark.parametrize(
    ("environment", "remedy"),
    [({"GITLAB_CI": "true"}, "id_tokens"), ({}, "the token that your CI system gives")],
)
@pytest.mark.parametrize("text", ["sesame", "$BUILDRISK_TOKEN", "a.b.c.sesame", "a." * 9999 + "c"])
def test_a_variable_without_a_token_is_told(
    environment: dict[str, str], remedy: str, text: str
) -> None:
    with pytest.raises(NoCredentials, match="holds no token") as caught:
        find_job_token(environment | {"BUILDRISK_GATE_OIDC_TOKEN": text})
    assert "sesame" not in str(caught.value)
    assert remedy in caught.value.remedy
