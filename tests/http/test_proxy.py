"""Which way a request goes, by the environment that a run was given."""

from __future__ import annotations

import base64

import pytest
from yarl import URL

from gate.errors import ServiceUnreachable
from gate.http import Proxy, is_loopback, proxy_for, surroundings

PROXY = "http://proxy.example.com:3128"


def proxy_of(text: str) -> Proxy | None:
    return proxy_for(URL("https://tds.example.com"), {"HTTPS_PROXY": text})


@pytest.mark.parametrize(
    ("url", "environment", "expected"),
    [
        ("https://r.example.com/v2", {}, None),
        ("https://r.example.com/v2", {"HTTPS_PROXY": PROXY}, PROXY),
        ("https://r.example.com/v2", {"https_proxy": PROXY, "HTTPS_PROXY": "http://b"}, PROXY),
        ("https://r.example.com/v2", {"https_proxy": "", "HTTPS_PROXY": PROXY}, None),
        ("https://r.example.com/v2", {"HTTP_PROXY": PROXY}, None),
        ("https://r.example.com/v2", {"ALL_PROXY": PROXY}, None),
        ("https://r.example.com/v2", {"HTTPS_PROXY": "proxy.example.com:3128"}, PROXY),
        ("https://r.example.com/v2", {"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, None),
        ("https://r.example.com/v2", {"HTTPS_PROXY": PROXY, "NO_PROXY": "a,*"}, PROXY),
        ("https://r.example.com/v2", {"HTTPS_PROXY": PROXY, "NO_PROXY": "a,.Example.com"}, None),
        ("https://r.example.com/v2", {"HTTPS_PROXY": PROXY, "NO_PROXY": "r.example.com"}, None),
        ("https://r.example.com/v2", {"HTTPS_PROXY": PROXY, "NO_PROXY": "example.com:443"}, None),
        ("https://r.example.com/v2", {"HTTPS_PROXY": PROXY, "NO_PROXY": "example.com:80"}, PROXY),
        ("https://r.example.com/v2", {"HTTPS_PROXY": PROXY, "NO_PROXY": "ample.com"}, PROXY),
        ("https://r.example.com/v2", {"HTTPS_PROXY": PROXY, "NO_PROXY": " , "}, PROXY),
        ("https://r.example.com/v2", {"HTTPS_PROXY": "socks5://p", "NO_PROXY": "*"}, None),
        ("http://127.0.0.1:5000/v2", {"HTTP_PROXY": PROXY}, None),
        ("http://localhost:5000/v2", {"HTTP_PROXY": PROXY}, None),
        ("http://r.example.com/v2", {"HTTP_PROXY": PROXY}, PROXY),
    ],
)
def test_a_proxy_is_taken_from_the_environment(
    url: str, environment: dict[str, str], expected: str | None
) -> None:
    assert (expected and Proxy(expected)) == proxy_for(URL(url), environment)


def test_the_environment_of_the_process_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    assert proxy_for(URL("https://tds.example.com"), {}) is None


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://proxy:3128", "http://proxy:3128"),
        ("proxy:3128", "http://proxy:3128"),
        ("https://proxy.example.com/", "https://proxy.example.com"),
        ("http://[::1]:3128", "http://[::1]:3128"),
    ],
)
def test_a_proxy_is_a_url(text: str, url: str) -> None:
    assert Proxy(url) == proxy_of(text)


def test_a_login_goes_into_a_header_and_is_not_shown() -> None:
    proxy = proxy_of("http://us%40er:sesame@proxy:3128")
    assert proxy is not None
    assert proxy.url == "http://proxy:3128"
    encoded = proxy.headers["Proxy-Authorization"].removeprefix("Basic ")
    assert base64.b64decode(encoded) == b"us@er:sesame"
    assert encoded not in repr(proxy)


@pytest.mark.parametrize(
    "text",
    [
        *("socks5://u:sesame@proxy:1", "ftp://proxy", "http://", "http://u:sesame@proxy:x"),
        *("http://[::1", "http://[bad", "http://proxy.example.com:port"),
    ],
)
def test_a_proxy_that_can_not_be_used_is_an_error_without_its_login(text: str) -> None:
    with pytest.raises(ServiceUnreachable, match="proxy") as caught:
        proxy_of(text)
    assert "sesame" not in str(caught.value)
    assert "HTTPS_PROXY" in caught.value.remedy


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("localhost", True),
        ("127.0.0.2", True),
        ("::1", True),
        ("::1%lo", False),
        ("tds.cn-shanghai.aliyuncs.com", False),
        ("localhost.example.com", False),
        ("0.0.0.0", False),  # noqa: S104 - must not count as loopback
        ("", False),
        (None, False),
    ],
)
def test_loopback_is_this_machine_alone(name: str | None, expected: bool) -> None:  # noqa: FBT001 - a table's column
    assert expected is is_loopback(name)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ()),
        ({"HTTPS_PROXY": ""}, ()),
        ({"HTTP_PROXY": "http://p:3128"}, ()),
        ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "*"}, ()),
        ({"HTTPS_PROXY": "http://p:3128", "https_proxy": ""}, ()),
        ({"HTTPS_PROXY": "socks5://user:sample-secret@p"}, ()),
        (
            {"HTTPS_PROXY": "http://user:sample-secret@p:3128", "NO_PROXY": "other.example"},
            ("HTTPS_PROXY is set: requests go through the proxy http://p:3128.",),
        ),
        (
            {"https_proxy": "p:3128", "SSL_CERT_FILE": "/ca.pem", "SSL_CERT_DIR": "/certs"},
            (
                "HTTPS_PROXY is set: requests go through the proxy http://p:3128.",
                "SSL_CERT_FILE is set: servers are trusted by the certificates in /ca.pem.",
                "SSL_CERT_DIR is set: servers are trusted by the certificates in /certs.",
            ),
        ),
    ],
)
def test_what_the_environment_puts_between_is_said_without_a_login(
    environment: dict[str, str], expected: tuple[str, ...]
) -> None:
    assert expected == surroundings(environment)
