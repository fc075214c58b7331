"""Secrets that are known by their shape, whatever stands around them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.masking.values import Span

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
