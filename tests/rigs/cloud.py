"""GitHub's and Alibaba Cloud's token services, on loopback, with a sandbox that takes the session.

GitHub's is plain http. Alibaba Cloud's is reached under its real name through a proxy
(``HTTPS_PROXY``), with certificates of an authority made for the occasion (``SSL_CERT_FILE``): the
client is told of no other endpoint. Both keep what they were asked.

As a program (``python tests/rigs/cloud.py FOLDER``, from the top folder) it prints one line of
JSON, ``{"environment": {…}, "endpoint": "http://127.0.0.1:…", "asked": "FOLDER/asked.jsonl"}``, and
serves until its standard input ends: ``environment`` is for the gate's process, ``endpoint`` is the
sandbox for its ``--endpoint``, and ``asked`` gets a line for each request, without secrets.
"""

from __future__ import annotations

import base64
import json
import ssl
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import trustme

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from gate.sandbox import Sandbox, World, sample_world
from tests.rigs.serving import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLE = "acs:ram::1234567890123456:role/gate"
PROVIDER = "acs:ram::1234567890123456:oidc-provider/ci"
ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "sts.aliyuncs.com"
SUBJECT = "repo:octo-org/octo-repo:ref:refs/heads/main"
BEARER = "sesame-bearer"
KEY_ID = "STS.session-key-id"
KEY_SECRET = "sesame-session-secret"
SECURITY_TOKEN = "sesame-session-token"
SECRETS = (BEARER, KEY_SECRET, SECURITY_TOKEN, "sesame")
SESSION = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY_ID,
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": KEY_SECRET,
    "ALIBABA_CLOUD_SECURITY_TOKEN": SECURITY_TOKEN,
}
"""The session that Alibaba Cloud's gives, as a job's variables would hold it."""


def web_token(*, seconds: float = 300, **claims: object) -> str:
    """Return a token of this shape and these claims; its signature is a word."""
    told = {"iss": ISSUER, "aud": AUDIENCE, "sub": SUBJECT, "exp": time.time() + seconds} | claims
    parts = ({"alg": "RS256", "typ": "JWT"}, told)
    return ".".join((*(_base64(json.dumps(part).encode()) for part in parts), "sesame-signature"))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Services:
    """Both services: what they answer, and what they were asked.

    Alibaba Cloud trusts ``providers``. ``refusal`` is the code of a refusal of every exchange.
    ``token_status`` and ``sts_status`` replace the answers by an HTML page of that
    status, as proxies send them.
    """

    folder: Path
    providers: tuple[str, ...] = (PROVIDER,)
    subject: str = SUBJECT
    lasts: float = 900
    refusal: str = ""
    token_status: int = 200
    sts_status: int = 200
    asked: list[dict[str, Any]] = field(default_factory=list)
    token_url: str = ""
    proxy_url: str = ""
    authority: trustme.CA = field(default_factory=trustme.CA, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def ca_file(self) -> Path:
        return self.folder / "authority.pem"

    @property
    def log(self) -> Path:
        return self.folder / "asked.jsonl"

    @property
    def environment(self) -> dict[str, str]:
        """What a job of GitHub has, and the role that it names."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.token_url}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": BEARER,
            "ALIBABA_CLOUD_ROLE_ARN": ROLE,
            "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER,
            **self.way,
        }

    @property
    def way(self) -> dict[str, str]:
        """What leads to this token service of Alibaba Cloud's, for any job."""
        return {
            "HTTPS_PROXY": self.proxy_url,
            "NO_PROXY": "127.0.0.1",
            "SSL_CERT_FILE": str(self.ca_file),
        }

    def asked_of(self, service: str) -> list[dict[str, Any]]:
        """Return what one of ``github``, ``sts`` and ``proxy`` was asked."""
        return [request for request in self.asked if request["service"] == service]

    def note(self, **asked: Any) -> None:
        with self._lock:
            self.asked.append(asked)
            told = {name: value for name, value in asked.items() if name != "OIDCToken"}
            with self.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(told) + "\n")

    def give_token(self, query: str, authorization: str) -> tuple[int, dict[str, Any]]:
        """Answer as GitHub's token service."""
        asked = dict(parse_qsl(query))
        self.note(service="github", **asked)
        if authorization != f"Bearer {BEARER}":
            return 401, {"message": "No."}
        return 200, {"value": web_token(aud=asked.get("audience"), sub=self.subject), "count": 1}

    def give_session(self, host: str, query: str, form: str) -> tuple[int, dict[str, Any]]:
        """Answer as Alibaba Cloud's token service."""
        asked = dict(parse_qsl(query) + parse_qsl(form))
        self.note(service="sts", host=host, **asked)
        code = self.refusal or self._refusal(asked)
        if code:
            return 400, {"Code": code, "Message": "No.", "RequestId": "R-1", "HostId": host}
        expires = datetime.now(UTC) + timedelta(seconds=self.lasts)
        return 200, {
            "RequestId": "R-2",
            "Credentials": {
                "AccessKeyId": KEY_ID,
                "AccessKeySecret": KEY_SECRET,
                "SecurityToken": SECURITY_TOKEN,
                "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
        }

    def _refusal(self, asked: dict[str, str]) -> str:
        """Return the code of what is wrong first, in the order in which a token service looks."""
        payload = asked.get("OIDCToken", "..").split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)) or "{}")
        operation = (asked.get("Action"), asked.get("Version"))
        checks = {
            "InvalidAction.NotFound": operation == ("AssumeRoleWithOIDC", "2015-04-01"),
            "EntityNotExist.OIDCProvider": asked.get("OIDCProviderArn") in self.providers,
            "EntityNotExist.Role": asked.get("RoleArn") == ROLE,
            "InvalidParameter.DurationSeconds": 900 <= int(asked["DurationSeconds"]) <= 3600,
            "InvalidParameter.PolicySize": 0 < len(asked["Policy"]) <= 1024,
            "AuthenticationFail.OIDCToken.Expired": claims.get("exp", 0) > time.time(),
            "AuthenticationFail.OIDCToken.AudienceNotMatch": claims.get("aud") == AUDIENCE,
            "NoPermission": claims.get("sub") == SUBJECT,
        }
        return next((code for code, right in checks.items() if not right), "")


