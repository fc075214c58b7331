from __future__ import annotations

import base64

import pytest

from gate.errors import ServiceUnreachable
from gate.security_center.proxies import Proxy, proxy_for


def found(text: str, *, bypassed: bool = False) -> Proxy | None:
    return proxy_for("tds.example.com", lambda: {"https": text}, lambda _: bypassed)


def test_no_proxy_is_used_where_none_is_set_or_the_host_is_left_out() -> None:
    assert proxy_for("tds.example.com", dict, lambda _: False) is None
    assert found("http://proxy:3128", bypassed=True) is None


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
    assert Proxy(url) == found(text)


def test_a_login_goes_into_a_header_and_is_not_shown() -> None:
    proxy = found("http://us%40er:sesame@proxy:3128")
    assert proxy is not None
    assert proxy.url == "http://proxy:3128"
    encoded = proxy.headers["Proxy-Authorization"].removeprefix("Basic ")
    assert base64.b64decode(encoded) == b"us@er:sesame"
    assert encoded not in repr(proxy)


@pytest.mark.parametrize(
    "text", ["socks5://u:sesame@proxy:1", "http://", "http://u:sesame@proxy:x", "http://[::1"]
)
def test_a_proxy_that_can_not_be_used_is_told_without_its_login(text: str) -> None:
    with pytest.raises(ServiceUnreachable, match="proxy") as caught:
        found(text)
    assert "sesame" not in str(caught.value)
