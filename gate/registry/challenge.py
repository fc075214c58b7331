"""The challenge of a registry: how to ask for access, and whom (RFC 9110, section 11.6.1).

challenge = scheme [1*SP (token68 | parameter *("," parameter))]
parameter = token "=" (token | quoted-string)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, field
from yarl import URL

from gate.http import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_HEADER = 8192
_MOST_CHALLENGES = 16

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - the grammar's word for a word
_END = r"(?=[ \t]*(?:,|$))"
_PARAMETER = re.compile(
    rf'(?P<name>{_TOKEN})[ \t]*=[ \t]*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>{_TOKEN})){_END}'
)
_SCHEME = re.compile(rf"(?P<scheme>{_TOKEN})(?:[ \t]+[A-Za-z0-9._~+/-]+=*{_END}|(?=[ \t,]|$))")
_SEPARATORS = re.compile(r"[ \t,]*")
_ESCAPE = re.compile(r"\\(.)")

# Container Registry's own token service; also names served under a customer's domain use it.
_CONTAINER_REGISTRY_TOKENS = re.compile(r"dockerauth(?:-[a-z0-9]+)*\.[a-z0-9-]+\.aliyuncs\.com")

# Second-level names under which countries' registrars give out domains, such as co.uk, com.cn.
_SECOND_LEVELS = re.compile("ac|co|com|edu|go|gob|gouv|gov|ltd|me|mil|ne|net|nom|or|org|sch")
_COUNTRY = 2


class Challenge(Struct, frozen=True):
    """One way to authenticate; ``scheme`` and the parameters' names are lower case."""

    scheme: str
    parameters: dict[str, str] = field(default_factory=dict)


def parse_challenges(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """Read ``WWW-Authenticate`` headers, in their order.

    A header that is too long is skipped, and reading stops where the grammar is broken. Of a
    parameter that comes twice the first counts.
    """
    challenges: list[Challenge] = []
    for header in headers:
        if len(header) <= _LONGEST_HEADER:
            _parse_header(header, challenges)
    return tuple(challenges[:_MOST_CHALLENGES])


def _parse_header(header: str, challenges: list[Challenge]) -> None:
    current: Challenge | None = None
    position = 0
    while position < len(header) and len(challenges) < _MOST_CHALLENGES:
        position = _end(_SEPARATORS.match(header, position))
        if current and (match := _PARAMETER.match(header, position)):
            value = match["bare"] or _ESCAPE.sub(r"\1", match["quoted"] or "")
            current.parameters.setdefault(match["name"].lower(), value)
        elif match := _SCHEME.match(header, position):
            current = Challenge(match["scheme"].lower())
            challenges.append(current)
        else:
            return
        position = match.end()


def _end(match: re.Match[str] | None) -> int:
    return match.end() if match else 0


def trusted_realm(realm: str, registry: URL) -> URL | None:
    """Return the URL that a token may be asked of; ``None`` if it must not learn credentials.

    It must be ``https`` and under the registry's registrable domain, or Container Registry's own
    token service. A registry on loopback may name another place on loopback.
    """
    try:
        url = URL(realm)
    except ValueError:
        return None
    if not url.host or url.user is not None or url.password is not None or url.fragment:
        return None
    if is_loopback(registry.host) and is_loopback(url.host):
        return url if url.scheme in {"http", "https"} else None
    if url.scheme != "https" or is_loopback(url.host) or not registry.host:
        return None
    host = url.host.lower()
    if _CONTAINER_REGISTRY_TOKENS.fullmatch(host):
        return url
    return url if _registrable_domain(host) == _registrable_domain(registry.host) else None


def _registrable_domain(host: str) -> str:
    """Return the domain that one owner has; of an IP address, the address.

    A guess without the public suffix list, on the safe side for the shapes that it knows: two
    labels, or three below second levels of countries.
    """
    host = host.lower().rstrip(".")
    labels = host.split(".")
    if ":" in host or labels[-1].isdigit():
        return host
    *_, second, last = ["", *labels]
    kept = 3 if len(last) == _COUNTRY and _SECOND_LEVELS.fullmatch(second) else 2
    return ".".join(labels[-kept:])
