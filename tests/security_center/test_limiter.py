from __future__ import annotations

import anyio
import pytest

from gate.security_center.limiter import Limiter


@pytest.mark.anyio
async def test_throttling_halves_the_limit_and_never_closes_it() -> None:
    limiter = Limiter(8)
    limits = []
    for _ in range(5):
        async with limiter.slot() as sent_at:
            pass
        limiter.throttled(sent_at)
        limits.append(limiter.limit)
    assert limits == [4, 2, 1, 1, 1]


@pytest.mark.anyio
async def test_requests_that_were_sent_together_halve_it_once() -> None:
    limiter = Limiter(8)
    async with limiter.slot() as one:
        pass
    async with limiter.slot() as other:
        pass
    limiter.throttled(one)
    limiter.throttled(other)
    assert limiter.limit == 4


@pytest.mark.anyio
async def test_successes_let_it_grow_slowly_up_to_its_ceiling() -> None:
    limiter = Limiter(4)
    async with limiter.slot() as sent_at:
        pass
    limiter.throttled(sent_at)
    grown = []
    for _ in range(7):
        limiter.succeeded()
        grown.append(limiter.limit)
    assert grown == [2, 2, 3, 3, 3, 4, 4]


@pytest.mark.anyio
async def test_no_more_than_the_limit_are_on_their_way() -> None:
    limiter = Limiter(4)
    async with limiter.slot() as sent_at:
        pass
    limiter.throttled(sent_at)
    running = most = 0

    async def request() -> None:
        nonlocal running, most
        async with limiter.slot():
            running += 1
            most = max(most, running)
            await anyio.sleep(0.001)
            running -= 1

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(request)
    assert most == 2
