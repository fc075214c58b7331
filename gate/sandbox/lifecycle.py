"""Run a sandbox for somebody at a terminal."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.sandbox.service import Sandbox


async def serve(sandbox: Sandbox, say: Callable[[str], None]) -> None:
    """Run a sandbox until cancelled; ``say`` gets, line by line, how to use it.

    The lines can be pasted into a POSIX shell; those that are not commands are comments.
    """
    async with sandbox:
        for line in how_to_use(sandbox):
            say(line)
        await anyio.sleep_forever()


def how_to_use(sandbox: Sandbox) -> list[str]:
    """Return the lines that tell how to ask a running sandbox."""
    exports = [
        f"export ALIBABA_CLOUD_ACCESS_KEY_ID={shlex.quote(sandbox.access_key_id)}",
        f"export ALIBABA_CLOUD_ACCESS_KEY_SECRET={shlex.quote(sandbox.access_key_secret)}",
    ]
    if sandbox.security_token is not None:
        exports.append(f"export ALIBABA_CLOUD_SECURITY_TOKEN={shlex.quote(sandbox.security_token)}")
    return [
        f"# Security Center (sandbox) at {sandbox.url}; stop it with Ctrl-C.",
        *exports,
        f"# gate check --endpoint {sandbox.url} IMAGE",
    ]
