"""Registries as a caller names them: by host, or by a pattern of hosts."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def is_named(host: str, patterns: Iterable[str]) -> bool:
    """Tell whether a host, with its port where it has one, is one of these.

    In a pattern ``*`` stands for any characters, dots among them; nothing else is special, so that
    an IPv6 address in brackets is itself. Upper and lower case are the same, and port 443 is none.
    """
    plain = _plain(host)
    return any(fnmatchcase(plain, _only_stars(_plain(pattern))) for pattern in patterns)


def _plain(host: str) -> str:
    return host.lower().removesuffix(":443")


def _only_stars(pattern: str) -> str:
    """Take the meaning that fnmatch gives them from all characters but ``*``."""
    return pattern.replace("[", "[[]").replace("?", "[?]")
