from __future__ import annotations

import pytest
from yarl import URL

from gate.registry.proxies import proxy_for

PROXY = "http://proxy.example.com:3128"


@pytest.mark.parametrize(
    ("url", "environment", "expected"),
    [
        ("https://r.example.com/v2", {}, None),
        ("https://r.example.com/v2", {"HTTPS_PROXY": PROXY}, PROXY),
        ("https://r.example.com/v2", {"https_proxy": PROXY, "HTTPS_PROXY": "http://b"}, PROXY),
        ("https://r.example.com/v2", {"HTTP_PROXY": PROXY}, None),
        ("https://r.example.com/v2", {"HTTPS_PROXY": "proxy.example.com:3128"}, PROXY),
        ("https://r.example.com/v2", {"HTTPS_PROXY": "socks5://proxy.example.com"}, None),
        ("https://r.example.com/v2", {"HTTPS_PROXY": "http://proxy.example.com:port"}, None),
        ("https://r.example.com/v2", {"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, None),
        ("https://r.example.com/v2", {"HTTPS_PROXY": PROXY, "NO_PROXY": "a,.Example.com"}, None),
        ("https://r.example.com/v2", {"HTTPS_PROXY": PROXY, "NO_PROXY": "r.example.com"}, None),
        ("https://r.example.com/v2", {"HTTPS_PROXY": PROXY, "NO_PROXY": "example.com:443"}, None),
        ("https://r.example.com/v2", {"HTTPS_PROXY": PROXY, "NO_PROXY": "example.com:80"}, PROXY),
        ("https://r.example.com/v2", {"HTTPS_PROXY": PROXY, "NO_PROXY": "ample.com"}, PROXY),
        ("https://r.example.com/v2", {"HTTPS_PROXY": PROXY, "NO_PROXY": " , "}, PROXY),
        ("http://127.0.0.1:5000/v2", {"HTTP_PROXY": PROXY}, None),
        ("http://localhost:5000/v2", {"HTTP_PROXY": PROXY}, None),
        ("http://r.example.com/v2", {"HTTP_PROXY": PROXY}, PROXY),
    ],
)
def test_a_proxy_is_taken_from_the_environment(
    url: str, environment: dict[str, str], expected: str | None
) -> None:
    assert (expected and URL(expected)) == proxy_for(URL(url), environment)
