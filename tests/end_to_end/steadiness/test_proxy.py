"""A proxy that is really used, by the gate as a program."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from gate.sandbox import sample_world
from tests.end_to_end.steadiness.test_reaching import sandbox
from tests.rigs.authority import Authority
from tests.rigs.programs import run
from tests.rigs.proxy import PASSWORD, USER, Proxy, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVICE = "tds.cn-shanghai.aliyuncs.com"
REGISTRY = "registry.cn-hangzhou.aliyuncs.com"
NOBODY = "tds.invalid"  # a name that never has an address, so only a proxy can serve it
IMAGE = f"{REGISTRY}/shop/api:2.0"
DIGEST = sample_world().find("shop/api:2.0").digest


@dataclass(frozen=True)
class Way:
    """A proxy, and who is to be trusted behind it."""

    proxy: Proxy
    authority: Authority
    folder: Path

    @property
    def with_login(self) -> str:
        return self.proxy.url.replace("://", f"://{USER}:{PASSWORD}@")

    def check(self, *arguments: str, seconds: int = 20, **environment: Any) -> Ended:
        trusted = self.authority.trusted
        done = run(
            self.folder,
            *("check", "--wait", "0", "--timeout", f"{seconds}s", "--format", "json", "-v"),
            *arguments,
            environment=trusted | environment,
        )
        assert PASSWORD not in done.stdout + done.stderr
        (image,) = json.loads(done.stdout)["images"]
        return Ended(done.returncode, image, done.stderr)


@dataclass(frozen=True)
class Ended:
    code: int
    image: dict[str, Any]
    err: str


@contextmanager
def way(folder: Path, proxy: Proxy, *, https: bool = False) -> Iterator[Way]:
    authority = Authority(folder)
    with ExitStack() as stack:
        tls = authority.server(SERVICE, REGISTRY, NOBODY)
        url = stack.enter_context(sandbox(tls))
        proxy.port = int(url.rpartition(":")[2])
        stack.enter_context(running(proxy, authority.server("127.0.0.1") if https else None))
        yield Way(proxy, authority, folder)


def test_service_and_registry_are_reached_through_the_proxy(tmp_path: Path) -> None:
    """By their own names, with TLS from end to end, and the proxy's login."""
    with way(tmp_path, Proxy(login=True)) as through:
        ended = through.check(IMAGE, HTTPS_PROXY=through.with_login)
    assert (0, "clean") == (ended.code, ended.image["reason"]), ended.image["message"]
    assert DIGEST == ended.image["image"]["digest"]
    asked = {f"CONNECT {host}:443 HTTP/1.1" for host in (SERVICE, REGISTRY)}
    assert asked == set(through.proxy.asked)
    assert through.proxy.handed_on > 1000


def test_a_proxy_may_itself_be_asked_with_tls(tmp_path: Path) -> None:
    with way(tmp_path, Proxy(login=True), https=True) as through:
        ended = through.check(IMAGE, https_proxy=through.with_login)
    assert (0, "clean") == (ended.code, ended.image["reason"]), ended.image["message"]


@pytest.mark.parametrize("left_out", [".invalid", f"other.example,{NOBODY}", "*"])
def test_no_proxy_leaves_a_host_out(tmp_path: Path, left_out: str) -> None:
    named = (f"{IMAGE}@{DIGEST}", "--endpoint", NOBODY)
    with way(tmp_path, Proxy()) as through:
        ended = through.check(*named, seconds=1, HTTPS_PROXY=through.proxy.url, NO_PROXY=left_out)
    assert (5, "service") == (ended.code, ended.image["reason"])
    assert "no such host (DNS)." in ended.image["message"]
    assert [] == through.proxy.asked


def test_no_proxy_of_others_changes_nothing(tmp_path: Path) -> None:
    named = (f"{IMAGE}@{DIGEST}", "--endpoint", NOBODY)
    with way(tmp_path, Proxy()) as through:
        ended = through.check(
            *named, HTTPS_PROXY=through.proxy.url, NO_PROXY="example.com,.internal"
        )
    assert (0, "clean") == (ended.code, ended.image["reason"]), ended.image["message"]
    assert {f"CONNECT {NOBODY}:443 HTTP/1.1"} == set(through.proxy.asked)


