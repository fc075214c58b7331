from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from gate.registry.challenge import Challenge, parse_challenges, trusted_realm

BEARER = (
    'Bearer realm="https://auth.example.com/token",service="r",scope="repository:a/b:pull,push"'
)
PARAMETERS = {
    "realm": "https://auth.example.com/token",
    "service": "r",
    "scope": "repository:a/b:pull,push",
}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], []),
        ([""], []),
        ([", ,"], []),
        ([BEARER], [Challenge("bearer", PARAMETERS)]),
        (['Bearer  realm = "x" ,\tb\t=y'], [Challenge("bearer", {"realm": "x", "b": "y"})]),
        (["Basic"], [Challenge("basic")]),
        (["Basic realm=plain"], [Challenge("basic", {"realm": "plain"})]),
        (['BASIC REALM="a \\"b\\" \\\\"'], [Challenge("basic", {"realm": 'a "b" \\'})]),
        (['Basic realm=""'], [Challenge("basic", {"realm": ""})]),
        (["Negotiate"], [Challenge("negotiate")]),
        (["Negotiate abc=="], [Challenge("negotiate")]),
        (["NTLM, Basic realm=x"], [Challenge("ntlm"), Challenge("basic", {"realm": "x"})]),
        (
            [f'Basic realm="x, y", {BEARER}'],
            [Challenge("basic", {"realm": "x, y"}), Challenge("bearer", PARAMETERS)],
        ),
        ([BEARER, "Basic"], [Challenge("bearer", PARAMETERS), Challenge("basic")]),
        (["Basic realm=a, realm=b"], [Challenge("basic", {"realm": "a"})]),
        (['Basic realm="open'], [Challenge("basic")]),
        (['Basic realm="open', BEARER], [Challenge("basic"), Challenge("bearer", PARAMETERS)]),
        (['realm="nobody\'s"'], []),
        (["Basic " + "a" * 9000, BEARER], [Challenge("bearer", PARAMETERS)]),
        (["A," * 100], [Challenge("a")] * 16),
    ],
)
def test_challenges_are_read_in_order(headers: list[str], expected: list[Challenge]) -> None:
    assert expected == list(parse_challenges(headers))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=200), st.text('Bearer ="\\,a\t', max_size=200))))
def test_any_header_is_read_without_an_error(headers: list[str]) -> None:
    for challenge in parse_challenges(headers):
        assert challenge.scheme


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=100))
def test_a_quoted_value_comes_back_whole(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    parsed = parse_challenges([f'Basic a="1", realm="{quoted}", b=2'])
    assert [Challenge("basic", {"a": "1", "realm": value, "b": "2"})] == list(parsed)


@pytest.mark.parametrize(
    "header", ['Basic a="' + "\\" * 8000, "a=" * 4000, "\t" * 8000, "a " * 4000]
)
def test_a_hostile_header_costs_little(header: str) -> None:
    """A pattern that backtracks would not come back from these within the test's patience."""
    assert len(parse_challenges([header])) <= 16


ACR = "https://registry.cn-hangzhou.aliyuncs.com"
HARBOR = "https://harbor.example.com"
LOOPBACK = "http://127.0.0.1:5000"


@pytest.mark.parametrize(
    ("registry", "realm"),
    [
        (ACR, "https://dockerauth.cn-hangzhou.aliyuncs.com/auth"),
        (ACR, "https://dockerauth-vpc.cn-hangzhou.aliyuncs.com/auth"),
        (HARBOR, "https://dockerauth-ee.cn-hangzhou.aliyuncs.com/auth"),
        (HARBOR, "https://harbor.example.com/service/token"),
        (HARBOR, "https://HARBOR.example.com:8443/service/token"),
        (HARBOR, "https://auth.example.com/token?a=b"),
        (HARBOR, "https://a.b.example.com/token"),
        ("https://r.shop.co.uk", "https://auth.shop.co.uk/token"),
        ("https://10.0.0.1:5000", "https://10.0.0.1/token"),
        ("https://[fd00::1]", "https://[fd00::1]:8443/token"),
        ("https://registry", "https://registry/token"),
        (LOOPBACK, "http://127.0.0.1:6000/token"),
        (LOOPBACK, "http://localhost:6000/token"),
        (LOOPBACK, "https://[::1]:6000/token"),
    ],
)
def test_a_realm_of_the_same_owner_is_trusted(registry: str, realm: str) -> None:
    assert URL(realm) == trusted_realm(realm, URL(registry))


@pytest.mark.parametrize(
    ("registry", "realm"),
    [
        (HARBOR, ""),
        (HARBOR, "/token"),
        (HARBOR, "http://harbor.example.com/token"),
        (HARBOR, "ftp://harbor.example.com/token"),
        (HARBOR, "https://example.org/token"),
        (HARBOR, "https://evilexample.com/token"),
        (HARBOR, "https://example.com.evil.org/token"),
        (HARBOR, "https://user:secret@harbor.example.com/token"),
        (HARBOR, "https://harbor.example.com/token#a"),
        (HARBOR, "https://harbor.example.com:99999/token"),
        (HARBOR, "https://[harbor.example.com/token"),
        (HARBOR, "https://127.0.0.1/token"),
        (HARBOR, "http://127.0.0.1/token"),
        (HARBOR, "https://registry.cn-hangzhou.aliyuncs.com/token"),
        (HARBOR, "https://evil-dockerauth.cn-hangzhou.aliyuncs.com/auth"),
        (HARBOR, "https://dockerauth.evil.oss-cn-hangzhou.aliyuncs.com/auth"),
        ("https://r.shop.co.uk", "https://evil.co.uk/token"),
        ("https://r.shop.com.cn", "https://evil.com.cn/token"),
        ("https://10.0.0.1", "https://11.0.0.1/token"),
        ("https://[fd00::1]", "https://[fd00::2]/token"),
        ("https://registry", "https://auth/token"),
        (LOOPBACK, "http://auth.example.com/token"),
        (LOOPBACK, "https://auth.example.com/token"),
        (LOOPBACK, "ftp://127.0.0.1/token"),
    ],
)
def test_a_realm_of_another_owner_learns_nothing(registry: str, realm: str) -> None:
    assert trusted_realm(realm, URL(registry)) is None


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.sampled_from([ACR, HARBOR, LOOPBACK]))
def test_any_realm_is_judged_without_an_error(realm: str, registry: str) -> None:
    trusted_realm(realm, URL(registry))
    trusted_realm(f"https://{realm}", URL(registry))
