"""JSON web tokens: their shape, and the claims that a trust policy looks at."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from gate.errors import GateError

# RFC 7515, the compact form. Alibaba Cloud's token service takes 4 to 20,000 characters.
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LONGEST = 20_000
_CLAIMS = ("iss", "aud", "sub")
_LONGEST_CLAIM = 200


def checked_token(text: str, otherwise: GateError) -> str:
    """Return a token that has the shape of one; raises ``otherwise``."""
    if len(text) > _LONGEST or not _SHAPE.fullmatch(text):
        raise otherwise
    return text


def claims_of(token: str) -> str:
    """Write the claims that a trust policy looks at, ``""`` where they can't be read.

    They say whose job it is and open nothing; the signature, which would, is left out.
    """
    payload = token.split(".")[1]
    try:
        decoded = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        claims = msgspec.json.decode(decoded, type=dict[str, object])
    except (binascii.Error, msgspec.MsgspecError, ValueError, RecursionError):
        return ""
    values = ((name, claims.get(name)) for name in _CLAIMS)
    return ", ".join(
        f"oidc:{name} {text[:_LONGEST_CLAIM]}" for name, text in values if isinstance(text, str)
    )