def test_a_proxy_for_plain_http_is_asked_nothing(tmp_path: Path) -> None:
    """The gate sends plain HTTP to loopback alone, and what is on loopback needs no proxy."""
    with way(tmp_path, Proxy()) as through, sandbox() as url:
        host = url.removeprefix("http://")
        proxies: dict[str, Any] = dict.fromkeys(
            ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY"), through.proxy.url
        )
        named = (f"{host}/shop/api:2.0", "--registry-host", host, "--endpoint", url)
        ended = through.check(*named, **proxies)
    assert (0, "clean") == (ended.code, ended.image["reason"]), ended.image["message"]
    assert [] == through.proxy.asked


@pytest.mark.parametrize(
    ("status", "login"), [(200, True), (403, False), (502, False)], ids=["407", "403", "502"]
)
def test_a_proxy_that_refuses_is_named_without_its_password(
    tmp_path: Path, status: int, *, login: bool
) -> None:
    with way(tmp_path, Proxy(status=status, login=login)) as through:
        named = through.proxy.url if login else through.with_login
        ended = through.check(f"{IMAGE}@{DIGEST}", seconds=1, HTTPS_PROXY=named)
    assert (5, "service") == (ended.code, ended.image["reason"])
    told = (
        rf"the proxy {through.proxy.url} refused to connect \(status {407 if login else status}\)"
    )
    assert re.search(told, ended.image["message"])
    assert "HTTPS_PROXY" in ended.image["message"]
    assert "NO_PROXY" in ended.image["message"]
    assert ended.image["message"].startswith(f"{SERVICE} can't be reached")


@pytest.mark.parametrize(
    ("host", "cause"),
    [
        ("127.0.0.1:9", "no connection to the proxy http://127.0.0.1:9"),
        ("proxy.invalid:3128", "(DNS) as that of the proxy http://proxy.invalid:3128"),
    ],
)
def test_a_proxy_that_is_not_there_is_named_without_its_password(
    tmp_path: Path, host: str, cause: str
) -> None:
    with way(tmp_path, Proxy()) as through:
        proxy = f"http://{USER}:{PASSWORD}@{host}"
        ended = through.check(f"{IMAGE}@{DIGEST}", seconds=1, HTTPS_PROXY=proxy)
    assert (5, "service") == (ended.code, ended.image["reason"])
    assert cause in ended.image["message"]


def test_a_proxy_that_can_be_none_is_told_without_its_password(tmp_path: Path) -> None:
    with way(tmp_path, Proxy()) as through:
        proxy = f"socks5://{USER}:{PASSWORD}@127.0.0.1:1080"
        ended = through.check(f"{IMAGE}@{DIGEST}", seconds=1, HTTPS_PROXY=proxy)
    assert (5, "service") == (ended.code, ended.image["reason"])
    assert "Set HTTPS_PROXY to http://host:port" in ended.image["message"]


def test_a_registry_behind_a_proxy_that_refuses_names_it(tmp_path: Path) -> None:
    with way(tmp_path, Proxy(status=403)) as through:
        ended = through.check(IMAGE, seconds=1, HTTPS_PROXY=through.with_login)
    assert 5 == ended.code
    refused = f"the proxy {through.proxy.url} refused to connect (status 403)"
    assert f"{REGISTRY} can't be reached: {refused}." in ended.image["message"]


@pytest.mark.parametrize(
    "proxy", ["socks5://u:{}@127.0.0.1:1080", "ftp://127.0.0.1", "http://[bad"]
)
@pytest.mark.parametrize("image", [IMAGE, f"{IMAGE}@{DIGEST}"], ids=["registry", "service"])
def test_a_proxy_that_can_not_be_used_is_gone_around_by_nobody(
    tmp_path: Path, proxy: str, image: str
) -> None:
    """The registry used to be asked directly, which a network's rules may forbid."""
    done = run(
        tmp_path,
        *("check", image, "--wait", "0", "--timeout", "5s", "--format", "json", "-v"),
        environment={"HTTPS_PROXY": proxy.format(PASSWORD)},
    )
    (report,) = json.loads(done.stdout)["images"]
    assert 5 == done.returncode
    assert "The proxy for https can't be used" in report["message"]
    assert "Set HTTPS_PROXY to http://host:port" in report["message"]
    assert "status" not in done.stderr
    assert PASSWORD not in done.stdout + done.stderr
