"""Write an instruction's arguments in the one way in which all ways of writing them are compared.

Histories lose quotes, commas and flags, and show some arguments as Go prints its structures. What
is lost in one of them is left out here, so that a Dockerfile's text and a history's become equal.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.dockerfile.arguments import flags, strings

if TYPE_CHECKING:
    from collections.abc import Callable

_LINE_END = re.compile(r"\\[ \t]*\r?\n")
_QUOTING = str.maketrans("", "", "\"'\\`")
# HEALTHCHECK &{["CMD-SHELL" "curl …"] "30s" "3s" "0s" "0s" '\x03'}
_CHECK = re.compile(r"&\{(\[(?:[^\"\]]|\"(?:[^\"\\]|\\.)*+\")*+\])", re.DOTALL)
_CHECK_KIND = re.compile(r"(?i)CMD(?:-SHELL)?\s++(?=\S)")
_STAGE_NAME = re.compile(r"(?i)\sAS\s+\S+\s*\Z")
_PORT = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?(?:/([A-Za-z]+))?")
_MAP = re.compile(r"map\[|:\{\}|[\[\],]")
_NOT_LEGACY = re.compile(r"[^\s=]*+=")


def canonical(keyword: str, arguments: str) -> str:
    """Return the arguments as they are compared, without flags."""
    return _WAYS.get(keyword, _plain)(arguments)


def _command(arguments: str) -> str:
    """Write a shell's command, or the words of the exec form."""
    listed = strings(arguments.strip())
    return spaced(arguments if listed is None else " ".join(listed))


def _run(arguments: str) -> str:
    return _command(flags(arguments.lstrip())[1])


def _plain(arguments: str) -> str:
    return spaced(arguments.translate(_QUOTING))


def _list(arguments: str) -> str:
    """Write words that stand alone, in a list, or in brackets without quotes."""
    listed = strings(arguments.strip())
    if listed is not None:
        return _plain(" ".join(listed))
    return _plain(arguments.strip().removeprefix("[").removesuffix("]"))


def _copy(arguments: str) -> str:
    return _list(flags(arguments.lstrip())[1]).replace("<<-", "<<")


def _pairs(arguments: str) -> str:
    """Write ``NAME value`` as ``NAME=value``."""
    plain = _plain(arguments)
    return plain if _NOT_LEGACY.match(plain) else plain.replace(" ", "=", 1)


def _check(arguments: str) -> str:
    """Write the command of a health check, without its times."""
    shown = _CHECK.match(arguments.lstrip())
    if shown:
        arguments = " ".join(strings(shown[1]) or [])
    _, kind = flags(arguments.lstrip())
    return _command(_CHECK_KIND.sub("", kind, count=1) if _CHECK_KIND.match(kind) else kind)


def _from(arguments: str) -> str:
    return _STAGE_NAME.sub("", _plain(flags(arguments.lstrip())[1]))


def _ports(arguments: str) -> str:
    """Write ports as sorted ranges for each protocol; what is no port is left as it is."""
    written = _MAP.sub(" ", _plain(arguments)).split()
    matches = [_PORT.fullmatch(port) for port in written]
    ranges: list[tuple[str, int, int]] = []
    for port in matches:
        if port is None:
            return " ".join(sorted(written))
        ranges.append(((port[3] or "tcp").lower(), int(port[1]), int(port[2] or port[1])))
    merged: list[tuple[str, int, int]] = []
    for protocol, first, last in sorted(ranges):
        if merged and merged[-1][0] == protocol and first <= merged[-1][2] + 1:
            _, begin, end = merged.pop()
            merged.append((protocol, begin, max(last, end)))
        else:
            merged.append((protocol, first, last))
    return " ".join(f"{first}-{last}/{protocol}" for protocol, first, last in merged)


def _trigger(arguments: str) -> str:
    written, _, rest = spaced(arguments).partition(" ")
    keyword = written.upper()
    return f"{keyword} {_plain(rest) if keyword == 'ONBUILD' else canonical(keyword, rest)}"


def _directory(arguments: str) -> str:
    plain = _plain(arguments)
    return plain.rstrip("/") or plain[:1]


def spaced(text: str) -> str:
    """Return the text on one line, with one space where white space is."""
    return " ".join((_LINE_END.sub("", text) if "\n" in text else text).split())


_WAYS: dict[str, Callable[[str], str]] = {
    "RUN": _run,
    "CMD": _command,
    "ENTRYPOINT": _command,
    "SHELL": _list,
    "VOLUME": _list,
    "COPY": _copy,
    "ADD": _copy,
    "ENV": _pairs,
    "LABEL": _pairs,
    "HEALTHCHECK": _check,
    "FROM": _from,
    "EXPOSE": _ports,
    "ONBUILD": _trigger,
    "WORKDIR": _directory,
}
KEYWORDS = frozenset({*_WAYS, "ARG", "MAINTAINER", "STOPSIGNAL", "USER"})
