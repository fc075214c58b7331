from __future__ import annotations

import pytest
from yarl import URL

from gate.reference import ImageReference
from gate.registry.hosts import is_loopback, registry_url


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


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("localhost", True),
        ("127.0.0.2", True),
        ("::1", True),
        ("localhost.example.com", False),
        ("0.0.0.0", False),  # noqa: S104 - must not count as loopback
        ("", False),
        (None, False),
    ],
)
def test_loopback_is_this_machine_alone(name: str | None, expected: bool) -> None:  # noqa: FBT001 - a table's column
    assert expected is is_loopback(name)
