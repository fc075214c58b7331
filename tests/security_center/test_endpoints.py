from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import UsageError
from gate.security_center import endpoint_for, parse_endpoint
from gate.security_center.endpoints import authority_of, url_of

CHINA = "tds.cn-shanghai.aliyuncs.com"
REST = "tds.ap-southeast-1.aliyuncs.com"


@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("cn-hangzhou", CHINA),
        ("cn-hongkong", CHINA),
        ("cn-shanghai-finance-1", CHINA),
        ("cn-north-2-gov-1", CHINA),
        ("ap-southeast-1", REST),
        ("eu-central-1", REST),
        ("us-west-1", REST),
        ("me-east-1", REST),
    ],
)
def test_a_region_has_its_endpoint(region: str, endpoint: str) -> None:
    assert endpoint == endpoint_for(region)


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        (CHINA, CHINA),
        (f" {CHINA}\n", CHINA),
        (f"https://{CHINA}/", CHINA),
        ("https://TDS.example.com:443", "tds.example.com"),
        ("tds.example.com:8443", "tds.example.com:8443"),
        ("HTTP://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://localhost:80/", "http://localhost"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://[::1]", "[::1]"),
        ("10.0.0.1", "10.0.0.1"),
    ],
)
def test_a_host_or_url_is_an_endpoint_in_one_way_of_writing(text: str, endpoint: str) -> None:
    assert endpoint == parse_endpoint(text)
    assert endpoint == parse_endpoint(endpoint)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://",
        "http://tds.cn-shanghai.aliyuncs.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1@example.com",
        "http://127.0.0.1%2eexample.com",
        "http://2130706433",
        "http://[::ffff:1.2.3.4]",
        "http://[::1%lo]",
        "http://0.0.0.0",
        "https://user:sesame@tds.example.com",
        "https://tds.example.com/path",
        "https://tds.example.com?x=1",
        "https://tds.example.com?",
        "https://tds.example.com#f",
        "https://tds.example.com\\@127.0.0.1",
        "ftp://tds.example.com",
        "2130706433",
        "999.1.1.1",
        "tds.example.1.",
        "https://tds.example.com:0",
        "https://tds.example.com:99999",
        "https://tds.example.com:x",
        "https://[::1",
        "tds example.com",
        "tds.ex\nample.com",
        "tds.exämple.com",
        "-tds.example.com",
        f"{'a' * 64}.example.com",
        f"{'a.' * 130}com",
        "::1",
    ],
)
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_endpoint(text)
    assert "sesame" not in str(caught.value)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40) | st.text("htps:/@[]%.1270#?", max_size=30))
def test_any_text_is_an_endpoint_or_refused(text: str) -> None:
    try:
        endpoint = parse_endpoint(text)
    except UsageError:
        return
    assert endpoint == parse_endpoint(endpoint)
    assert url_of(endpoint).startswith("https://") or endpoint.startswith("http://")


def test_the_parts_of_an_endpoint() -> None:
    assert (f"https://{CHINA}", CHINA) == (url_of(CHINA), authority_of(CHINA))
    local = "http://127.0.0.1:8080"
    assert (local, "127.0.0.1:8080") == (url_of(local), authority_of(local))
