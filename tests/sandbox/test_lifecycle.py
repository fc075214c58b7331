from __future__ import annotations

import shlex

import anyio
import pytest

from gate.sandbox import Sandbox, serve
from gate.sandbox.world import sample_world


@pytest.mark.anyio
@pytest.mark.parametrize("token", [None, "it's a $token"])
async def test_it_says_how_to_be_used_and_runs_until_cancelled(token: str | None) -> None:
    lines: list[str] = []
    sandbox = Sandbox(sample_world(), security_token=token)
    ready = anyio.Event()

    def say(line: str) -> None:
        lines.append(line)
        if "--endpoint" in line:
            ready.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve, sandbox, say)
        await ready.wait()
        assert lines[0].startswith("# Security Center (sandbox) at http://127.0.0.1:")
        assert f"--endpoint {sandbox.endpoint} " in lines[-1]
        tasks.cancel_scope.cancel()
    exported = dict(
        word.split("=", 1)
        for line in lines
        for word in shlex.split(line, comments=True)
        if "=" in word
    )
    expected = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": sandbox.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": sandbox.access_key_secret,
    }
    if token is not None:
        expected["ALIBABA_CLOUD_SECURITY_TOKEN"] = token
    assert expected == exported
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.url
