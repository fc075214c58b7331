from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from alibabacloud_tea_openapi.utils import Utils  # type: ignore[import-untyped]
from darabonba.request import DaraRequest  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.sandbox import Sandbox, World
from gate.sandbox.parameters import Refusal
from gate.sandbox.signature import ALGORITHM, Authenticator, Keys, WireRequest, decoded_pairs, sign

if TYPE_CHECKING:
    from tests.sandbox.conftest import Asker, HandClock

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
NOW = datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC)
EXAMPLE = WireRequest(
    "POST",
    "/?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai",
    {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": EMPTY,
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
        "authorization": f"{ALGORITHM} Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;"
        "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
    },
    b"",
)
KEYS = Keys("YourAccessKeyId", "YourAccessKeySecret", None)


def test_the_published_example_is_admitted() -> None:
    Authenticator().admit(EXAMPLE, KEYS, NOW)


@given(
    query=st.dictionaries(
        st.text("abcXYZ.", min_size=1), st.text(min_size=1, max_size=20), max_size=4
    ),
    token=st.text("abc/+=", max_size=10),
)
@settings(max_examples=60, deadline=None)
def test_what_the_official_implementation_signs_and_sends_is_admitted(
    query: dict[str, str], token: str
) -> None:
    headers = {
        "host": "tds.cn-shanghai.aliyuncs.com",
        "x-acs-action": "DescribeImageInstances",
        "x-acs-content-sha256": EMPTY,
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "n",
        "x-acs-version": "2018-12-03",
        "accept": "application/json",
        **({"x-acs-security-token": token} if token else {}),
    }
    request = DaraRequest()
    request.method, request.pathname, request.query, request.headers = "POST", "/", query, headers
    authorization = Utils.get_authorization(request, ALGORITHM, EMPTY, KEYS.id, KEYS.secret)
    arrived = WireRequest(
        "POST", f"/?{urlencode(query)}", {**headers, "authorization": authorization}, b""
    )
    Authenticator().admit(arrived, Keys(KEYS.id, KEYS.secret, token or None), NOW)


def test_a_plus_that_was_not_encoded_is_a_space() -> None:
    assert decoded_pairs("a=1+2&b=1%2B2&&c") == [(b"a", b"1 2"), (b"b", b"1+2"), (b"c", b"")]


def test_secrets_are_not_in_a_repr() -> None:
    assert "Secret" not in repr(Keys("id", "Secret", "SecretToken"))


def _signed(changes: dict[str, str], signed: str | None = None) -> WireRequest:
    headers = {**EXAMPLE.headers, **changes}
    names = [name for name in headers if name != "authorization"]
    arrived = WireRequest("POST", EXAMPLE.target, headers, b"")
    signature = sign(arrived, sorted(names), KEYS.secret)
    headers["authorization"] = (
        f"{ALGORITHM} Credential={KEYS.id},SignedHeaders={signed or ';'.join(sorted(names))},"
        f"Signature={signature}"
    )
    return arrived


@pytest.mark.parametrize(
    ("arrived", "code"),
    [
        (WireRequest("POST", "/", {}, b""), "IncompleteSignature"),
        (_signed({}, signed="host;x-acs-action"), "IncompleteSignature"),
        (_signed({"x-acs-content-sha256": "0" * 64}), "SignatureDoesNotMatch"),
        (_signed({"x-acs-date": "yesterday"}), "InvalidTimeStamp.Format"),
        (_signed({"x-acs-date": "2023-10-26T10:22:32+00:00"}), "InvalidTimeStamp.Format"),
        (_signed({"x-acs-security-token": "unasked"}), "InvalidSecurityToken.Malformed"),
        (
            WireRequest("POST", "/?another=query", EXAMPLE.headers, b""),
            "SignatureDoesNotMatch",
        ),
        (WireRequest("POST", EXAMPLE.target, EXAMPLE.headers, b"body"), "SignatureDoesNotMatch"),
        (WireRequest("GET", EXAMPLE.target, EXAMPLE.headers, b""), "SignatureDoesNotMatch"),
    ],
)
def test_what_is_not_signed_as_described_is_refused(arrived: WireRequest, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        Authenticator().admit(arrived, KEYS, NOW)
    assert code == refused.value.code


@pytest.mark.parametrize("seconds", [-901, 901])
def test_a_date_that_is_over_fifteen_minutes_off_is_refused(seconds: int) -> None:
    with pytest.raises(Refusal) as refused:
        Authenticator().admit(EXAMPLE, KEYS, NOW + timedelta(seconds=seconds))
    assert (refused.value.status, refused.value.code) == (400, "InvalidTimeStamp.Expired")


@pytest.mark.parametrize("seconds", [-900, 900])
def test_a_date_that_is_fifteen_minutes_off_is_accepted(seconds: int) -> None:
    Authenticator().admit(EXAMPLE, KEYS, NOW + timedelta(seconds=seconds))


def test_nonces_are_remembered_as_long_as_their_date_counts() -> None:
    authenticator = Authenticator()
    authenticator.admit(EXAMPLE, KEYS, NOW - timedelta(minutes=15))
    with pytest.raises(Refusal) as refused:
        authenticator.admit(EXAMPLE, KEYS, NOW + timedelta(minutes=15))
    assert refused.value.code == "SignatureNonceUsed"
    later = _signed({"x-acs-date": "2023-10-26T11:22:32Z"})
    authenticator.admit(later, KEYS, NOW + timedelta(hours=1))


@pytest.mark.anyio
async def test_refusals_arrive_as_documented(ask: Asker, clock: HandClock) -> None:
    async with Sandbox(World(), now=clock) as sandbox:
        unknown_key = f"{ALGORITHM} Credential=nobody,SignedHeaders="
        signed = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;"
        ask.changed = {"Authorization": f"{unknown_key}{signed}x-acs-version,Signature={'0' * 64}"}
        refused = await ask(sandbox, "GetCallerIdentity")
        assert (refused.status, refused.json["Code"]) == (404, "InvalidAccessKeyId.NotFound")
        assert refused.json.keys() == {"RequestId", "HostId", "Code", "Message", "Recommend"}
        ask.changed = {}
        ask.headers = {"x-acs-date": "2026-03-01T12:15:01Z"}
        late = await ask(sandbox, "X")
        assert (late.status, late.json["Code"]) == (400, "InvalidTimeStamp.Expired")
        assert late.headers["Date"] == "Sun, 01 Mar 2026 12:00:00 GMT"
        ask.headers = {"x-acs-signature-nonce": "once"}
        assert (await ask(sandbox, "ListImageBuildRiskItem")).status == 200
        twice = await ask(sandbox, "ListImageBuildRiskItem")
        assert twice.json["Code"] == "SignatureNonceUsed"
        ask.headers = {}
        ask.version = "2015-04-01"
        wrong_version = await ask(sandbox, "ListImageBuildRiskItem")
        assert (
            wrong_version.status,
            wrong_version.json["Code"],
        ) == (404, "InvalidAction.NotFound")
