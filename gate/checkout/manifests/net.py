"""The net under all readers: images of known registries, wherever in a text they stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gate.reference import ImageReference, is_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What JSON and shells write between or inside of names: the ends of lines, slashes, and the sign
# before the default of a variable.
_BREAK = re.compile(r"\\[nrtbfv]")
_SLASH = re.compile(r"\\/|\\u002[fF]|%2[fF]")
_DEFAULT = re.compile(r"(\$\{\w+:?)[-+?=]")
_LABELS = r"[A-Za-z0-9][A-Za-z0-9-]*+(?:\.[A-Za-z0-9-]++)*+"
_HOST = re.compile(
    rf"(?<![A-Za-z0-9.-])(?P<host>(?:{_LABELS}|\[[0-9A-Fa-f:]{{2,39}}\])(?::[0-9]{{1,5}})?)/"
)
_UNKNOWN = r"\$\{[^{}\s]*\}|\$\([^()\s]*\)|\$\w+|\{\{[^{}\n]*\}\}|\{[^{}\s]*\}|<\w[\w. -]*>|%\w+%"
_PATH = re.compile(rf"(?:[\w.:@+*/-]|{_UNKNOWN})*+", re.ASCII)
_IS_UNKNOWN = re.compile(r"[${}<>%]")
_TRAILING = "./:@+-"
# The versions of a registry's API are no repositories: https://HOST/v2/
_NO_REPOSITORY = frozenset({"", "v1", "v2"})
_PORT = re.compile(r":0*443\Z")


class Catch(NamedTuple):
    """A text that holds an image's name: the name, and the line of the text, counted from 0."""

    name: str
    line: int

    @property
    def is_whole(self) -> bool:
        """Whether all of the name stands there, except for a tag."""
        return not _IS_UNKNOWN.search(self.name) and self.name.count("/") > 1


class Net:
    """The registries that are known: those of Container Registry, and others by their patterns."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._hosts = hosts
        self._known: dict[str, bool] = {}

    def knows(self, host: str) -> bool:
        """Tell whether the registry at a host is known; its port may be written in any way."""
        if host not in self._known:
            plain = plain_host(host)
            region = ImageReference(plain, "", "", "").region
            self._known[host] = region is not None or is_named(plain, self._hosts)
        return self._known[host]

    def catches(self, text: str) -> Iterator[Catch]:
        """Yield the images of known registries that a text names anywhere.

        A name with a star in it is a pattern, and names none.
        """
        if "/" not in text and "\\u002" not in text and "%2" not in text:
            return
        text = _DEFAULT.sub(r"\1 ", _SLASH.sub("/", _BREAK.sub("  ", text)))
        line = done = 0
        for match in _HOST.finditer(text):
            host = match["host"]
            if not (_is_hostlike(host) and self.knows(host)):
                continue
            path = _PATH.match(text, match.end())
            name = path[0].rstrip(_TRAILING) if path else ""
            if "*" in name or name in _NO_REPOSITORY:
                continue
            line += text.count("\n", done, match.start())
            done = match.start()
            yield Catch(f"{host.lower()}/{name}", line)


def plain_host(host: str) -> str:
    """Return a host in lower case, with port 443 written in the usual way."""
    return _PORT.sub(":443", host.lower())


def _is_hostlike(host: str) -> bool:
    return "." in host or ":" in host or host.lower() == "localhost"
