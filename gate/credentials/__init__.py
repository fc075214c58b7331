"""Where credentials come from: the environment's key, a CI job's token, Alibaba Cloud's own chain.

A source is asked before each signature, so that temporary credentials are renewed in time.
"""

from __future__ import annotations

from gate.credentials.environment import (
    Credentials,
    CredentialSource,
    StaticCredentials,
    checked,
    find_credentials,
)
from gate.credentials.keyless import keyless_credentials

__all__ = [
    "CredentialSource",
    "Credentials",
    "StaticCredentials",
    "checked",
    "find_credentials",
    "keyless_credentials",
]
