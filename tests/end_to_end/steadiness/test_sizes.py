"""Answers without end, without bottom, or without haste, to the whole command."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio
import pytest
from aiohttp import web

from gate.sandbox import sample_world
from tests.rigs.programs import KEYS, program, surroundings
from tests.rigs.serving import in_thread
from tests.security_center.scripted import listening

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from tests.rigs.command import Result

    Gate = Callable[..., Result]
    Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

MIB = 1024 * 1024
HUGE = 100 * MIB
NAME = "registry.cn-hangzhou.aliyuncs.com/shop/api:2.0"
DIGEST = sample_world().find("shop/api:2.0").digest
JSON = {"Content-Type": "application/json"}
MOST_RESIDENT = 380 * MIB  # of up to four answers at once, 16 MiB each, while a copy is made


@pytest.fixture(autouse=True)
def _keys(_workdir: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@contextmanager
def served(answer: Answer) -> Iterator[str]:
    with in_thread(listening(answer)) as url:
        yield url


async def endless(request: web.BaseRequest, headers: dict[str, str]) -> web.StreamResponse:
    """Send one huge text; whoever asks hangs up before its end."""
    response = web.StreamResponse(headers=JSON | headers)
    await response.prepare(request)
    try:
        await response.write(b'{"Data": "')
        for _ in range(HUGE // MIB):
            await response.write(b"a" * MIB)
        await response.write(b'"}')
    except ConnectionError:
        return response
    return response


BOMB = gzip.compress(b'{"Data": "' + b"a" * HUGE + b'"}', compresslevel=1)
NESTED = 100_000
BODIES = {
    "objects": b'{"Data": ' + b'{"a":' * NESTED + b"1" + b"}" * NESTED + b"}",
    "lists without an end": b"[" * NESTED,
    "a field that nobody reads": b'{"Odd": ' + b"[" * NESTED + b"]" * NESTED + b', "Data": {}}',
    "a little too deep to walk": b'{"Data": null, "a": ' + b"[" * 990 + b"]" * 990 + b"}",
}


async def said(_: web.BaseRequest, body: bytes, headers: dict[str, str]) -> web.StreamResponse:
    return web.Response(body=body, headers=JSON | headers)


async def creeping(request: web.BaseRequest) -> web.StreamResponse:
    """Send one byte a second."""
    response = web.StreamResponse(headers=JSON)
    await response.prepare(request)
    try:
        for byte in b'{"Data": {"List": []}}':
            await response.write(bytes([byte]))
            await anyio.sleep(1)
    except ConnectionError:
        return response
    return response


def check(gate: Gate, url: str, *arguments: str) -> Result:
    host = url.removeprefix("http://")
    shared = ("--endpoint", url, "--registry-host", host, "--format", "json", "--wait", "0")
    return gate("check", *shared, *arguments)


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    resident: int
    """The most memory that it held, in bytes."""


# A child starts as a copy of who starts it, and its peak counts from there: tests are large.
STARTED_BY_A_SMALL_ONE = """
import os, sys
number = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(number, 0)
open(sys.argv[1], "w").write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""


def run_measured(folder: Path, *arguments: str) -> Ended:
    """Run the gate as a program of its own, to learn how much memory it took."""
    measured = folder / "measured"
    done = subprocess.run(
        [sys.executable, "-I", "-c", STARTED_BY_A_SMALL_ONE, measured, *program(*arguments)],
        env=surroundings(folder, **KEYS),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    unit = 1 if sys.platform == "darwin" else 1024
    return Ended(done.returncode, done.stdout, int(measured.read_text("utf-8")) * unit)


@pytest.mark.skipif(os.name == "nt", reason="it measures memory as Unix does")
@pytest.mark.parametrize(
    "answer",
    [
        partial(endless, headers={}),
        partial(said, body=BOMB, headers={"Content-Encoding": "gzip"}),
    ],
    ids=["100 MiB", "100 MiB packed"],
)
def test_an_answer_without_end_is_refused_in_little_memory(answer: Answer, tmp_path: Path) -> None:
    with served(answer) as url:
        ended = run_measured(
            tmp_path,
            *("check", f"{NAME}@{DIGEST}", "--endpoint", url, "--wait", "0", "--timeout", "20s"),
        )
    assert 5 == ended.code, ended.out
    assert "larger than 16 MiB" in ended.out
    assert ended.resident < MOST_RESIDENT, ended.resident // MIB


@pytest.mark.parametrize("body", BODIES)
def test_an_answer_without_bottom_is_refused(gate: Gate, body: str) -> None:
    with served(partial(said, body=BODIES[body], headers={})) as url:
        result = check(gate, url, f"{NAME}@{DIGEST}", "--timeout", "3s")
    assert (5, "service") == (result.code, result.image["reason"])
    assert "can't be read" in result.image["message"]


@pytest.mark.parametrize("body", BODIES)
def test_a_manifest_without_bottom_is_no_digest(gate: Gate, body: str) -> None:
    with served(partial(said, body=BODIES[body], headers={})) as url:
        host = url.removeprefix("http://")
        result = check(gate, url, f"{host}/shop/api:2.0", "--timeout", "3s")
    assert (3, "unidentified") == (result.code, result.image["reason"])


def test_an_answer_of_a_byte_a_second_ends_with_the_deadline(gate: Gate) -> None:
    with served(creeping) as url:
        started = time.monotonic()
        result = check(gate, url, f"{NAME}@{DIGEST}", "--timeout", "1s")
        seconds = time.monotonic() - started
    assert (5, "service") == (result.code, result.image["reason"])
    assert "no answer within the time limit of a request" in result.image["message"]
    assert seconds < 3


def test_a_manifest_of_a_byte_a_second_ends_with_the_deadline(gate: Gate) -> None:
    with served(creeping) as url:
        started = time.monotonic()
        result = check(gate, url, url.removeprefix("http://") + "/shop/api:2.0", "--timeout", "1s")
        seconds = time.monotonic() - started
    assert (5, "service") == (result.code, result.image["reason"])
    assert "no answer within the time limit" in result.image["message"]
    assert seconds < 3
