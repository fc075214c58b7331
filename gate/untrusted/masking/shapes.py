"""Secrets that have a shape of their own, or stand in a URL or in the header of a request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.untrusted.masking.names import suggests_secret
from gate.untrusted.masking.spans import GAP, secret, secrets_behind, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.untrusted.masking.spans import Span

_KEY_NAME = r"[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_KEY = re.compile(rf"-----BEGIN {_KEY_NAME}(?s:.*?)(?:-----END {_KEY_NAME}|\Z)")
_KEY_END = re.compile(rf"-----END {_KEY_NAME}")
_KEY_BODY = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\\ \t\r\n"

_TOKENS = (
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",  # AWS
    r"LTAI[A-Za-z0-9]{12,30}",  # Alibaba Cloud
    r"STS\.[A-Za-z0-9]{12,}",
    r"AKID[A-Za-z0-9]{32}",  # Tencent Cloud
    r"gh[pousr]_[A-Za-z0-9]{16,}",  # GitHub
    r"github_pat_\w{16,}",
    r"gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct|oas)-[\w.-]{16,}",  # GitLab
    r"xox[a-z]-[A-Za-z0-9-]{10,}",  # Slack
    r"xapp-[A-Za-z0-9-]{10,}",
    r"eyJ[\w=-]{10,}(?:\.[\w=+/-]*)*+",  # JSON in base64: JWT, Docker's logins
    r"LS0tLS1CRUdJTi(?!BDRVJU|BQVUJM)[A-Za-z0-9+/=]*",  # "-----BEGIN " in base64
    r"npm_[A-Za-z0-9]{20,}",
    r"pypi-Ag[\w-]{10,}",
    r"AIza[\w-]{30,}",  # Google
    r"GOCSPX-[\w-]{16,}",
    r"ya29\.[\w-]{10,}",
    r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}",  # Stripe
    r"whsec_[A-Za-z0-9+/=]{16,}",
    r"SG\.[\w-]{16,}\.[\w-]{16,}",  # SendGrid
    r"sk-(?:proj|ant|svcacct|admin|or)-[\w-]{16,}",  # OpenAI, Anthropic, OpenRouter
    r"sk-[A-Za-z0-9]{20,}",
    r"hf_[A-Za-z0-9]{20,}",  # Hugging Face
    r"do[opr]_v1_[a-f0-9]{20,}",  # DigitalOcean
    r"dckr_(?:pat|oat)_[\w-]{10,}",  # Docker Hub
    r"hv[sbr]\.[\w-]{20,}",  # Vault
    r"AGE-SECRET-KEY-1[A-Z0-9]{20,}",
    r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{20,}",  # Shopify
    r"gl(?:c|sa)_[\w+/=]{20,}",  # Grafana
    r"dapi[0-9a-f]{32}",  # Databricks
    r"rubygems_[0-9a-f]{20,}",
    r"ATATT3[\w=-]{20,}",  # Atlassian
    r"sntry[su]_[\w=+/-]{20,}",  # Sentry
    r"SK[0-9a-f]{32}",  # Twilio
)
# A token begins a word, or follows the escape of a line's end or of another character.
_TOKEN = re.compile(
    r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))(?:" + "|".join(_TOKENS) + ")"
)
_WEBHOOK = re.compile(
    r"(?:hooks\.slack\.com/services/|discord(?:app)?\.com/api/webhooks/)([\w/-]{10,})"
)
# ``user:password@``; the password may hold ``@``, and even ``/`` if it doesn't look like a port.
_PASSWORD = re.compile(
    r"://[^\s:/?#@'\"<>]*+:(?!\d{1,5}[/?#'\"\s])([^\s/?#'\"]+(?=@)|[^\s'\"@]{1,200}(?=@))"
)
# A user of the web's without a password is a token, too, unless it is a name that all share.
_WEB_USER = re.compile(
    r"(?i:\bhttps?)://(?!(?i:git|user|username|anonymous|oauth2|x-access-token)@)([^\s:/?#@'\"<>]++)@"
)
# Signed addresses, and the addresses of Go's drivers: user:password@tcp(host:port)/name
_SIGNATURE = re.compile(
    r"(?i)[?&](?:sig|(?:x-(?:amz|goog|oss)-)?signature|(?:x-amz-)?security-token)=([^\s&#'\"]++)"
)
_DRIVER = re.compile(r"(?<![\w.-])[\w.-]++:([^\s'\"]{1,200}?)@(?:tcp|tcp4|tcp6|udp|unix)\(")
_TOKEN_AS_USER = re.compile(r"://([\w.~-]{20,255})@")
# Where there is no password, the user is a token.
_TOKEN_FIRST = re.compile(r"://([^\s:/?#@'\"<>]++):(?:x-oauth-basic)?@")
_HEADER = re.compile(
    r"(?i)(?<![\w-])(?:(?:proxy-)?authorization(?:\\{0,8}[\"'])?\s{0,8}[:=]\s{0,8}(?:\\{0,8}[\"'])?"
    r"(?:(?:bearer|basic|digest|token|negotiate|apikey|aws4-hmac-sha256)[ \t]{1,8}(?=\S))?"
    r"|(?:set-)?cookie:[ \t]{0,8})"
)
# Another header as the argument of an option; its name may be telling.
_HEADER_OPTION = re.compile(
    rf"(?<![\w-])(?:-H|--header)(?:=|{GAP})?\\{{0,8}}[\"']?"
    rf"(?P<name>(?!(?i:proxy-)?(?i:authorization):)[\w-]++):[ \t]{{0,8}}(?=\S)"
)
_TO_QUOTE = re.compile(r"(?:[^\"'\\\r\n]|\\[^\"'])*+")
# The token, not a word that follows in a sentence.
_BEARER = re.compile(r"(?i:\bbearer)[ \t]{1,8}(?![a-z]+\b)([\w.~+/=-]{6,})")


def private_keys(text: str) -> Iterator[Span]:
    """Find private keys: whole ones, and those whose begin or end was cut off."""
    done = 0
    for key in _KEY.finditer(text):
        done = key.end()
        yield key.span()
    for end in _KEY_END.finditer(text, done):
        before = text[done : end.start()].rstrip(_KEY_BODY)
        yield done + len(before), end.end()
        done = end.end()


def tokens(text: str) -> Iterator[Span]:
    """Find tokens of services that give theirs a shape of its own."""
    yield from (token.span() for token in _TOKEN.finditer(text))
    yield from (hook.span(1) for hook in _WEBHOOK.finditer(text))


def in_urls(text: str) -> Iterator[Span]:
    """Find the passwords and signatures of URLs, and users that are tokens."""
    for pattern in (_PASSWORD, _TOKEN_AS_USER, _TOKEN_FIRST, _WEB_USER, _SIGNATURE, _DRIVER):
        for url in pattern.finditer(text):
            yield from secret(text, url.span(1))


def in_headers(text: str) -> Iterator[Span]:
    """Find what follows ``Authorization:``, its scheme aside, cookies, and bearer tokens."""

    def value(header: re.Match[str]) -> Span:
        name = header.start("name") if "name" in header.re.groupindex else header.start()
        written = header[0][max(name - header.start(), 0) :]
        if '"' in written or "'" in written or text[name - 1 : name] in {'"', "'"}:
            rest = _TO_QUOTE.match(text, header.end())
            return rest.span() if rest else (header.end(), header.end())
        return value_at(text, header.end())

    yield from secrets_behind(text, _HEADER.finditer(text), value)
    telling = (
        header for header in _HEADER_OPTION.finditer(text) if suggests_secret(header["name"])
    )
    yield from secrets_behind(text, telling, value)
    for bearer in _BEARER.finditer(text):
        yield from secret(text, bearer.span(1))
