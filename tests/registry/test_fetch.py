from __future__ import annotations

import pytest
from yarl import URL

from gate.reference import ImageReference
from gate.registry.fetch import registry_url


@pytest.mark.parametrize(
    ("host", "hosts", "expected"),
    [
        ("registry.cn-hangzhou.aliyuncs.com", [], "https://registry.cn-hangzhou.aliyuncs.com"),
        ("registry.cn-hangzhou.aliyuncs.com:443", [], "https://registry.cn-hangzhou.aliyuncs.com"),
        ("registry.cn-hangzhou.aliyuncs.com:80", [], None),
        ("shop-registry.eu-central-1.cr.aliyuncs.com", [], "https://shop-registry.eu-central-1.cr.aliyuncs.com"),
        ("harbor.example.com", [], None),
        ("harbor.example.com", ["Harbor.Example.com"], "https://harbor.example.com"),
        ("harbor.example.com", ["harbor.example.com:443"], "https://harbor.example.com"),
        ("harbor.example.com:8443", ["harbor.example.com"], None),
        ("harbor.example.com:8443", ["harbor.example.com:8443"], "https://harbor.example.com:8443"),
        ("sub.harbor.example.com", ["harbor.example.com"], None),
        ("harbor.eu.example.com", ["*.Example.com"], "https://harbor.eu.example.com"),
        ("harbor.example.com.evil.example", ["*.example.com"], None),
        ("example.com", ["*.example.com"], None),
        ("localhost:5000", ["local*:5000"], "http://localhost:5000"),
        ("127.0.0.1:5000", [], None),
        ("localhost:5000", [], None),
        ("127.0.0.1:5000", ["127.0.0.1:5000"], "http://127.0.0.1:5000"),
        ("localhost:5000", ["localhost:5000"], "http://localhost:5000"),
        ("[::1]:5000", ["[::1]:5000"], "http://[::1]:5000"),
        ("10.0.0.1:5000", ["10.0.0.1:5000"], "https://10.0.0.1:5000"),
    ],
)  # fmt: skip
def test_only_container_registry_and_named_hosts_are_contacted(
    host: str, hosts: list[str], expected: str | None
) -> None:
    url = registry_url(ImageReference.parse(f"{host}/shop/web"), hosts)
    assert (expected and URL(expected)) == url
