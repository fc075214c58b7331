"""Read a layer's build command, as a Dockerfile or a history of any builder writes it.

USER root                                          a Dockerfile, BuildKit, kaniko
RUN |1 VERSION=7 /bin/sh -c make # buildkit        BuildKit
/bin/sh -c #(nop) USER root                        the classic builder, buildah
|1 VERSION=7 /bin/sh -c make                       the same, of RUN
cmd /S /C make                                     the same, on Windows
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gate.dockerfile.arguments import flags, unquoted
from gate.dockerfile.canonical import KEYWORDS, canonical, spaced

if TYPE_CHECKING:
    from collections.abc import Iterator

# All of these are for text whose white space is single spaces.
_BUILDKIT = re.compile(r" # ?buildkit\Z")
_NO_OPERATION = re.compile(r"[^#]{0,300}#\(nop\) ?")
_KEYWORD = re.compile(r"([A-Za-z]+)(?= |\[|\Z)")
_FOLDER = r"(?:[^\s\"]{0,100}[\\/])?"
_SHELL = re.compile(
    r"(?<!\S)(?:"
    r"(?:/[\w./+-]{0,100}/)?(?:ba|da|a|z|k)?sh(?: -o \w+| -[\w-]+){0,8}? -\w*c"
    rf"|(?i:{_FOLDER}cmd(?:\.exe)?(?: /[sv](?::\w+)?){{0,4}} /c)"
    rf"|(?i:{_FOLDER}(?:powershell|pwsh)(?:\.exe)?(?: -(?!c)\w+| \w+){{0,8}} -c(?:ommand)?)"
    r") "
)
_BUILD_ARGUMENTS = re.compile(r"\|(\d{1,4})(?= )")
_ARGUMENT = re.compile(r" [A-Za-z_][\w.-]*+=")
_FLAGGED = frozenset({"RUN", "COPY", "ADD"})


class Key(NamedTuple):
    """What an instruction is compared by: its keyword, and its arguments in canonical form."""

    keyword: str
    text: str


def keys(command: str) -> list[Key]:
    """Return what a build command may stand for, the most literal reading first."""
    text = _BUILDKIT.sub("", spaced(command))
    found: dict[Key, None] = {}
    for keyword, arguments in _readings(text):
        found.update(dict.fromkeys(keys_of(keyword, arguments)))
    return list(found)


def keys_of(keyword: str, arguments: str) -> list[Key]:
    """Return the keys of an instruction: with its flags if it has any, and without."""
    key = Key(keyword, canonical(keyword, arguments))
    given = flags(arguments)[0] if keyword in _FLAGGED else []
    return [Key(keyword, f"{unquoted(' '.join(sorted(given)))} {key.text}")] * bool(given) + [key]


def _readings(text: str) -> Iterator[tuple[str, str]]:
    nop = _NO_OPERATION.match(text)
    if nop:
        text = text[nop.end() :]
    keyword = _KEYWORD.match(text)
    if keyword and keyword[1].upper() in KEYWORDS:
        name, arguments = keyword[1].upper(), text[keyword.end() :].lstrip()
        if name == "RUN":
            yield from _runs(arguments)
        elif name in {"CMD", "ENTRYPOINT"}:
            yield from _in_shell(name, canonical(name, arguments))
        else:
            yield name, arguments
    if text and not nop:
        yield from _runs(text)


def _runs(text: str) -> Iterator[tuple[str, str]]:
    """Read a command that was run: as it stands, and without build arguments and shell."""
    yield "RUN", text
    command = flags(text)[1]
    given = _BUILD_ARGUMENTS.match(command)
    if given is None:
        yield from _in_shell("RUN", command)
        return
    start = _last_argument(command, given.end(), int(given[1]))
    if start is None:
        return
    shell = _SHELL.search(command, start)
    if shell:
        yield "RUN", command[shell.end() :]
    # The value may hold spaces, so that this is the less likely reading.
    yield "RUN", command[start:].partition(" ")[2]


def _last_argument(command: str, start: int, count: int) -> int | None:
    """Return where the value of the last build argument begins; ``None`` if there are fewer."""
    for _ in range(count):
        argument = _ARGUMENT.search(command, start)
        if argument is None:
            return None
        start = argument.end()
    return start


def _in_shell(keyword: str, command: str) -> Iterator[tuple[str, str]]:
    yield keyword, command
    shell = _SHELL.match(command)
    if shell:
        yield keyword, command[shell.end() :]
