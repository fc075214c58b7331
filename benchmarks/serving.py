"""Serve a sandbox from a process of its own, so that it costs those who are measured nothing.

The process prints a line of JSON that says how to ask it, serves until its standard input is
closed, and then prints, as JSON, how often each operation was requested.
"""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.measuring import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Served:
    """A sandbox that another process serves; ``requests`` are known when it has ended."""

    url: str
    key_id: str
    key_secret: str
    requests: Counter[str] = field(default_factory=Counter)

    @property
    def keys(self) -> dict[str, str]:
        """The credentials, as variables of the environment."""
        return {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.key_secret,
        }


@contextmanager
def served(**options: object) -> Iterator[Served]:
    """Serve a sandbox; ``options`` are those of ``_serve``."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.serving", json.dumps(options)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the sandbox has no pipes")
        one = Served(**json.loads(process.stdout.readline()))
        try:
            yield one
        finally:
            process.stdin.close()
            one.requests.update(json.loads(process.stdout.readline()))


async def _serve(
    *, latency: float = 0.0, quota: int = 0, certificate: str = "", images: int = 0
) -> None:
    """Serve until standard input ends.

    ``latency`` is in seconds for each answer; ``quota`` are requests a second of the whole account,
    0 for any number; ``certificate`` is a PEM file with its key; ``images`` are that many of
    ``benchmarks.account`` instead of the sample world.
    """
    import anyio
    import anyio.to_thread

    from gate.sandbox import Fault, Faults, Sandbox, sample_world

    faults = []
    if quota:
        faults.append(Fault("account_quota", per_second=quota))
    if latency:
        faults.append(Fault("latency", seconds=latency))
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    world = sample_world()
    if images:
        from benchmarks.account import account

        world = account(images)
    async with Sandbox(world, faults=Faults(*faults), ssl_context=context) as sandbox:
        access = {
            "url": sandbox.url,
            "key_id": sandbox.access_key_id,
            "key_secret": sandbox.access_key_secret,
        }
        _say(access)
        await anyio.to_thread.run_sync(sys.stdin.read)
        _say(Counter(request.operation for request in sandbox.requests))


def _say(content: object) -> None:
    print(json.dumps(content), flush=True)


def _main() -> None:
    from functools import partial

    import anyio

    anyio.run(partial(_serve, **json.loads(sys.argv[1])))


if __name__ == "__main__":
    _main()