class _Handler(BaseHTTPRequestHandler):
    """What both servers have in common."""

    services: Services
    protocol_version = "HTTP/1.1"

    def reply(self, status: int, answer: dict[str, Any], *, page: bool) -> None:
        body = b"<html>Blocked</html>" if page else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if page else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
        """Keep the tests' output clean."""


class _TokenHandler(_Handler):
    """GitHub's token service."""

    def do_GET(self) -> None:
        query = urlsplit(self.path).query
        bearer = self.headers.get("Authorization", "")
        status, answer = self.services.give_token(query, bearer)
        page = self.services.token_status != 200
        self.reply(self.services.token_status if page else status, answer, page=page)


class _ProxyHandler(_Handler):
    """A proxy that ends TLS itself for names of the token service, and refuses all others."""

    tunnel = ""

    def do_CONNECT(self) -> None:
        host, _, port = self.path.rpartition(":")
        self.services.note(service="proxy", host=host)
        if not (host.startswith("sts.") and host.endswith(".aliyuncs.com") and port == "443"):
            self.reply(502, {}, page=True)
            return
        self.send_response(200)
        self.end_headers()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.services.authority.issue_cert(host).configure_cert(context)
        try:
            self.connection = context.wrap_socket(self.connection, server_side=True)
        except OSError:  # a client that doesn't trust it
            self.close_connection = True
            return
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.tunnel = host
        self.close_connection = False

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        query = urlsplit(self.path).query
        status, answer = self.services.give_session(self.tunnel, query, form)
        page = self.services.sts_status != 200
        self.reply(self.services.sts_status if page else status, answer, page=page)

    def finish(self) -> None:
        super().finish()
        if self.tunnel:
            self.connection.close()


@contextmanager
def _serving(handler: type[_Handler], services: Services) -> Iterator[str]:
    bound = type(handler.__name__, (handler,), {"services": services})
    server = ThreadingHTTPServer(("127.0.0.1", 0), bound)
    thread = Thread(target=lambda: server.serve_forever(poll_interval=0.05), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def token_services(folder: Path, *providers: str) -> Iterator[Services]:
    """Serve both token services, in threads; they trust these providers, or the usual one."""
    services = Services(folder, providers or (PROVIDER,))
    services.authority.cert_pem.write_to_path(services.ca_file)
    services.log.touch()
    with (
        _serving(_TokenHandler, services) as services.token_url,
        _serving(_ProxyHandler, services) as services.proxy_url,
    ):
        yield services


@contextmanager
def session_sandbox(world: World | None = None) -> Iterator[Sandbox]:
    """Serve a sandbox, in a thread, that knows the session's credentials and no others."""
    sandbox = Sandbox(
        world or sample_world(),
        access_key_id=KEY_ID,
        access_key_secret=KEY_SECRET,
        security_token=SECURITY_TOKEN,
    )
    with in_thread(sandbox):
        yield sandbox


def main(folder: Path) -> None:
    """Serve until standard input ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with token_services(folder) as services, session_sandbox() as sandbox:
        told = {
            "environment": services.environment,
            "endpoint": sandbox.url,
            "asked": str(services.log),
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
