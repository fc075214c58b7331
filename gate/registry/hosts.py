"""Which registries may be contacted, and at which URL."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from yarl import URL

from gate.host_patterns import is_named

if TYPE_CHECKING:
    from collections.abc import Collection

    from gate.reference import ImageReference


def registry_url(reference: ImageReference, hosts: Collection[str]) -> URL | None:
    """Return the URL of a reference's registry; ``None`` if it must not be contacted.

    Contacted are Container Registry and ``hosts``, names or patterns (``*.example.com``). Plain
    HTTP is for loopback alone, where no certificate can be had.
    """
    if reference.registry_type != "acr" and not is_named(reference.host, hosts):
        return None
    url = URL(f"https://{reference.host.lower().removesuffix(':443')}")
    return url.with_scheme("http") if is_loopback(url.host) else url


def is_loopback(name: str | None) -> bool:
    """Tell whether a host name, without port and brackets, is this machine's own."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name or "").is_loopback
    except ValueError:
        return False
