"""One exchange with a host, bounded in time and size: what every client of the gate is built on.

It goes through the environment's proxy, follows no redirect and keeps no cookie; what breaks on the
way is said in words, and tried again while that may help. No HTTP client is loaded before the first
``Sender`` is looked up here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from gate.http.exchange import (
    NO_TIME,
    HttpRequest,
    HttpResponse,
    Trouble,
    intercepted,
    passing,
    unreadable,
)
from gate.http.proxy import Proxy, is_address, is_loopback, proxy_for
from gate.http.retry import Retry
from gate.http.service_clock import ServiceClock

if TYPE_CHECKING:
    from gate.http.sender import Sender

__all__ = [
    "NO_TIME",
    "HttpRequest",
    "HttpResponse",
    "Proxy",
    "Retry",
    "Sender",
    "ServiceClock",
    "Trouble",
    "intercepted",
    "is_address",
    "is_loopback",
    "passing",
    "proxy_for",
    "unreadable",
]


def __getattr__(name: str) -> object:
    if name != "Sender":
        raise AttributeError(name)
    return import_module("gate.http.sender").Sender
