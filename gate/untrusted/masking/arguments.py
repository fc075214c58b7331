"""Secrets that are arguments: after an option or a word, of a well-known tool, from a pipe."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gate.untrusted.masking.names import suggests_secret
from gate.untrusted.masking.spans import GAP, SPACE, argument_at, secret, secrets_behind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.untrusted.masking.spans import Span

# --password value, -Password:value, /password:value
_OPTION = re.compile(rf"(?<![\w.-])--?([A-Za-z][\w.-]*+){GAP}(?!-)")
_COLON_OPTION = re.compile(r"(?<![\w./:-])(?:--?|/)([A-Za-z][\w-]*+):(?=[^\s/\\:])")
# The options of build secrets: docker build --secret id=npm,src=.npmrc
_BUILD_SECRET = ("id=", "type=", "src=")
_SWITCHES = rf"(?:(?:--?|/)\w[\w-]*+{GAP})*+"
_SETTING = re.compile(
    rf"\b(?:(?:config|configure|npm|pnpm|yarn){GAP}set|setx){GAP}{_SWITCHES}([^\s\"']++){GAP}"
)
# What the tools of languages keep for a host.
_HOST_SETTING = re.compile(
    rf"\b(?:poetry|composer){GAP}config{GAP}{_SWITCHES}"
    rf"(?:http-basic\.[^\s\"']++{GAP}[^\s\"']++"
    rf"|(?:pypi-token|github-oauth|gitlab-oauth|gitlab-token|bearer)\.[^\s\"']++){GAP}"
)
# A line of .netrc, SQL, OpenSSL's way to name a password, a line of redis.conf, PowerShell.
_WORDS = re.compile(
    rf"(?i)\blogin{SPACE}\S{{1,200}}{SPACE}password{SPACE}"
    rf"|\bidentified{SPACE}(?:with{SPACE}\S{{1,200}}{SPACE})?by{SPACE}(?:password{SPACE})?"
    rf"|\bpassword(?:{SPACE}|\()(?=\\{{0,8}}')|(?<![\w-])pass:(?=\S)"
    rf"|\b(?:requirepass|masterauth){SPACE}"
    rf"|\bconvertto-securestring{SPACE}(?:-(?:string|asplaintext|force){SPACE})*+(?!-)"
)


def in_options(text: str) -> Iterator[Span]:
    """Find ``--password value``, also where each stands in a JSON string of its own."""

    def value(name: re.Match[str]) -> Span:
        return argument_at(text, name.end())

    for pattern in (_OPTION, _COLON_OPTION):
        options = (
            option
            for option in pattern.finditer(text)
            if suggests_secret(option[1]) and not text.startswith(_BUILD_SECRET, option.end())
        )
        yield from secrets_behind(text, options, value)
    settings = (
        setting
        for setting in _SETTING.finditer(text)
        if suggests_secret(setting[1].rpartition(":")[2])
    )
    yield from secrets_behind(text, settings, value)
    yield from secrets_behind(text, _HOST_SETTING.finditer(text), value)
    yield from secrets_behind(text, _WORDS.finditer(text), value)


_WORD = r"[^\s\"']++"


class _Tool(NamedTuple):
    """Calls of a tool, each up to its end, and in them the options that a secret follows.

    Without the word that it ``needs``, the option means something else. The secret is what stands
    after the first ``divider``, as in ``user:password``, or all where it is empty.
    """

    call: re.Pattern[str]
    option: re.Pattern[str]
    needs: re.Pattern[str] | None
    divider: str


def _tool(name: str, option: str, *, needs: str = "", divider: str = "") -> _Tool:
    return _Tool(
        re.compile(rf"(?<![\w.-])(?:{name})(?=[\s\"'])[^;&|\n]*+"),
        re.compile(rf"(?<=[\s\"'])(?:{option})(?:=|{GAP})?(?=[^\s-])"),
        re.compile(rf"[\s\"']{needs}\b") if needs else None,
        divider,
    )


_TOOLS = (
    _tool(r"mysql\w*|mariadb[\w-]*|sshpass", r"-p"),
    _tool(r"mysqladmin|mariadb-admin", rf"password(?={GAP})"),
    _tool(r"mongo\w*|useradd|usermod|7za?|twine|ncftp\w*|expo", r"-p"),
    _tool(r"sqlcmd|unzip|zip", r"-P"),
    _tool(r"redis-cli", r"-a"),
    _tool(r"ldap\w+", r"-w"),
    _tool(r"ossutil\w*", r"-[ik]", needs="config"),
    _tool(r"openssl", r"-[kK]", needs="enc"),
    _tool(r"htpasswd", rf"-\w{{0,8}}n\w{{0,8}}{GAP}{_WORD}(?={GAP})"),
    _tool(r"htpasswd", rf"-[a-mo-z]{{0,8}}b[a-mo-z]{{0,8}}{GAP}{_WORD}{GAP}{_WORD}(?={GAP})"),
    _tool(r"rabbitmqctl", rf"(?:add_user|change_password){GAP}{_WORD}(?={GAP})"),
    _tool(r"net", rf"user{GAP}{_WORD}(?={GAP}[^\s/])"),
    _tool(r"mc", rf"(?:set|add){GAP}{_WORD}{GAP}\S{{1,200}}://{_WORD}{GAP}{_WORD}(?={GAP})"),
    _tool(r"rclone", rf"\w{{0,40}}(?:secret|pass|token|key)\w{{0,40}}(?={GAP})"),
    _tool(r"vault|cargo", rf"login(?={GAP})"),
    _tool(r"dotnet", r"-[pk]", needs="nuget"),
    _tool(r"(?:dotnet|nuget(?:\.exe)?)", rf"(?i:setapikey)(?={GAP})"),
    _tool(r"ssh-keygen", r"-[NP]"),
    _tool(r"influx", r"-[pt]"),
    _tool(r"heroku", rf"auth:token(?={GAP})"),
    _tool(r"gem", r"--key|-k", needs="push"),
    _tool(
        r"bundle",
        rf"config(?:{GAP}(?:set|--\w++))*+{GAP}{_WORD}(?={GAP})",
        divider=":",
    ),
    _tool(r"curl", r"-[a-zA-Z]{0,8}[uU]|--user|--proxy-user", divider=":"),
    _tool(r"curl", rf"(?:-b|--cookie)(?=(?:=|{GAP})?[\"']?[\w.-]+=)", divider="="),
    _tool(r"https?", r"-a|--auth", divider=":"),
    _tool(r"lftp", r"-u|--user", divider=","),
    _tool(r"smbclient|rpcclient", r"-U|--user", divider="%"),
    _tool(
        r"docker|podman|buildah|nerdctl|skopeo|crane|oras|helm|az|cf|oc|regctl",
        r"-p",
        needs="login",
    ),
)
_PRINTED = re.compile(
    rf"\b(?:echo|printf|yes){SPACE}(?:-\w++{SPACE})*+(?:[\"']?%s(?:\\n)?[\"']?{SPACE})?"
)
# What reads passwords from its standard input; one of them reads the users', too.
_READS = (
    r"(?:--password-stdin|--with-token|\b(?:smb)?passwd\b|(?P<user>\bchpasswd\b)|\bsudo\s{1,8}-S\b)"
)
_PIPED = re.compile(rf"[\"']?\s{{0,8}}\|[^;&|\n]{{0,160}}?{_READS}")
# What is written to a file whose name tells; /etc/passwd holds none.
_WRITTEN = re.compile(
    r"(?P<rest>[^;&|<>\n\"']{0,200}?)[\"']?\s{0,8}(?:>>?|\|\s{0,8}tee(?:\s{1,8}-\w)*)\s{0,8}[\"']?"
    r"(?P<file>[^\s;&|<>\"']++)"
)
_NO_SECRETS = "/etc/passwd"
_GROUP_PIPED = re.compile(rf"[({{][^(){{}}|]{{1,400}}[)}}]\s{{0,8}}\|[^;&|\n]{{0,160}}?{_READS}")
_HERE = re.compile(rf"{_READS}[^;&|<\n]{{0,160}}<<<[ \t]{{0,8}}")


def given_to_tools(text: str) -> Iterator[Span]:
    """Find ``mysql -psecret``, ``docker login -p secret``, ``curl -u user:secret`` and the like."""
    for tool in _TOOLS:
        for called in tool.call.finditer(text):
            if tool.needs is None or tool.needs.search(text, *called.span()):
                yield from _given(text, called.span(), tool)
    yield from _given_to_input(text)


def _given(text: str, call: Span, tool: _Tool) -> Iterator[Span]:
    """Find what follows the options of one call; what comes before the divider is looked at, too.

    The search goes on behind the whole argument, not behind the part of it that is secret.
    """
    done = call[0]
    for option in tool.option.finditer(text, *call):
        if option.end() > done:
            value = argument_at(text, option.end())
            done = max(option.end(), value[1])
            yield from secret(text, _password(text, value, tool.divider))


def _given_to_input(text: str) -> Iterator[Span]:
    """Find what is printed into a pipe, or stands after ``<<<``, for a tool to read."""
    done = 0
    for printed in _PRINTED.finditer(text):
        if printed.end() > done:
            value = argument_at(text, printed.end())
            done = max(printed.end(), value[1])
            if piped := _PIPED.match(text, value[1]):
                yield from secret(text, _password(text, value, ":" if piped["user"] else ""))
            written = _WRITTEN.match(text, value[1])
            if written and _is_secret_file(written["file"]):
                rest = len(written["rest"].rstrip())
                yield from secret(text, (value[0], value[1] + rest))
    for group in _GROUP_PIPED.finditer(text):
        for printed in _PRINTED.finditer(text, *group.span()):
            value = argument_at(text, printed.end())
            yield from secret(text, _password(text, value, ":" if group["user"] else ""))
    for here in _HERE.finditer(text):
        value = argument_at(text, here.end())
        yield from secret(text, _password(text, value, ":" if here["user"] else ""))


def _is_secret_file(path: str) -> bool:
    return path != _NO_SECRETS and suggests_secret(path.rpartition("/")[2])


def _password(text: str, span: Span, divider: str) -> Span:
    """Return the span of the password of ``user:password``, of the user where that is all."""
    start, end = span
    if not divider:
        return span
    at = text.find(divider, start, end)
    if at < 0:
        return (end, end)
    return (start, at) if at + 1 == end else (at + 1, end)
