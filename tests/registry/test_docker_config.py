from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import ServiceError
from gate.registry.docker_config import (
    DockerConfig,
    Helper,
    IdentityToken,
    Login,
    config_path,
    find_credential,
    find_helper,
    read_config,
)
from tests.steadiness.hostile import outcome

HOST = "harbor.example.com"
PATH = Path("config.json")


def encoded(pair: str) -> str:
    return base64.b64encode(pair.encode()).decode()


def config(**keys: object) -> DockerConfig:
    found = read_config(json.dumps(keys).encode(), PATH)
    assert isinstance(found, DockerConfig)
    return found


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"auth": encoded("user:pass:word")}, Login("user", "pass:word")),
        ({"auth": encoded("user:password\0\0")}, Login("user", "password")),
        ({"username": "user", "password": "password"}, Login("user", "password")),
        ({"username": "user"}, Login("user", "")),
        ({"auth": encoded("user:"), "identitytoken": "refresh"}, IdentityToken("refresh")),
        ({"auth": ""}, None),
        ({"email": "a@example.com"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_an_entry_holds_a_login_or_a_token(entry: object, expected: object) -> None:
    assert expected == find_credential(config(auths={HOST: entry}), HOST)


@pytest.mark.parametrize(
    "entry",
    [
        1,
        [],
        {"auth": 1},
        {"auth": "?"},
        {"auth": encoded("user")},
        {"auth": encoded(":p")},
        {"auth": "/w=="},
    ],
)
def test_a_broken_entry_is_named_and_not_repeated(entry: object) -> None:
    found = outcome(
        lambda: find_credential(config(auths={HOST: entry, "other.example.com": 1}), HOST),
        ServiceError,
    )
    assert isinstance(found, ServiceError)
    assert found.message == f"Docker's configuration holds an invalid entry for {HOST}."
    assert found.remedy == "Repair it, or log in again with docker login."


@pytest.mark.parametrize(
    "address", [HOST, f"https://{HOST}", f"https://{HOST}/v2/", f"http://{HOST.upper()}"]
)
def test_hosts_are_found_with_or_without_scheme_and_path(address: str) -> None:
    auths = {"": 1, "other.example.com": 1, address: {"username": "user"}}
    assert Login("user", "") == find_credential(config(auths=auths), HOST)


def test_the_exact_name_wins() -> None:
    auths = {f"https://{HOST}": {"username": "url"}, HOST: {"username": "name"}}
    assert Login("name", "") == find_credential(config(auths=auths), HOST)


@pytest.mark.parametrize("auths", [None, {}, {f"{HOST}:8443": {"username": "user"}}])
def test_a_port_makes_another_host(auths: object) -> None:
    assert find_credential(config(auths=auths), HOST) is None


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, None),
        ({"credsStore": ""}, None),
        ({"credsStore": "desktop"}, Helper("desktop", HOST)),
        ({"credHelpers": {HOST: "acr-env"}, "credsStore": "desktop"}, Helper("acr-env", HOST)),
        ({"credHelpers": {"other.example.com": "x"}}, None),
    ],
)
def test_the_helper_of_the_host_goes_before_the_store(
    keys: dict[str, object], expected: Helper | None
) -> None:
    assert expected == find_helper(config(**keys), HOST)


@pytest.mark.parametrize("name", ["../evil", "a/b", "a\\b", "-x", ".", "a b", "a" * 65])
def test_a_helper_outside_of_path_is_refused(name: str) -> None:
    found = outcome(lambda: find_helper(config(credsStore=name), HOST), ServiceError)
    assert isinstance(found, ServiceError)
    assert "names a credential helper" in found.message


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'{"auths": 1}', b'{"credsStore": 1}', b"[" * 100_000, b" " * 1048577],
)
def test_a_broken_file_is_named(data: bytes) -> None:
    found = outcome(lambda: read_config(data, PATH), ServiceError)
    assert isinstance(found, ServiceError)
    assert found.message.startswith("config.json is ")


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.just(HOST), st.text(max_size=8)), inner, max_size=3),
        st.fixed_dictionaries(
            {},
            optional={
                "auths": st.dictionaries(st.just(HOST), inner, max_size=1),
                "credHelpers": inner,
                "credsStore": inner,
                "auth": inner,
                "username": inner,
            },
        ),
    ),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=60), JSON.map(lambda value: json.dumps(value).encode())))
def test_any_file_is_read_or_refused(data: bytes) -> None:
    found = outcome(lambda: read_config(data, PATH), ServiceError)
    if isinstance(found, DockerConfig):
        helper = outcome(lambda: find_helper(found, HOST), ServiceError)
        assert isinstance(helper, Helper | ServiceError | None)
        credential = outcome(lambda: find_credential(found, HOST), ServiceError)
        assert isinstance(credential, Login | IdentityToken | ServiceError | None)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"DOCKER_CONFIG": "folder", "HOME": "home"}, Path("folder/config.json")),
        ({"HOME": "home", "USERPROFILE": "home"}, Path("home/.docker/config.json")),
        ({"DOCKER_CONFIG": ""}, None),
        ({}, None),
    ],
)
def test_the_file_is_where_docker_keeps_it(
    environment: dict[str, str], expected: Path | None
) -> None:
    assert expected == config_path(environment)


@pytest.mark.parametrize(
    "value",
    [
        Login("sample-secret", "sample-secret"),
        IdentityToken("sample-secret"),
        config(auths={HOST: {"password": "sample-secret"}}),
    ],
)
def test_secrets_are_not_shown(value: object) -> None:
    assert "sample-secret" not in repr(value)
