"""The pace of a client, on a simulated clock."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import pytest
from msgspec.structs import replace

from gate.security_center.limiter import Limiter
from tests.simulated import SimulatedTime

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.anyio


def limiter_on(
    time: SimulatedTime, *, ceiling: int = 8, deadline: float = 900.0, jitter: float = 0.5
) -> Limiter:
    return Limiter(
        ceiling,
        clock=time.clock,
        remaining=lambda: deadline - time.seconds,
        jitter=lambda: jitter,
    )


async def ask(limiter: Limiter, answers: str, wait: float | None = None) -> None:
    """Ask one after the other: ``+`` is let through, ``-`` is throttled."""
    for answer in answers:
        async with limiter.slot() as sent_at:
            assert sent_at is not None
        if answer == "+":
            limiter.succeeded()
        else:
            limiter.throttled(sent_at, wait)


async def times_of(limiter: Limiter, time: SimulatedTime, answers: str) -> Sequence[float]:
    """Return when each of these requests left."""
    times = []
    for answer in answers:
        await ask(limiter, answer)
        times.append(time.seconds)
    return times


async def test_who_is_not_throttled_never_waits() -> None:
    time = SimulatedTime()
    await ask(limiter_on(time), "+" * 50)
    assert time.slept == []


async def test_a_turn_that_comes_while_it_is_looked_at_is_not_waited_for() -> None:
    class Running(SimulatedTime):
        def look(self) -> float:
            self.seconds += 0.002  # each look takes a moment, as on a busy machine
            return self.seconds

    time = Running()
    clock = replace(time.clock, monotonic=time.look)
    limiter = Limiter(8, clock=clock, remaining=lambda: 900.0, jitter=lambda: 0.5)
    limiter._next = time.seconds + 0.0045  # noqa: SLF001 - a turn that comes between two looks
    await ask(limiter, "+")
    assert [0.0] == time.slept


async def test_no_more_than_the_ceiling_are_on_their_way() -> None:
    limiter = limiter_on(SimulatedTime(), ceiling=4)
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
    assert most == 4


async def test_who_is_throttled_under_way_asks_once_in_a_window_at_least() -> None:
    time = SimulatedTime()
    limiter = limiter_on(time)
    await ask(limiter, "+")
    time.seconds = 60.0
    await ask(limiter, "-")
    times = await times_of(limiter, time, "+" * 8)
    assert pytest.approx(1.0) == min(b - a for a, b in pairwise(times))
    assert pytest.approx(1.0) == max(b - a for a, b in pairwise(times))


async def test_the_pace_is_four_fifths_of_what_was_let_through() -> None:
    time = SimulatedTime()
    limiter = limiter_on(time)
    await ask(limiter, "+" * 20 + "-")
    times = await times_of(limiter, time, "+" * 8)
    assert pytest.approx(1.0 / 16) == max(b - a for a, b in pairwise(times))


async def test_a_calm_time_lets_the_pace_grow_until_there_is_none() -> None:
    time = SimulatedTime()
    limiter = limiter_on(time)
    await ask(limiter, "+-")
    times = await times_of(limiter, time, "+" * 30)
    gaps = [round(b - a, 2) for a, b in pairwise(times)]
    assert [1.0, 0.8, 0.64] == sorted(set(gaps), reverse=True)
    await ask(limiter, "+" * 8000)
    time.slept.clear()
    await ask(limiter, "+" * 50)
    assert time.slept == []


async def test_throttling_in_a_row_doubles_the_pause() -> None:
    time = SimulatedTime()
    limiter = limiter_on(time, jitter=0.7)
    await ask(limiter, "+" + "-" * 7)
    await ask(limiter, "+")
    assert pytest.approx([2.0, 4.0, 8.0, 16.0, 20.0, 20.0, 20.0]) == time.slept


async def test_a_newcomer_waits_long_and_longer() -> None:
    time = SimulatedTime()
    limiter = limiter_on(time, deadline=9000.0)
    await ask(limiter, "----")
    await ask(limiter, "+")
    assert [30.0, 150.0, 180.0, 180.0] == time.slept


async def test_a_newcomer_believes_the_service_when_to_come_again_once() -> None:
    time = SimulatedTime()
    limiter = limiter_on(time, deadline=9000.0)
    await ask(limiter, "---", wait=0.1)
    await ask(limiter, "+")
    assert pytest.approx([0.1 + 0.01, 0.1 + 0.5, 0.1 + 2.5]) == time.slept


@pytest.mark.parametrize("jitter", [0.0, 1.0])
async def test_who_was_throttled_once_loses_little_more_than_the_time_told(jitter: float) -> None:
    time = SimulatedTime()
    limiter = limiter_on(time, jitter=jitter)
    await ask(limiter, "-", wait=2.5)
    await ask(limiter, "+" * 8)
    assert 2.5 <= time.slept[0] <= 3.0
    assert sum(time.slept) <= 3.5


async def test_under_way_too_the_speed_comes_back_with_the_answers() -> None:
    time = SimulatedTime()
    limiter = limiter_on(time)
    await ask(limiter, "+")
    time.seconds = 60.0
    await ask(limiter, "-", wait=2.5)
    times = await times_of(limiter, time, "+" * 10)
    gaps = [b - a for a, b in pairwise(times)]
    assert pytest.approx([*(0.5**n for n in range(1, 8)), 0.0, 0.0]) == gaps


async def test_answers_to_what_left_before_give_no_speed_back() -> None:
    time = SimulatedTime()
    limiter = limiter_on(time)
    await ask(limiter, "+")
    time.seconds = 60.0
    await ask(limiter, "-", wait=2.5)
    for _ in range(6):
        limiter.succeeded()
    assert pytest.approx(2.5 + 0.25) == limiter.wait


async def test_who_is_throttled_again_keeps_its_pace() -> None:
    time = SimulatedTime()
    limiter = limiter_on(time)
    await ask(limiter, "-", wait=2.5)
    await ask(limiter, "+++")
    time.seconds = 60.0
    await ask(limiter, "-", wait=2.5)
    times = await times_of(limiter, time, "+" * 8)
    assert pytest.approx(1.0) == min(b - a for a, b in pairwise(times))


async def test_a_time_of_zero_is_none_that_was_told() -> None:
    time = SimulatedTime()
    limiter = limiter_on(time, deadline=9000.0)
    await ask(limiter, "--", wait=0.0)
    await ask(limiter, "+")
    assert [30.0, 150.0] == time.slept


async def test_a_newcomer_tries_again_alone() -> None:
    time = SimulatedTime()
    limiter = limiter_on(time)
    running = most = 0

    async def request() -> None:
        nonlocal running, most
        async with limiter.slot():
            running += 1
            most = max(most, running)
            await anyio.lowlevel.checkpoint()
            running -= 1

    await ask(limiter, "-")
    async with anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(request)
    assert most == 1


async def test_a_newcomer_with_little_time_waits_less() -> None:
    time = SimulatedTime()
    limiter = limiter_on(time, deadline=40.0)
    await ask(limiter, "-----")
    assert [10.0, 7.5, 5.625, 4.21875] == time.slept


async def test_the_services_own_wait_is_a_minimum() -> None:
    time = SimulatedTime()
    limiter = limiter_on(time, jitter=0.7)
    await ask(limiter, "+")
    await ask(limiter, "-", wait=7.0)
    await ask(limiter, "+")
    await ask(limiter, "-", wait=7.0)
    await ask(limiter, "+")
    assert pytest.approx([7.0 + 0.98, 0.5, 7.0 + 2.0]) == time.slept


async def test_requests_that_left_together_count_once() -> None:
    time = SimulatedTime()
    limiter = limiter_on(time, jitter=0.7)
    await ask(limiter, "+")
    async with limiter.slot() as one:
        assert one is not None
    async with limiter.slot() as other:
        assert other is not None
    limiter.throttled(one)
    limiter.throttled(other)
    await ask(limiter, "+")
    assert pytest.approx([2.0]) == time.slept


async def test_a_turn_that_comes_too_late_is_not_waited_for() -> None:
    time = SimulatedTime()
    limiter = limiter_on(time, deadline=20.0)
    await ask(limiter, "+")
    await ask(limiter, "-", wait=30.0)
    async with limiter.slot() as sent_at:
        assert sent_at is None
    assert time.slept == []


async def test_no_slot_is_held_while_waiting_for_a_turn() -> None:
    waiting, go_on = anyio.Event(), anyio.Event()
    time = SimulatedTime()

    async def sleep(seconds: float) -> None:
        waiting.set()
        await go_on.wait()
        time.seconds += seconds

    clock = type(time.clock)(now=time.clock.now, monotonic=time.clock.monotonic, sleep=sleep)
    limiter = Limiter(1, clock=clock, remaining=lambda: 900.0, jitter=lambda: 0.5)
    await ask(limiter, "+-")

    async def request() -> None:
        async with limiter.slot():
            pass

    async with anyio.create_task_group() as group:
        group.start_soon(request)
        await waiting.wait()
        time.seconds += 60.0
        with anyio.fail_after(1):
            await ask(limiter, "+")
        go_on.set()
