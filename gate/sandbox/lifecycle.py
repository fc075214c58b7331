"""Start and stop a local Security Center; serve it to somebody at a terminal."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Self

import anyio

from gate.sandbox.service import LocalService

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from gate.sandbox.server import Running


class Sandbox(LocalService):
    """A ``LocalService`` that listens: an async context manager, on asyncio.

    It listens on 127.0.0.1 from entry to exit.
    """

    _running: Running | None = None

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``, or ``https`` where there is an SSL context.

        Raises ``RuntimeError`` while the sandbox isn't running.
        """
        if self._running is None:
            raise RuntimeError("The sandbox is not running: enter it with `async with`.")
        scheme = "http" if self.ssl_context is None else "https"
        return f"{scheme}://127.0.0.1:{self._running.port}"

    endpoint = url  # what to give as --endpoint

    async def __aenter__(self) -> Self:
        # The server is imported here because it brings aiohttp, and data alone doesn't need it.
        from gate.sandbox.server import start  # noqa: PLC0415 - see above

        self.begin()
        self._running = await start(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        running, self._running = self._running, None
        if running is not None:
            await running.stop()


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
