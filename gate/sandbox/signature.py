"""Check a request's signature, ``ACS3-HMAC-SHA256``, over what arrived.

Written from the published description of request syntax and signature V3, independently of the
client's signing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes, unquote_to_bytes

from msgspec import Struct

from gate.sandbox.parameters import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHM = "ACS3-HMAC-SHA256"
TOLERANCE = timedelta(minutes=15)

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=(?P<key>[^,]*), *SignedHeaders=(?P<signed>[^,]*), *"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
_ALWAYS_SIGNED = frozenset(
    {
        "host",
        "x-acs-action",
        "x-acs-content-sha256",
        "x-acs-date",
        "x-acs-signature-nonce",
        "x-acs-version",
    }
)


class WireRequest(Struct, frozen=True):
    """A request as it came over the wire; the names of headers are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Keys:
    """The one pair of keys that is known, and the token that goes with it, if any."""

    id: str
    secret: str = field(repr=False)
    token: str | None = field(repr=False)


class Authenticator:
    """Lets a request in once: it remembers nonces as long as their date would be accepted."""

    def __init__(self) -> None:
        self._nonces: dict[str, datetime] = {}

    def admit(self, arrived: WireRequest, keys: Keys, now: datetime) -> None:
        """Raise ``Refusal`` unless the request is signed, on time, and new."""
        claimed = _AUTHORIZATION.fullmatch(arrived.headers.get("authorization", ""))
        signed = claimed["signed"].split(";") if claimed else []
        if claimed is None or _unsigned(arrived, signed):
            raise Refusal(
                400, "IncompleteSignature", "The request signature does not conform to standards."
            )
        if claimed["key"] != keys.id:
            raise Refusal(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        _check_token(arrived, keys)
        _check_date(arrived, now)
        right = hmac.compare_digest(claimed["signature"], sign(arrived, signed, keys.secret))
        body_hash = hashlib.sha256(arrived.body).hexdigest()
        if not right or arrived.headers["x-acs-content-sha256"] != body_hash:
            raise Refusal(
                400,
                "SignatureDoesNotMatch",
                "Specified signature is not matched with our calculation.",
            )
        self._spend(arrived.headers["x-acs-signature-nonce"], now)

    def _spend(self, nonce: str, now: datetime) -> None:
        oldest = now - 2 * TOLERANCE
        while self._nonces and next(iter(self._nonces.values())) < oldest:
            del self._nonces[next(iter(self._nonces))]
        if nonce in self._nonces:
            raise Refusal(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
        self._nonces[nonce] = now


def sign(arrived: WireRequest, signed: list[str], secret: str) -> str:
    """Return the signature, in lower-case hex, that the request should carry."""
    path, _, query = arrived.target.partition("?")
    headers = "".join(f"{name}:{arrived.headers[name].strip()}\n" for name in signed)
    canonical = "\n".join(
        (
            arrived.method,
            path or "/",
            _canonical_query(query),
            headers,
            ";".join(signed),
            hashlib.sha256(arrived.body).hexdigest(),
        )
    )
    text = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def decoded_pairs(query: str) -> list[tuple[bytes, bytes]]:
    """Split a raw query, or a form; ``+`` stands for a space, as in every form."""
    pairs = (part.partition("=") for part in query.split("&") if part)
    return [(_decoded(name), _decoded(value)) for name, _, value in pairs]


def _canonical_query(query: str) -> str:
    pairs = sorted(decoded_pairs(query))
    return "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in pairs)


def _decoded(text: str) -> bytes:
    return unquote_to_bytes(text.replace("+", " "))


def _encoded(text: bytes) -> str:
    return quote_from_bytes(text, safe="-_.~")


def _unsigned(arrived: WireRequest, signed: list[str]) -> bool:
    """Tell whether the list of signed headers lacks one, names an absent one, or isn't sorted."""
    must = {name for name in arrived.headers if name.startswith("x-acs-")} | _ALWAYS_SIGNED
    return not must <= set(signed) <= arrived.headers.keys() or signed != sorted(set(signed))


def _check_token(arrived: WireRequest, keys: Keys) -> None:
    token = arrived.headers.get("x-acs-security-token")
    if token == keys.token:
        return
    if token is None:
        raise Refusal(400, "MissingSecurityToken", "SecurityToken is mandatory for this action.")
    raise Refusal(
        400, "InvalidSecurityToken.Malformed", "The specified parameter SecurityToken is not valid."
    )


def _check_date(arrived: WireRequest, now: datetime) -> None:
    written = arrived.headers["x-acs-date"]
    try:
        date: datetime | None = datetime.strptime(written, "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        date = None
    if date is None or not written.endswith("Z"):
        raise Refusal(
            400, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formed."
        )
    if abs(date - now) > TOLERANCE:
        raise Refusal(
            400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired."
        )
