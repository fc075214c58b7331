"""Write instructions and build commands in the one way in which they are compared.

Histories lose quotes, commas and flags, show some arguments as Go prints its structures, and put
words around others:

    USER root                                          a Dockerfile, BuildKit, kaniko
    RUN |1 VERSION=7 /bin/sh -c make # buildkit        BuildKit
    /bin/sh -c #(nop) USER root                        the classic builder, buildah
    |1 VERSION=7 /bin/sh -c make                       the same, of RUN
    cmd /S /C make                                     the same, on Windows
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gate.checkout.dockerfile.instructions import FLAGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_QUOTING = str.maketrans("[],", "   ", "\"'\\`")
_FLAGGED = frozenset({"RUN", "COPY", "ADD"})
_UNFLAGGED = frozenset({"CMD", "ENTRYPOINT"})
_RUN = frozenset({"RUN", *_UNFLAGGED})
_LEGACY_PAIR = re.compile(r"\A([^ =]+) ")
_STAGE_NAME = re.compile(r"(?i) AS \S+\Z")
# HEALTHCHECK &{["CMD-SHELL" "curl …"] "30s" "3s" "0s" "0s" '\x03'}
_CHECK_KIND = re.compile(r"(?i)\A(?:&\{ )?CMD(?:-SHELL)? (?=\S)")
_CHECK_TIMES = re.compile(r"(?: \d[^ ]{0,30}s){2,6} [^ ]{0,8} ?\}\Z")
_PORT_MAP = re.compile(r"\Amap |:\{\}")
# All below are for text whose white space is single spaces.
_BUILDKIT = re.compile(r" # ?buildkit\Z")
_NO_OPERATION = re.compile(r"[^#]{0,300}#\(nop\) ?")
_KEYWORD = re.compile(r"([A-Za-z]+)(?= |\[|\Z)")
_SHELL = (
    r"(?:/[\w./+-]{0,100}/)?(?:ba|da|a|z|k)?sh(?: -o \w+| -[\w-]+){0,8}? -\w*c"
    r"|(?i:(?:\S{0,100}[:/])?cmd(?:\.exe)?(?: /[sv](?::\w+)?){0,4} /c)"
    r"|(?i:(?:\S{0,100}[:/])?(?:powershell|pwsh)(?:\.exe)?(?: -(?!c)\w+| \w+){0,8} -c(?:ommand)?)"
)
_BUILD_ARGUMENTS = re.compile(r"\|(\d{1,4})(?= )")


class Key(NamedTuple):
    """What an instruction is compared by: its keyword, and its arguments in canonical form."""

    keyword: str
    text: str


def keys_of(keyword: str, arguments: str) -> list[Key]:
    """Return the keys of an instruction: with its flags if it has any, and without."""
    key = Key(keyword, canonical(keyword, arguments))
    with_flags = Key(keyword, _plain(arguments))
    return [with_flags, key] if keyword in _FLAGGED and key != with_flags else [key]


def canonical(keyword: str, arguments: str) -> str:
    """Return the arguments without flags, quotes, brackets and commas, with single spaces."""
    if keyword not in _UNFLAGGED:
        arguments = FLAGS.sub("", arguments.lstrip(), count=1)
    text = _plain(arguments)
    return _WAYS[keyword](text) if keyword in _WAYS else text


def shells(others: Iterable[str]) -> re.Pattern[str]:
    """Return what finds a shell before its command: one known here, or one of ``others``.

    These are what SHELL names, in canonical form.
    """
    return re.compile(rf"(?<!\S)(?:{'|'.join([*map(re.escape, others), _SHELL])}) ")


def readings(command: str, shell: re.Pattern[str]) -> list[Key]:
    """Return what a build command may stand for."""
    text = _BUILDKIT.sub("", " ".join(command.replace("\0", "").split()))
    nothing_run = _NO_OPERATION.match(text)
    text = text[nothing_run.end() :] if nothing_run else text
    word = _KEYWORD.match(text)
    keyword = word[1].upper() if word else ""
    ways = [(keyword, text[len(keyword) :])] if keyword in KEYWORDS else []
    if text and keyword != "RUN" and not nothing_run:
        ways.append(("RUN", text))
    keys = [key for way in ways for key in keys_of(*way)]
    return [*keys, *(inner for key in keys for inner in _in_shell(key, shell))]


def _in_shell(key: Key, shell: re.Pattern[str]) -> Iterator[Key]:
    """Yield the command without build arguments before it, and without the shell that runs it."""
    keyword, text = key
    if keyword not in _RUN:
        return
    given = _BUILD_ARGUMENTS.match(text)
    start = given.end() if given else 0
    # The value of an argument may hold spaces, so that a shell tells best where the command begins.
    if runs := shell.search(text, start) if given else shell.match(text):
        yield Key(keyword, text[runs.end() :])
    words = text.split(" ", int(given[1]) + 1) if given else []
    if given and len(words) > int(given[1]) + 1:
        yield Key(keyword, words[-1])


def _plain(arguments: str) -> str:
    return " ".join(arguments.translate(_QUOTING).split())


def _ports(text: str) -> str:
    """Write ports in order, each with its protocol."""
    ports = _PORT_MAP.sub("", text).lower().split()
    return " ".join(sorted(port if "/" in port else f"{port}/tcp" for port in ports))


_WAYS: dict[str, Callable[[str], str]] = {
    "COPY": lambda text: text.replace("<<-", "<<"),
    "ADD": lambda text: text.replace("<<-", "<<"),
    "ENV": lambda text: _LEGACY_PAIR.sub(r"\1=", text),
    "LABEL": lambda text: _LEGACY_PAIR.sub(r"\1=", text),
    "HEALTHCHECK": lambda text: _CHECK_TIMES.sub("", _CHECK_KIND.sub("", text)),
    "FROM": lambda text: _STAGE_NAME.sub("", text),
    "EXPOSE": _ports,
    "ONBUILD": lambda text: re.sub(r"\A\w+", lambda word: word[0].upper(), text),
    "WORKDIR": lambda text: text.rstrip("/") or text[:1],
}
KEYWORDS = frozenset({*_WAYS, *_RUN, "ARG", "MAINTAINER", "SHELL", "STOPSIGNAL", "USER", "VOLUME"})
