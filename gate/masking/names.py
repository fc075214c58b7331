"""Which names of variables, options and keys say that their value is a secret."""

from __future__ import annotations

import re

_DIRECTORIES = frozenset({"PWD", "OLDPWD"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SWITCHES = frozenset(["no", "without", "skip", "disable", "enable", "use"])
_NO_SECRETS = frozenset({"public", "pub"})
_SECRETS = frozenset(
    [
        "password",
        "passwd",
        "passphrase",
        "passcode",
        "pwd",
        "secret",
        "secrets",
        "token",
        "credential",
        "credentials",
        "creds",
        "authorization",
        "bearer",
        "jwt",
    ]
)
_SECRETS_AS_LAST = frozenset(["auth", "pass", "pat", "pw"])
# Names that are written as one word, such as PGPASSWORD, authToken or apikey.
_SECRET_PART = re.compile(
    r"passw(?:or)?d|passphrase|secret(?!ar)|credential|authtoken|accesstoken"
    r"|(?:api|access|private|auth|sign|signing|encrypt|encryption|master|ssh|deploy|account|storage"
    r"|shared|consumer|license|licence|session|hmac|aes|rsa|admin|subscription)key"
)
_SECRET_END = re.compile(
    r"(?:token|pwd|authconfig"
    r"|(?:db|user|root|admin|my|sql|pg|postgres|redis|mail|smtp|ssh|ftp|ldap|store)pass)\d*\Z"
)
# TOKEN_URL, PASSWORD_FILE, SECRET_NAME: they tell about a secret, their value is none.
_ABOUT_SECRETS = frozenset(
    [
        "file",
        "files",
        "path",
        "paths",
        "dir",
        "directory",
        "url",
        "uri",
        "endpoint",
        "host",
        "port",
        "name",
        "names",
        "length",
        "len",
        "min",
        "max",
        "ttl",
        "expiry",
        "expires",
        "expiration",
        "timeout",
        "limit",
        "count",
        "size",
        "type",
        "policy",
        "enabled",
        "enable",
        "disabled",
        "disable",
        "required",
        "stdin",
        "fd",
        "prompt",
        "sock",
        "keyring",
        "version",
        "algorithm",
        "provider",
        "mode",
        "method",
    ]
)


def suggests_secret(name: str) -> bool:
    """Tell whether the value that goes with the name is likely to be a secret."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or name in _DIRECTORIES:
        return False
    if words[0] in _SWITCHES or words[-1] in _ABOUT_SECRETS or not _NO_SECRETS.isdisjoint(words):
        return False
    joined = "".join(words)
    return bool(
        not _SECRETS.isdisjoint(words)
        or words[-1] in _SECRETS_AS_LAST
        or _SECRET_PART.search(joined)
        or _SECRET_END.search(joined)
    )
