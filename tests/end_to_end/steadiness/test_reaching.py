"""No way to the service: each message names the host, the cause, and what to do."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gate.sandbox import Sandbox, sample_world
from tests.rigs.authority import Authority
from tests.rigs.programs import run, run_at_once
from tests.rigs.serving import in_thread
from tests.security_center.scripted import Said, Scripted, listening

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

WORLD = sample_world()
DIGEST = WORLD.find("shop/api:2.0").digest
IMAGE = f"registry.cn-hangzhou.aliyuncs.com/shop/api:2.0@{DIGEST}"


@contextmanager
def sandbox(tls: ssl.SSLContext | None = None) -> Iterator[str]:
    with in_thread(Sandbox(sample_world(), ssl_context=tls)) as serving:
        serving.labelled = True
        yield serving.url


NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Ended:
    """How a check ended: its code, what the report says of the image, and the endpoint's host.

    ``sandbox`` is whether the report is about sample data.
    """

    code: int
    image: dict[str, Any]
    host: str
    sandbox: bool


def check(
    folder: Path, endpoint: str, environment: Mapping[str, str] = NOTHING, *, seconds: int = 2
) -> Ended:
    """Check an image as a program."""
    done = run(
        folder,
        *("check", IMAGE, "--endpoint", endpoint, "--wait", "0", "--timeout", f"{seconds}s"),
        *("--format", "json"),
        environment=environment,
    )
    report = json.loads(done.stdout)
    (image,), sandbox = report["images"], report["service"]["sandbox"]
    return Ended(done.returncode, image, endpoint.rpartition("/")[2], sandbox)


Case = Callable[[Path, Authority], Ended]


def no_such_name(folder: Path, _: Authority) -> Ended:
    return check(folder, "tds.cn-shanghai.invalid")


def nobody_listening(folder: Path, _: Authority) -> Ended:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and never listens
        return check(folder, f"http://127.0.0.1:{taken.getsockname()[1]}")


def unknown_authority(folder: Path, authority: Authority) -> Ended:
    with sandbox(authority.server("127.0.0.1")) as url:
        return check(folder, url)


def another_host(folder: Path, authority: Authority) -> Ended:
    with sandbox(authority.server("tds.example.com")) as url:
        return check(folder, url, authority.trusted)


def expired(folder: Path, authority: Authority) -> Ended:
    with sandbox(authority.server("127.0.0.1", expired=True)) as url:
        return check(folder, url, authority.trusted)


def no_tls(folder: Path, _: Authority) -> Ended:
    with sandbox() as url:
        return check(folder, url.replace("http:", "https:"))


def tls_that_is_not_expected(folder: Path, authority: Authority) -> Ended:
    with sandbox(authority.server("127.0.0.1")) as url:
        return check(folder, url.replace("https:", "http:"))


def something_else(folder: Path, _: Authority) -> Ended:
    """Ask a server that speaks HTTP, and not Security Center's."""
    page = Scripted(Said(b"<html>Hello</html>", 404, {"Content-Type": "text/html"}))
    with in_thread(listening(page.answer)) as url:
        return check(folder, url, seconds=5)


def trusted(folder: Path, authority: Authority) -> Ended:
    with sandbox(authority.server("127.0.0.1")) as url:
        return check(folder, url, authority.trusted, seconds=20)


UNTRUSTED = "can't be reached: its TLS certificate is not trusted ("
MESSAGES: dict[Case, tuple[str, str]] = {
    no_such_name: ("can't be reached: there is no such host (DNS).", "Check the endpoint (--"),
    nobody_listening: ("can't be reached: no connection (refused).", "HTTPS_PROXY"),
    unknown_authority: (UNTRUSTED, "SSL_CERT_FILE"),
    another_host: (f"{UNTRUSTED}IP address mismatch", "check the endpoint (--endpoint)"),
    expired: (f"{UNTRUSTED}certificate has expired).", "the machine's clock"),
    no_tls: ("can't be reached: the TLS handshake failed.", "check the endpoint (--endpoint)"),
    tls_that_is_not_expected: ("can't be reached: ", "Check the endpoint (--endpoint)"),
    something_else: ("a page that is not Security Center's", "check the endpoint (--endpoint)"),
}
"""Of each way to fail: the cause, and what to do."""


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """Run all cases at once: most of their time passes until their deadline."""
    folder = tmp_path_factory.mktemp("reaching")
    authority = Authority(folder)
    cases = [*MESSAGES, trusted]
    return run_at_once({case.__name__: partial(case, folder, authority) for case in cases})


@pytest.mark.parametrize("case", MESSAGES, ids=lambda case: case.__name__)
def test_a_service_out_of_reach_is_named_with_the_cause_and_what_to_do(
    ended: dict[str, Ended], case: Case
) -> None:
    cause, remedy = MESSAGES[case]
    found = ended[case.__name__]
    assert (5, "service") == (found.code, found.image["reason"])
    message = found.image["message"]
    assert cause in message
    assert remedy in message
    if case is not something_else:
        assert message.startswith(f"{found.host} can't be reached")


def test_a_certificate_of_a_trusted_authority_is_good(ended: dict[str, Ended]) -> None:
    found = ended[trusted.__name__]
    assert (0, "clean") == (found.code, found.image["reason"])


def test_what_is_encrypted_could_be_the_service_so_it_is_no_sandbox(
    ended: dict[str, Ended],
) -> None:
    assert not ended["trusted"].sandbox
