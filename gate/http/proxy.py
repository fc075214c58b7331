"""The way to a host: straight where it is this machine, else through the environment's proxy.

aiohttp's own ``trust_env`` would also take logins from a netrc file, which replace or contradict a
request's own header; so the proxy is looked up here, in the environment that a run was given.
"""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from gate.errors import ServiceUnreachable
from gate.untrusted import remember_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yarl import URL

# What OpenSSL reads, by which the HTTP client trusts servers.
_TRUST = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy's URL without its login, and the headers that carry the login."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def proxy_for(url: URL, environment: Mapping[str, str]) -> Proxy | None:
    """Return the proxy for a URL, ``None`` to connect directly.

    Raises ``ServiceUnreachable``, which doesn't show the proxy's login, for one that can't be used:
    to connect directly then would go around what somebody has set.
    """
    text = _variable(environment, f"{url.scheme}_proxy")
    if not text or is_loopback(url.host) or _is_left_out(url, environment):
        return None
    try:
        return _parsed(text)
    except ValueError:
        raise ServiceUnreachable(
            f"The proxy for {url.scheme} can't be used: it is not an http or https URL.",
            f"Set {url.scheme.upper()}_PROXY to http://host:port, or NO_PROXY to hosts that need "
            "no proxy.",
        ) from None


def surroundings(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Say what of the environment stands between the gate and whom it asks, without a login.

    That is a proxy for https, unless no host uses it, and other certificates than the machine's.
    """
    notes = []
    text = _variable(environment, "https_proxy")
    if text and _variable(environment, "no_proxy") != "*":
        with suppress(ValueError):  # one that can't be used is an error where it is needed
            notes.append(f"HTTPS_PROXY is set: requests go through the proxy {_parsed(text).url}.")
    notes += [
        f"{name} is set: servers are trusted by the certificates in {environment[name]}."
        for name in _TRUST
        if environment.get(name)
    ]
    return tuple(notes)


def is_loopback(host: str | None) -> bool:
    """Tell whether a host, without port and brackets, is this machine itself."""
    if host == "localhost":
        return True
    return host is not None and is_address(host) and ip_address(host).is_loopback


def is_address(host: str) -> bool:
    """Tell whether a host is an IP address, without a zone."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def _variable(environment: Mapping[str, str], name: str) -> str:
    """Return a variable; in lower case it goes first, even where it is empty to unset the other."""
    return environment.get(name, environment.get(name.upper(), "")).strip()


def _is_left_out(url: URL, environment: Mapping[str, str]) -> bool:
    text = _variable(environment, "no_proxy").lower()
    host = (url.host or "").lower()
    names = (host, f"{host}:{url.port}")
    return text == "*" or any(
        _covers(entry.strip().lstrip("."), names) for entry in text.split(",")
    )


def _covers(entry: str, names: tuple[str, str]) -> bool:
    """Tell whether an entry of ``no_proxy`` is about a host, or about a domain that it is in."""
    return bool(entry) and any(name == entry or name.endswith(f".{entry}") for name in names)


def _parsed(text: str) -> Proxy:
    """Read a proxy's URL; raises ``ValueError`` for anything else, bytes that aren't UTF-8 too."""
    parts = urlsplit(text if "://" in text else f"http://{text}")
    name, port = parts.hostname, parts.port
    if parts.scheme not in {"http", "https"} or not name or not name.isprintable() or " " in name:
        raise ValueError
    authority = f"[{name}]" if ":" in name else name
    url = f"{parts.scheme}://{authority}" + (f":{port}" if port else "")
    if not parts.username:
        return Proxy(url)
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    encoded = base64.b64encode(login.encode()).decode()
    for secret in (parts.password or "", unquote(parts.password or ""), encoded):
        remember_secret(secret)
    return Proxy(url, {"Proxy-Authorization": f"Basic {encoded}"})
