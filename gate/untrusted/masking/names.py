"""Which names of variables, options and keys say that their value is a secret."""

from __future__ import annotations

import re

_DIRECTORIES = frozenset({"PWD", "OLDPWD"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SWITCH = re.compile(r"no|without|skip|disable|enable|use")
_NO_SECRETS = frozenset({"public", "pub"})
_SECRET = re.compile(
    r"password|passwd|passphrase|passcode|pwd|secrets?|token|credentials?|creds|authorization|bearer"
    r"|jwt"
)
_SECRET_AS_LAST = re.compile(r"auth|pass|pat|pw|tokens")
# MAX_TOKENS: how many, not which.
_COUNT = re.compile(r"max|min|num|n|total|context|input|output|completion|prompt|batch")
# What Alibaba Cloud's users call an access key and its secret.
_AK_SK = re.compile(r"(?:[A-Z0-9_]*_)?[AS]K")
# Names that are written as one word, such as PGPASSWORD, authToken or apikey.
_SECRET_PART = re.compile(
    r"passw(?:or)?d|passphrase|secret(?!ar)|credential|authtoken|authheader|accesstoken"
    r"|(?:api|access|private|auth|sign|signing|encrypt|encryption|master|ssh|deploy|account|storage"
    r"|shared|consumer|license|licence|session|hmac|aes|rsa|admin|subscription|activation|app"
    r"|application)key"
)
_SECRET_END = re.compile(
    r"(?:token|pwd|authconfig|masterauth|sonarlogin"
    r"|(?:db|user|root|admin|my|sql|pg|postgres|redis|mail|smtp|ssh|ftp|ldap|store|key|require)pass)\d*\Z"
)
# TOKEN_URL, PASSWORD_FILE, SECRET_NAME: they are about a secret, their value is not one.
_ABOUT_SECRETS = re.compile(
    r"files?|paths?|dir|directory|url|uri|endpoint|host|port|names?|length|len|min|max|ttl|expiry"
    r"|expires|expiration|timeout|limit|count|size|type|policy|enabled?|disabled?|required|stdin|fd"
    r"|prompt|sock|keyring|version|algorithm|provider|mode|method"
)


def suggests_secret(name: str) -> bool:
    """Tell whether the value that goes with the name is likely to be a secret."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or name in _DIRECTORIES or not _NO_SECRETS.isdisjoint(words):
        return False
    if words[-1] == "tokens" and any(map(_COUNT.fullmatch, words)):
        return False
    if _SWITCH.fullmatch(words[0]) or _ABOUT_SECRETS.fullmatch(words[-1]):
        return False
    joined = "".join(words)
    return bool(
        any(map(_SECRET.fullmatch, words))
        or _SECRET_AS_LAST.fullmatch(words[-1])
        or _AK_SK.fullmatch(name)
        or _SECRET_PART.search(joined)
        or _SECRET_END.search(joined)
    )
