from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.reference import is_named

hosts = st.text(st.sampled_from("aA.:[]!?-15*"), max_size=12)


@pytest.mark.parametrize(
    ("pattern", "host", "expected"),
    [
        ("harbor.example.com", "harbor.example.com", True),
        ("Harbor.Example.com", "HARBOR.example.COM", True),
        ("harbor.example.com:443", "harbor.example.com", True),
        ("harbor.example.com", "harbor.example.com:443", True),
        ("harbor.example.com", "harbor.example.com:8443", False),
        ("*.example.com", "harbor.eu.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "harbor.example.com.evil.example", False),
        ("harbor.*.example.com:8443", "harbor.eu.example.com:8443", True),
        ("*", "anything:5000", True),
        ("[::1]:5000", "[::1]:5000", True),
        ("[::1]:5000", "1:5000", False),
        ("[!a].example.com", "b.example.com", False),
        ("?.example.com", "b.example.com", False),
    ],
)
def test_only_a_star_is_special(pattern: str, host: str, *, expected: bool) -> None:
    assert expected is is_named(host, ["other.example.com", pattern])


def test_nothing_is_named_by_no_pattern() -> None:
    assert not is_named("harbor.example.com", [])


@given(hosts, hosts)
@settings(max_examples=100, deadline=None)
def test_a_host_is_named_by_itself_and_without_a_star_by_nothing_else(a: str, b: str) -> None:
    def plain(host: str) -> str:
        return host.lower().removesuffix(":443")

    assert is_named(a, [a])
    assert "*" in b or is_named(a, [b]) == (plain(a) == plain(b))
