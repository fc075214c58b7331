"""What a keyless job asks beside Security Center: GitHub's token service, and Alibaba Cloud's STS.

One server plays both. STS has a name of its own, so it is reached as through a proxy.
"""

from __future__ import annotations

import base64
import json
import ssl
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import trustme

if TYPE_CHECKING:
    from collections.abc import Iterator

BEARER = "request-token-of-the-job"
SESSION = {
    "AccessKeyId": "STS.sample",
    "AccessKeySecret": "session-secret",
    "SecurityToken": "session-token",
    "Expiration": "2999-01-01T00:00:00Z",
}


def _part(claims: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


JOB_TOKEN = f"{_part({'alg': 'RS256'})}.{_part({'sub': 'repo:owner/shop'})}.signature"


@dataclass
class Cloud:
    """The services; ``asked`` holds the forms that STS got, ``hosts`` whom the proxy reached."""

    ca: trustme.CA = field(default_factory=trustme.CA)
    asked: list[dict[str, str]] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def serving(self) -> Iterator[Cloud]:
        """Listen on loopback from entry to exit."""
        with ThreadingHTTPServer(("127.0.0.1", 0), self._handler()) as server:
            self.url = f"http://127.0.0.1:{server.server_address[1]}"
            thread = Thread(target=server.serve_forever)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        cloud = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert("*.aliyuncs.com", "*.cn-hangzhou.aliyuncs.com").configure_cert(context)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                """Hand the job its token."""
                query = parse_qs(urlsplit(self.path).query)
                known = self.headers["Authorization"] == f"Bearer {BEARER}"
                right = query.get("audience") == ["sts.aliyuncs.com"]
                self._answer(200 if known and right else 401, {"value": JOB_TOKEN})

            def do_POST(self) -> None:
                """Exchange the job's token for a session."""
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: text for name, [text] in parse_qs(body).items()}
                cloud.asked.append(form)
                known = form["OIDCToken"] == JOB_TOKEN
                self._answer(200 if known else 400, {"RequestId": "1", "Credentials": SESSION})

            def do_CONNECT(self) -> None:
                """Be the host that is asked for."""
                cloud.hosts.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.connection = context.wrap_socket(self.connection, server_side=True)
                self.rfile = self.connection.makefile("rb")
                self.wfile = self.connection.makefile("wb", buffering=0)
                self.close_connection = False

            def finish(self) -> None:
                """Close the socket inside TLS too, which the server doesn't know of."""
                super().finish()
                self.connection.close()

            def _answer(self, status: int, answer: object) -> None:
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
                """Say nothing."""

        return Handler
