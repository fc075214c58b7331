from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import parse_qsl

from alibabacloud_tea_openapi.utils import Utils  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.credentials import Credentials
from gate.security_center.signing import (
    EMPTY_BODY,
    authorization,
    canonical_query,
    request_headers,
)

WHEN = datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAMES = st.text(st.sampled_from("ABCZabcz019._-"), min_size=1, max_size=12)
TOKENS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


def test_the_published_example_has_its_published_signature() -> None:
    query = canonical_query(
        {
            "RegionId": "cn-shanghai",
            "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
        }
    )
    headers = request_headers(
        host="ecs.cn-shanghai.aliyuncs.com",
        action="RunInstances",
        version="2014-05-26",
        date=WHEN,
        nonce="3156853299f313e23d1673dc12e1703d",
    )
    keys = Credentials("YourAccessKeyId", "YourAccessKeySecret")
    assert authorization(query, headers, keys) == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;"
        "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(NAMES, TEXT, max_size=6),
    st.dictionaries(NAMES.map(lambda name: f"x-acs-{name}".lower()), TEXT, max_size=4),
    TOKENS,
    TOKENS,
    st.none() | TOKENS,
    TEXT,
)
def test_every_signature_equals_the_official_one(  # noqa: PLR0913, PLR0917 - generated parts
    query: dict[str, str],
    more: dict[str, str],
    key_id: str,
    secret: str,
    token: str | None,
    action: str,
) -> None:
    headers = request_headers(
        host="tds.cn-shanghai.aliyuncs.com",
        action=action,
        version="2018-12-03",
        date=WHEN,
        nonce="n",
        security_token=token,
        access_key_id=key_id,
    )
    headers = more | headers
    official = Utils.get_authorization(
        SimpleNamespace(method="POST", pathname="/", query=query, headers=headers),
        "ACS3-HMAC-SHA256",
        EMPTY_BODY,
        key_id,
        secret,
    )
    keys = Credentials(key_id, secret, token)
    assert official == authorization(canonical_query(query), headers, keys)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(TEXT.filter(bool), TEXT.filter(bool), max_size=6))
def test_a_query_reads_back_as_what_was_told(query: dict[str, str]) -> None:
    written = canonical_query(query)
    assert written.isascii()
    assert query == dict(parse_qsl(written, keep_blank_values=True))
    assert not set(written) & set(" +/:\"'<>")


def test_a_token_goes_with_its_key_id_and_is_signed() -> None:
    headers = request_headers(
        host="h",
        action="A",
        version="v",
        date=WHEN,
        nonce="n",
        security_token="t",
        access_key_id="i",
    )
    assert (headers["x-acs-security-token"], headers["x-acs-accesskey-id"]) == ("t", "i")
    assert "x-acs-security-token" in authorization("", headers, Credentials("i", "s", "t"))
    assert headers["x-acs-date"] == "2023-10-26T10:22:32Z"
