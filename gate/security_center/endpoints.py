"""Endpoints: which deployment serves a region, and which text may name another.

An endpoint is written as ``host`` or ``host:port`` and means https; only loopback may be
``http://host:port``.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from gate.errors import UsageError
from gate.http import is_address, is_loopback

# The reference of Security Center: mainland China, Hong Kong and the finance and government
# clouds are one deployment, everything else is another.
_CHINA = "tds.cn-shanghai.aliyuncs.com"
_REST = "tds.ap-southeast-1.aliyuncs.com"

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
# A name that ends in a number is an address written oddly, or nothing (as in the URL standard).
_HOST = re.compile(rf"(?=.{{1,253}}\Z)(?!(?:.*\.)?[0-9]+\.?\Z){_LABEL}(?:\.{_LABEL})*\.?")
_REMEDY = "Give a host such as tds.cn-shanghai.aliyuncs.com, or a URL with nothing but a host."
_PORTS = {"http": 80, "https": 443}


def endpoint_for(region: str) -> str:
    """Return the endpoint that serves images of a region."""
    return _CHINA if region.startswith("cn-") else _REST


def parse_endpoint(text: str) -> str:
    """Return an endpoint in its one way of writing, from a host or a URL.

    Raises ``UsageError``, which doesn't repeat the text because it may hold a password, for plain
    http to anything but loopback, and for URLs with a user, a path, a query or a fragment.
    """
    text = text.strip()
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise UsageError("The endpoint has a character that no host name has.", _REMEDY)
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise UsageError("The endpoint is not a host or URL.", _REMEDY) from None
    if parts.scheme not in _PORTS:
        raise UsageError("The endpoint is neither an http nor an https URL.", _REMEDY)
    if "@" in text:
        raise UsageError("The endpoint holds a user name or password.", _REMEDY)
    if parts.path not in {"", "/"} or "?" in text or "#" in text:
        raise UsageError("The endpoint has a path, a query or a fragment.", _REMEDY)
    if port == 0 or not (is_address(host) or _HOST.fullmatch(host)):
        raise UsageError("The endpoint is not a host name, or its port is not one.", _REMEDY)
    if parts.scheme == "http" and not is_loopback(host):
        raise UsageError(
            f"The endpoint http://{host} would be asked without encryption.",
            "Use https; plain http is for loopback only (127.0.0.1, ::1, localhost).",
        )
    authority = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS[parts.scheme]:
        authority += f":{port}"
    return authority if parts.scheme == "https" else f"http://{authority}"


def url_of(endpoint: str) -> str:
    """Return the URL of an endpoint that ``parse_endpoint`` wrote, without a slash at its end."""
    return endpoint if endpoint.startswith("http://") else f"https://{endpoint}"


def authority_of(endpoint: str) -> str:
    """Return the host, and the port unless it is the scheme's own: what a Host header says."""
    return endpoint.removeprefix("http://")
