"""Why a connection failed, by the kind of exception alone: its text may hold a proxy's login."""

from __future__ import annotations

import errno
import ssl
from typing import TYPE_CHECKING

import aiohttp
from msgspec import Struct

from gate.http.troubles import Trouble

if TYPE_CHECKING:
    from gate.http.proxy import Proxy

_TLS = (
    "If a proxy of your organisation opens TLS connections, give its certificate authority in "
    "SSL_CERT_FILE; otherwise check {place} and the machine's clock."
)
_NETWORK = "Check {place}, the network, and the proxy (HTTPS_PROXY, NO_PROXY)."
_PROXY = "Check the proxy (HTTPS_PROXY) and its login, or leave this host out with NO_PROXY."


class _Cause(Struct, frozen=True):
    """What an exception means; ``lasts`` where trying again hardly helps."""

    exception: type[Exception]
    what: str
    remedy: str
    lasts: bool = False


# The first that fits counts, so a kind stands before those that it is a kind of.
_KINDS = (
    _Cause(aiohttp.ClientHttpProxyError, "{proxy} refused to connect", _PROXY, lasts=True),
    _Cause(aiohttp.ClientProxyConnectionError, "no connection to {proxy}", _PROXY),
    _Cause(aiohttp.ClientConnectorDNSError, "there is no such host (DNS)", _NETWORK),
    _Cause(
        aiohttp.ClientConnectorCertificateError,
        "its TLS certificate is not trusted",
        _TLS,
        lasts=True,
    ),
    _Cause(aiohttp.ClientSSLError, "the TLS handshake failed", _TLS, lasts=True),
    _Cause(ssl.SSLError, "TLS failed", _TLS, lasts=True),
    _Cause(TimeoutError, "no answer within the time limit of a request", _NETWORK),
    _Cause(aiohttp.ClientPayloadError, "the connection broke in the middle of an answer", _NETWORK),
    _Cause(
        aiohttp.ServerDisconnectedError, "the connection was closed without an answer", _NETWORK
    ),
    _Cause(ConnectionResetError, "the connection was reset", _NETWORK),
    _Cause(aiohttp.ClientConnectorError, "no connection", _NETWORK),
    _Cause(aiohttp.ClientResponseError, "its answer is not HTTP", _NETWORK, lasts=True),
)
# A proxy looks up the host's name itself; only its own is looked up here.
_BEHIND_A_PROXY = (
    _Cause(
        aiohttp.ClientConnectorDNSError, "there is no such host (DNS) as that of {proxy}", _PROXY
    ),
)


def explain(error: Exception, proxy: Proxy | None, place: str) -> Trouble:
    """Say what broke, and what to do about it.

    ``proxy`` is the one that was used, if any; ``place`` names, for a remedy, what says where to
    connect to.
    """
    kinds = _KINDS if proxy is None else _BEHIND_A_PROXY + _KINDS
    kind = next(
        (kind for kind in kinds if isinstance(error, kind.exception)),
        _Cause(Exception, f"the connection failed ({type(error).__name__})", _NETWORK),
    )
    named = "the proxy" if proxy is None else f"the proxy {proxy.url}"
    return Trouble(
        what=kind.what.format(proxy=named) + _detail(error),
        answered=isinstance(error, aiohttp.ClientPayloadError),
        lasts=kind.lasts,
        remedy=kind.remedy.format(place=place),
    )


def _detail(error: Exception) -> str:
    match error:
        case aiohttp.ClientHttpProxyError():
            return f" (status {error.status})"
        case aiohttp.ClientConnectorCertificateError():
            reason = getattr(error.certificate_error, "verify_message", "")
            return f" ({reason})" if reason else ""
        case aiohttp.ClientConnectorSSLError() | aiohttp.ClientConnectorDNSError():
            return ""
        case aiohttp.ClientConnectorError() if error.os_error.errno == errno.ECONNREFUSED:
            return " (refused)"
        case _:
            return ""
