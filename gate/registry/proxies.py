"""The proxy for a URL, from the environment's variables.

aiohttp's own ``trust_env`` would also take logins from a netrc file, for hosts and headers that
it does not know; so the proxy is looked up here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yarl import URL

from gate.registry.hosts import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping


def proxy_for(url: URL, environment: Mapping[str, str]) -> URL | None:
    """Return the proxy's URL, which may hold a login; ``None`` to connect directly."""
    proxy = _variable(environment, f"{url.scheme}_proxy")
    if not proxy or not url.host or is_loopback(url.host):
        return None
    if any(_covers(entry, url) for entry in _variable(environment, "no_proxy").split(",")):
        return None
    try:
        found = URL(proxy if "://" in proxy else f"http://{proxy}")
    except ValueError:
        return None
    return found if found.scheme in {"http", "https"} and found.host else None


def _covers(entry: str, url: URL) -> bool:
    """Tell whether one entry of ``no_proxy`` is about a URL: a domain, maybe with a port."""
    name = entry.strip().lower().lstrip(".")
    host = (url.host or "").lower()
    names = {host, f"{host}:{url.port}"}
    return name == "*" or name in names or any(one.endswith(f".{name}") for one in names if name)


def _variable(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.upper()) or ""
