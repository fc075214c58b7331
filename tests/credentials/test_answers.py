"""What GitHub's and Alibaba Cloud's token services answer, by status."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.credentials import Credentials
from gate.credentials.job_token import TokenAnswer, read_github_token
from gate.credentials.role import Session, SessionKey, read_session
from gate.errors import AnswerUnreadable, GateError, NoCredentials, ServiceUnreachable
from gate.http import HttpResponse, Trouble
from tests.rigs.cloud import ROLE, web_token

if TYPE_CHECKING:
    from collections.abc import Callable

HTML = {"Content-Type": "text/html; charset=utf-8"}
JSON = {"Content-Type": "application/json", "Date": "Sun, 01 Mar 2026 12:00:00 GMT"}
GIVEN = {
    "AccessKeyId": "STS.id",
    "AccessKeySecret": "sesame-secret",
    "SecurityToken": "sesame-token",
    "Expiration": "2026-03-01T13:00:00Z",
}
CLAIMS = "oidc:sub repo:a/b"


def said(status: int, body: Any, headers: dict[str, str] = JSON) -> HttpResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpResponse("It", status, headers, content)


def role(answer: HttpResponse) -> Session | Trouble:
    return read_session(answer, ROLE, CLAIMS)


def trouble(read: Callable[[HttpResponse], object], answer: HttpResponse) -> Trouble:
    outcome = read(answer)
    assert isinstance(outcome, Trouble)
    return outcome


def refused(answer: HttpResponse) -> NoCredentials:
    with pytest.raises(NoCredentials) as caught:
        role(answer)
    return caught.value


BOTH = pytest.mark.parametrize("read", [read_github_token, role], ids=["github", "sts"])


def test_200_a_token() -> None:
    token = web_token()
    assert token == read_github_token(said(200, {"count": 1, "value": token}))


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_40x_github_gives_no_token(status: int) -> None:
    with pytest.raises(NoCredentials, match=rf"status {status}") as caught:
        read_github_token(said(status, {"message": "sesame"}))
    assert "id-token: write" in caught.value.remedy
    assert "sesame" not in str(caught.value)


def test_200_a_session() -> None:
    assert Session(
        Credentials("STS.id", "sesame-secret", "sesame-token"),
        datetime(2026, 3, 1, 13, tzinfo=UTC),
        "Sun, 01 Mar 2026 12:00:00 GMT",
    ) == role(said(200, {"RequestId": "R-1", "Credentials": GIVEN}))


def test_a_session_shows_nothing_of_itself() -> None:
    answer = said(200, {"Credentials": GIVEN})
    key = msgspec.convert(GIVEN, SessionKey)
    assert "sesame" not in f"{role(answer)!r} {answer!r} {key!r} {TokenAnswer('sesame')!r}"


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("AuthenticationFail.OIDCToken.Expired", "has expired"),
        ("AuthenticationFail.OIDCToken.AudienceNotMatch", "client IDs"),
        ("AuthenticationFail.NoPermission", "oidc:sub"),
        ("NoPermission", "oidc:sub"),
        ("EntityNotExist.Role", "ALIBABA_CLOUD_ROLE_ARN"),
        ("EntityNotExist.OIDCProvider", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN"),
        ("InvalidParameter.RoleSessionName", "ALIBABA_CLOUD_ROLE_SESSION_NAME"),
        ("InvalidParameter.RoleArn", "ALIBABA_CLOUD_ROLE_ARN"),
        ("SomethingNew", "trust policy"),
    ],
)
@pytest.mark.parametrize("status", [400, 403, 404])
def test_40x_a_refusal_names_its_code_the_role_and_what_to_do(
    code: str, remedy: str, status: int
) -> None:
    body = {"Code": code, "Message": "sesame", "RequestId": "R-1"}
    refusal = refused(said(status, body))
    assert f"({code}, request R-1)" in refusal.message
    assert ROLE in refusal.message
    assert "The token says: oidc:sub repo:a/b." in refusal.message
    assert remedy in refusal.remedy
    assert "sesame" not in str(refusal)


def test_40x_a_refusal_of_a_token_without_claims_tells_none() -> None:
    with pytest.raises(NoCredentials) as caught:
        read_session(said(400, {"Code": "NoPermission"}), ROLE, "")
    assert caught.value.message.endswith("(NoPermission, request unnamed).")


def test_40x_a_code_is_shown_as_a_word() -> None:
    assert "(a??b, request unnamed)" in refused(said(400, {"Code": "a\x1b\nb"})).message


@pytest.mark.parametrize("status", [400, 429])
def test_40x_throttling_may_pass(status: int) -> None:
    outcome = trouble(role, said(status, {"Code": "Throttling.User"}))
    assert outcome.error is None


@BOTH
@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("headers", [HTML, JSON], ids=["page", "json"])
def test_what_may_pass_is_tried_until_the_deadline(
    read: Callable[[HttpResponse], object], status: int, headers: dict[str, str]
) -> None:
    outcome = trouble(read, said(status, b"<html>", headers))
    assert (f"status {status}", None) == (outcome.what, outcome.error)


@BOTH
@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (403, b"<html>Blocked</html>", HTML),
        (403, b" <!doctype html>", {}),
        (200, b"<html>Log in</html>", HTML),
        (302, b"", {}),
        (407, b"", {}),
    ],
)
def test_a_page_of_a_proxy_is_no_refusal(
    read: Callable[[HttpResponse], object], status: int, body: bytes, headers: dict[str, str]
) -> None:
    outcome = trouble(read, said(status, body, headers))
    assert isinstance(outcome.error, ServiceUnreachable)
    assert f"status {status}" in outcome.error.message
    assert "HTTPS_PROXY" in outcome.error.remedy


def test_204_is_neither_a_session_nor_a_refusal() -> None:
    assert isinstance(trouble(role, said(204, {"Code": "NoPermission"})).error, ServiceUnreachable)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"error": "blocked"}', b"[]", b'{"Code": 4}'])
def test_403_without_a_code_is_not_the_token_services(body: bytes) -> None:
    assert isinstance(trouble(role, said(403, body)).error, ServiceUnreachable)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"value": 4}', b'{"value": "x"}', b"\xff", b"[" * 99999]
)
def test_200_without_a_token_can_not_be_read(body: bytes) -> None:
    assert isinstance(trouble(read_github_token, said(200, body)).error, AnswerUnreadable)


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        {},
        {"Credentials": None},
        {"Credentials": GIVEN | {"AccessKeyId": 4}},
        {"Credentials": GIVEN | {"Expiration": "2026-03-01T13:00:00"}},
        {"Credentials": GIVEN | {"Expiration": "sesame"}},
        {"Credentials": {"AccessKeyId": "STS.id"}},
    ],
)
def test_200_without_credentials_can_not_be_read(body: Any) -> None:
    error = trouble(role, said(200, body)).error
    assert isinstance(error, AnswerUnreadable)
    assert "sesame" not in str(error)


@BOTH
@settings(max_examples=100, deadline=None)
@given(
    status=st.sampled_from([200, 204, 302, 400, 401, 403, 404, 407, 429, 500]),
    body=st.binary(max_size=60)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: st.dictionaries(
            st.sampled_from(["Code", "Credentials", "value", *GIVEN]), inner, max_size=4
        ),
        max_leaves=6,
    ).map(lambda value: json.dumps(value).encode()),
)
def test_any_answer_is_read_or_told(
    read: Callable[[HttpResponse], object], status: int, body: bytes
) -> None:
    try:
        assert read(said(status, body)) is not None
    except GateError:
        assert status >= 400
