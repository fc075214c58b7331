"""The token service of a registry: it trades a login, or a refresh token, for a signed token."""

from __future__ import annotations

import base64
import json
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REFRESH_TOKEN = "sample-refresh-token"

_ISSUER = "sample-issuer"
_SERVICE = "sample-registry"


@dataclass
class TokenServer:
    """What the server knows, and the requests that it got, as ``METHOD scope``."""

    certificate: Path
    username: str
    password: str = field(repr=False)
    realm: str = ""
    seen: list[str] = field(default_factory=list)
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1()), repr=False
    )

    def registry_settings(self) -> dict[str, str]:
        """Return the part ``auth.token`` of the registry's configuration."""
        return {
            "realm": self.realm,
            "service": _SERVICE,
            "issuer": _ISSUER,
            "rootcertbundle": str(self.certificate),
        }

    def sign(self, name: str, actions: list[str]) -> str:
        """Sign a token that allows actions on a repository, as distribution reads it."""
        now = int(time.time())
        header = {"typ": "JWT", "alg": "ES256", "kid": self._key_id()}
        claims = {
            "iss": _ISSUER,
            "sub": self.username,
            "aud": _SERVICE,
            "exp": now + 300,
            "nbf": now - 10,
            "iat": now - 10,
            "jti": str(time.monotonic_ns()),
            "access": [{"type": "repository", "name": name, "actions": actions}],
        }
        signed = ".".join(_base64(json.dumps(part).encode()) for part in (header, claims))
        first, second = decode_dss_signature(
            self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
        )
        return f"{signed}.{_base64(first.to_bytes(32, 'big') + second.to_bytes(32, 'big'))}"

    def write_certificate(self) -> None:
        """Write the certificate by which the registry knows this server's signatures."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _ISSUER)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .sign(self.key, hashes.SHA256())
        )
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _key_id(self) -> str:
        """Return the key's fingerprint as github.com/docker/libtrust writes it."""
        der = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        letters = base64.b32encode(sha256(der).digest()[:30]).decode()
        return ":".join(letters[start : start + 4] for start in range(0, len(letters), 4))

    def answer(self, method: str, query: str, authorization: str) -> tuple[int, dict[str, str]]:
        """Answer a request: anonymous callers and wrong logins get no token."""
        asked = parse_qs(query)
        scope = asked.get("scope", [""])[0]
        self.seen.append(f"{method} {scope}")
        pair = f"{self.username}:{self.password}".encode()
        if method == "POST":
            allowed = asked.get("refresh_token") == [REFRESH_TOKEN]
        else:
            allowed = authorization == f"Basic {base64.b64encode(pair).decode()}"
        if not allowed or asked.get("service") != [_SERVICE]:
            return 401, {}
        _, name, actions = scope.split(":")
        token = self.sign(name, actions.split(","))
        return 200, {"access_token" if method == "POST" else "token": token}


@contextmanager
def running_token_server(folder: Path, username: str, password: str) -> Iterator[TokenServer]:
    """Serve tokens on loopback, in a thread."""
    tokens = TokenServer(folder / "token.pem", username, password)
    tokens.write_certificate()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(tokens))
    server.daemon_threads = True
    tokens.realm = f"http://127.0.0.1:{server.server_address[1]}/token"
    thread = Thread(target=lambda: server.serve_forever(poll_interval=0.05), daemon=True)
    thread.start()
    try:
        yield tokens
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(tokens: TokenServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(urlsplit(self.path).query)

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            self._reply(self.rfile.read(length).decode())

        def _reply(self, query: str) -> None:
            status, answer = tokens.answer(
                self.command, query, self.headers.get("Authorization", "")
            )
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
            """Keep the tests' output clean."""

    return Handler


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
