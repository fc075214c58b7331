"""The signature ACS3-HMAC-SHA256, as pure functions.

The format is that of Alibaba Cloud's published "request syntax and signature method V3".
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gate.credentials import Credentials

_ALGORITHM = "ACS3-HMAC-SHA256"
EMPTY_BODY = hashlib.sha256(b"").hexdigest()


def canonical_query(parameters: Mapping[str, str]) -> str:
    """Return the query as it is signed; the same text must be sent."""
    pairs = ((_quoted(name), _quoted(parameters[name])) for name in sorted(parameters))
    return "&".join(f"{name}={value}" for name, value in pairs)


def request_headers(  # noqa: PLR0913 - each is a header
    *,
    host: str,
    action: str,
    version: str,
    date: datetime,
    nonce: str,
    security_token: str | None = None,
    access_key_id: str = "",
) -> dict[str, str]:
    """Return the headers to sign, for a request without a body; ``date`` is in UTC."""
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-version": version,
        "x-acs-date": f"{date:%Y-%m-%dT%H:%M:%SZ}",
        "x-acs-signature-nonce": nonce,
        "x-acs-content-sha256": EMPTY_BODY,
    }
    if security_token:
        headers["x-acs-accesskey-id"] = access_key_id
        headers["x-acs-security-token"] = security_token
    return headers


def authorization(
    query: str,
    headers: Mapping[str, str],
    credentials: Credentials,
    *,
    method: str = "POST",
    path: str = "/",
) -> str:
    """Return the Authorization header's value.

    ``query`` is what ``canonical_query`` returned. All of ``headers`` are signed; among them must
    be ``x-acs-content-sha256``, the hash of the body.
    """
    stripped = {name.lower(): value.strip() for name, value in headers.items()}
    names = sorted(stripped)
    signed = ";".join(names)
    lines = "".join(f"{name}:{stripped[name]}\n" for name in names)
    hashed_body = stripped["x-acs-content-sha256"]
    request = f"{method}\n{path}\n{query}\n{lines}\n{signed}\n{hashed_body}"
    to_sign = f"{_ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    secret = credentials.access_key_secret.encode()
    signature = hmac.new(secret, to_sign.encode(), hashlib.sha256).hexdigest()
    key_id = credentials.access_key_id
    return f"{_ALGORITHM} Credential={key_id},SignedHeaders={signed},Signature={signature}"


def _quoted(text: str) -> str:
    return quote(text, safe="~")
