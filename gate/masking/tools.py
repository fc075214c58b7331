"""Secrets that well-known tools take by short options, or from a pipe."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gate.masking.values import GAP, SPACE, argument_at, secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.masking.values import Span

_WORD = r"[^\s\"']++"


class _Tool(NamedTuple):
    """Calls of a tool, each up to its end, and in them the options that a secret follows.

    Without the word that it ``needs``, the option means something else. ``user`` says that the
    secret is the second half of ``user:password``.
    """

    call: re.Pattern[str]
    option: re.Pattern[str]
    needs: re.Pattern[str] | None
    user: bool


def _tool(name: str, option: str, *, needs: str = "", user: bool = False) -> _Tool:
    return _Tool(
        re.compile(rf"(?<![\w.-])(?:{name})(?=[\s\"'])[^;&|\n]*+"),
        re.compile(rf"(?<=[\s\"'])(?:{option})(?:=|{GAP})?(?=[^\s-])"),
        re.compile(rf"[\s\"']{needs}\b") if needs else None,
        user,
    )


_TOOLS = (
    _tool(r"mysql\w*|mariadb[\w-]*|sshpass", r"-p"),
    _tool(r"mysqladmin|mariadb-admin", rf"password(?={GAP})"),
    _tool(r"mongo\w*|useradd|usermod|7za?", r"-p"),
    _tool(r"sqlcmd|unzip|zip", r"-P"),
    _tool(r"redis-cli", r"-a"),
    _tool(r"ldap\w+", r"-w"),
    _tool(r"htpasswd", rf"-\w{{0,8}}n\w{{0,8}}{GAP}{_WORD}(?={GAP})"),
    _tool(r"htpasswd", rf"-[a-mo-z]{{0,8}}b[a-mo-z]{{0,8}}{GAP}{_WORD}{GAP}{_WORD}(?={GAP})"),
    _tool(r"curl", r"-[a-zA-Z]{0,8}[uU]|--user|--proxy-user", user=True),
    _tool(r"https?", r"-a|--auth", user=True),
    _tool(
        r"docker|podman|buildah|nerdctl|skopeo|crane|oras|helm|az|cf|oc|regctl",
        r"-p",
        needs="login",
    ),
)
_PRINTED = re.compile(
    rf"\b(?:echo|printf){SPACE}(?:-\w++{SPACE})*+(?:[\"']?%s(?:\\n)?[\"']?{SPACE})?"
)
_PIPED = re.compile(
    r"[\"']?\s{0,8}\|[^;&|\n]{0,160}?"
    r"(?:--password-stdin|--with-token|\bpasswd\b|(?P<user>\bchpasswd\b)|\bsudo\s{1,8}-S\b)"
)


def given_to_tools(text: str) -> Iterator[Span]:
    """Find ``mysql -psecret``, ``docker login -p secret``, ``curl -u user:secret`` and the like."""
    for tool in _TOOLS:
        for called in tool.call.finditer(text):
            if tool.needs is None or tool.needs.search(text, *called.span()):
                yield from _given(text, called.span(), tool)
    for printed in _PRINTED.finditer(text):
        value = argument_at(text, printed.end())
        if piped := _PIPED.match(text, value[1]):
            yield from secret(text, _password(text, value) if piped["user"] else value)


def _given(text: str, call: Span, tool: _Tool) -> Iterator[Span]:
    for option in tool.option.finditer(text, *call):
        value = argument_at(text, option.end())
        yield from secret(text, _password(text, value) if tool.user else value)


def _password(text: str, span: Span) -> Span:
    """Return the span of the password of ``user:password``, of the user where that is all."""
    start, end = span
    colon = text.find(":", start, end)
    if colon < 0:
        return (end, end)
    return (start, colon) if colon + 1 == end else (colon + 1, end)
