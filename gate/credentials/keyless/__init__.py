"""Credentials without a key: a CI job's own OIDC token, exchanged for those of a RAM role.

    environment ─▶ the job's token (from GitHub, or a variable) ─▶ AssumeRoleWithOIDC ─▶ session

All of it stays in this process: nothing is exported, written to a file, or handed to a later step.
"""

from __future__ import annotations

from gate.credentials.keyless.find import keyless_credentials

__all__ = ["keyless_credentials"]
