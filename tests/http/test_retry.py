"""The schedule of attempts, on a simulated clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gate.errors import AnswerUnreadable, ServiceFailing, ServiceUnreachable
from gate.http import NO_TIME, Retry, Trouble
from tests.simulated import SimulatedTime

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.anyio

FAILING = Trouble(what="status 500")
REFUSED = Trouble(what="no connection", answered=False, remedy="Check the network.")


def patience(
    time: SimulatedTime, *, deadline: float = 100.0, jitter: float = 1.0, tries: int = 0
) -> Retry:
    return Retry(
        host="tds.example.com", run=time.run(deadline=deadline, jitter=jitter), tries=tries
    )


def attempts(*outcomes: str | Trouble) -> Callable[[], Awaitable[str | Trouble]]:
    """Give these outcomes one after the other, the last one for ever."""
    left = list(outcomes)

    async def attempt() -> str | Trouble:
        return left.pop(0) if len(left) > 1 else left[0]

    return attempt


async def test_waits_double_up_to_a_limit() -> None:
    time = SimulatedTime()
    asked = patience(time).until_answered("Op", attempts(*[FAILING] * 8, "answer"))
    assert await asked == "answer"
    assert pytest.approx(time.slept) == [0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 20.0, 20.0]


async def test_jitter_is_full() -> None:
    time = SimulatedTime()
    await patience(time, jitter=0.0).until_answered("Op", attempts(FAILING, FAILING, "answer"))
    assert time.slept == [0.0, 0.0]


async def test_the_services_own_wait_is_a_minimum() -> None:
    time = SimulatedTime()
    asked = Trouble(what="status 503", wait=7.0)
    await patience(time, jitter=0.0).until_answered("Op", attempts(asked, asked, "answer"))
    assert time.slept == [7.0, 7.0]


async def test_the_wait_after_throttling_is_the_limiters() -> None:
    time = SimulatedTime()
    asked = Trouble(what="throttling", wait=7.0, throttled=True)
    await patience(time).until_answered("Op", attempts(asked, asked, "answer"))
    assert time.slept == []


async def test_the_deadline_ends_it_with_the_last_trouble() -> None:
    time = SimulatedTime()
    with pytest.raises(ServiceFailing, match=r"answer to Op in time.*status 500"):
        await patience(time, deadline=10.0).until_answered("Op", attempts(FAILING))
    assert time.seconds < 10.0


async def test_an_attempt_that_the_deadline_cut_short_does_not_hide_the_cause() -> None:
    time = SimulatedTime()
    cut_short = Trouble(what="no answer within the time limit", answered=False)
    outcomes = [REFUSED, cut_short]

    async def attempt() -> str | Trouble:
        outcome = outcomes.pop(0)
        time.seconds += 100.0 if outcome is cut_short else 0.1
        return outcome

    with pytest.raises(ServiceUnreachable, match="no connection") as caught:
        await patience(time).until_answered("Op", attempt)
    assert caught.value.remedy == REFUSED.remedy
    assert outcomes == []


async def test_a_wait_that_ends_after_the_deadline_is_not_begun() -> None:
    time = SimulatedTime()
    asked = Trouble(what="throttling", wait=60.0)
    with pytest.raises(ServiceFailing, match="throttling"):
        await patience(time, deadline=50.0).until_answered("Op", attempts(asked))
    assert time.slept == []


async def test_after_the_deadline_nothing_is_attempted() -> None:
    time = SimulatedTime()
    time.seconds = 200.0
    with pytest.raises(ServiceFailing, match="no time was left"):
        await patience(time).until_answered("Op", attempts("answer"))


async def test_an_attempt_that_found_no_time_left_ends_it() -> None:
    time = SimulatedTime()
    with pytest.raises(ServiceFailing, match="last trouble: status 500"):
        await patience(time).until_answered("Op", attempts(FAILING, NO_TIME, "answer"))


async def test_a_service_that_never_answered_is_given_up_after_thirty_seconds() -> None:
    time = SimulatedTime()
    with pytest.raises(ServiceUnreachable, match=r"tds\.example\.com can't be reached") as caught:
        await patience(time, deadline=900.0).until_answered("Op", attempts(REFUSED))
    assert 12.0 < time.seconds < 30.0
    assert caught.value.remedy == "Check the network."


async def test_a_service_that_answered_once_is_asked_until_the_deadline() -> None:
    time = SimulatedTime()
    patient = patience(time, deadline=900.0)
    await patient.until_answered("Op", attempts("answer"))
    with pytest.raises(ServiceFailing, match="no connection"):
        await patient.until_answered("Op", attempts(REFUSED))
    assert time.seconds > 800.0


async def test_a_trouble_with_an_error_is_borne_so_often() -> None:
    time = SimulatedTime()
    error = AnswerUnreadable("What?", "Report it.")
    unreadable = Trouble(what="unreadable", error=error, tries=3)
    patient = patience(time)
    asked = attempts(unreadable, unreadable, FAILING, FAILING, "answer")
    assert await patient.until_answered("Op", asked) == "answer"
    with pytest.raises(AnswerUnreadable) as caught:
        await patient.until_answered("Op", attempts(FAILING, unreadable))
    assert error is caught.value


async def test_a_request_may_be_given_up_after_some_tries() -> None:
    time = SimulatedTime()
    with pytest.raises(ServiceFailing, match="status 500"):
        await patience(time, tries=4).until_answered("Op", attempts(FAILING, REFUSED, FAILING))
    assert pytest.approx(time.slept) == [0.4, 0.8, 1.6]


async def test_what_lasts_is_then_not_tried_again_at_all() -> None:
    time = SimulatedTime()
    untrusted = Trouble(what="its TLS certificate is not trusted", answered=False, lasts=True)
    with pytest.raises(ServiceUnreachable, match="not trusted"):
        await patience(time, tries=4).until_answered("Op", attempts(untrusted))
    assert time.slept == []
