"""Why a connection failed, by the kind of exception alone: its text may hold a proxy's login."""

from __future__ import annotations

import errno
import ssl
from typing import TYPE_CHECKING

import aiohttp

from gate.security_center.faults import Trouble

if TYPE_CHECKING:
    from gate.security_center.proxies import Proxy

_TLS = (
    "If a proxy of your organisation opens TLS connections, give its certificate authority in "
    "SSL_CERT_FILE; otherwise check the endpoint (--endpoint) and the machine's clock."
)
_NETWORK = "Check the endpoint (--endpoint), the network, and the proxy (HTTPS_PROXY, NO_PROXY)."
_PROXY = "Check the proxy (HTTPS_PROXY) and its login, or leave this host out with NO_PROXY."


def explain(error: Exception, proxy: Proxy | None = None) -> Trouble:
    """Say what broke, and what to do about it; ``proxy`` is the one that was used, if any."""
    kinds = _KINDS if proxy is None else _BEHIND_A_PROXY + _KINDS
    what, remedy = next(
        ((what, remedy) for kind, what, remedy in kinds if isinstance(error, kind)),
        (f"the connection failed ({type(error).__name__})", _NETWORK),
    )
    named = "the proxy" if proxy is None else f"the proxy {proxy.url}"
    return Trouble(
        what=what.format(proxy=named) + _detail(error),
        answered=isinstance(error, aiohttp.ClientPayloadError),
        remedy=remedy,
    )


# The first that fits counts, so a kind stands before those that it is a kind of.
_KINDS: tuple[tuple[type[Exception], str, str], ...] = (
    (aiohttp.ClientHttpProxyError, "{proxy} refused to connect", _PROXY),
    (aiohttp.ClientProxyConnectionError, "no connection to {proxy}", _PROXY),
    (aiohttp.ClientConnectorDNSError, "there is no such host (DNS)", _NETWORK),
    (aiohttp.ClientConnectorCertificateError, "its TLS certificate is not trusted", _TLS),
    (aiohttp.ClientSSLError, "the TLS handshake failed", _TLS),
    (ssl.SSLError, "TLS failed", _TLS),
    (TimeoutError, "no answer within the time limit of a request", _NETWORK),
    (aiohttp.ClientPayloadError, "the connection broke in the middle of an answer", _NETWORK),
    (aiohttp.ServerDisconnectedError, "the connection was closed without an answer", _NETWORK),
    (ConnectionResetError, "the connection was reset", _NETWORK),
    (aiohttp.ClientConnectorError, "no connection", _NETWORK),
)
# A proxy looks up the host's name itself; only its own is looked up here.
_BEHIND_A_PROXY: tuple[tuple[type[Exception], str, str], ...] = (
    (aiohttp.ClientConnectorDNSError, "there is no such host (DNS) as that of {proxy}", _PROXY),
)


def _detail(error: Exception) -> str:
    match error:
        case aiohttp.ClientHttpProxyError():
            return f" (status {error.status})"
        case aiohttp.ClientConnectorCertificateError():
            told = getattr(error.certificate_error, "verify_message", "")
            return f" ({told})" if told else ""
        case aiohttp.ClientConnectorSSLError() | aiohttp.ClientConnectorDNSError():
            return ""
        case aiohttp.ClientConnectorError() if error.os_error.errno == errno.ECONNREFUSED:
            return " (refused)"
        case _:
            return ""
