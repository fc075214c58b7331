"""Where credentials come from: the environment's key, a CI job's token, Alibaba Cloud's own chain.

    environment ─▶ the job's token (from GitHub, or a variable) ─▶ AssumeRoleWithOIDC ─▶ session

A source is asked before each signature, so that temporary credentials are renewed in time. All of
it stays in this process: nothing is exported, written to a file, or handed to a later step.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gate.credentials.environment import (
    Credentials,
    CredentialSource,
    StaticCredentials,
    checked,
)
from gate.credentials.find import find_credentials, keyless_credentials

if TYPE_CHECKING:
    from gate.credentials.chain import ChainCredentials
    from gate.credentials.session import RoleCredentials

__all__ = [
    "ChainCredentials",
    "CredentialSource",
    "Credentials",
    "RoleCredentials",
    "StaticCredentials",
    "checked",
    "find_credentials",
    "keyless_credentials",
]

# Most runs are given a key, and need neither.
_LAZY = {"ChainCredentials": "chain", "RoleCredentials": "session"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - classes
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
