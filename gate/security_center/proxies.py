"""The proxy for a host, from the environment or the system's settings.

aiohttp's own ``trust_env`` would also take logins from a netrc file, which replace or contradict
the signature's header; so the proxy is looked up here.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from gate.errors import ServiceUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy's URL without its login, and the headers that carry the login."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def proxy_for(
    host: str,
    proxies: Callable[[], Mapping[str, str]] = getproxies,
    bypass: Callable[[str], object] = proxy_bypass,
) -> Proxy | None:
    """Return the proxy for https to a host, ``None`` to connect directly.

    Raises ``ServiceUnreachable``, which doesn't show the proxy's login, for one that can't be used.
    """
    text = proxies().get("https", "")
    if not text or bypass(host):
        return None
    try:
        return _parsed(text)
    except ValueError:
        raise ServiceUnreachable(
            "The proxy for https can't be used: it is not an http or https URL.",
            "Set HTTPS_PROXY to http://host:port, or NO_PROXY to hosts that need no proxy.",
        ) from None


def _parsed(text: str) -> Proxy:
    """Read a proxy's URL; raises ``ValueError`` for what is none, bytes that aren't UTF-8 too."""
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
    return Proxy(url, {"Proxy-Authorization": f"Basic {encoded}"})
