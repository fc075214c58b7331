"""Times that make no sense are never a default: undecided, or an answer that makes no sense."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gate.sandbox import SampleImage
from tests.end_to_end.steadiness.meddler import meddling
from tests.rigs.command import reference
from tests.rigs.serving import in_thread
from tests.security_center.scripted import Said, Scripted, listening

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox
    from tests.rigs.command import Result

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

CLEAN = SampleImage(namespace="shop", repository="api", tag="2.0")
ARGUMENTS = ("check", "--wait", "0", "--timeout", "5s", "--format", "json")


def seconds(_: int, answer: Any) -> Any:
    """Give times in seconds, as a service might after a change."""
    for row in answer.get("ImageInstanceList", []):
        row["LastScanTime"] //= 1000
    return answer


def far_ahead(_: int, answer: Any) -> Any:
    for row in answer.get("ImageInstanceList", []):
        row["LastScanTime"] += 2 * 86_400_000
    return answer


@pytest.mark.parametrize("change", [seconds, far_ahead])
def test_a_scan_at_no_possible_time_passes_nothing(
    gate: Gate, serve: Serve, change: Callable[[int, Any], Any]
) -> None:
    with serve(CLEAN) as sandbox, meddling(sandbox, change) as url:
        result = gate(*ARGUMENTS, "--endpoint", url, reference(CLEAN))
    assert 5 == result.code
    assert "not between 2015 and tomorrow" in result.image["message"]


@pytest.mark.parametrize(
    "date", ["Fri, 31 Dec 9999 23:59:59 GMT", "Sun, 31 Feb 2026 12:00:00 GMT", "soon"]
)
def test_a_date_that_makes_no_sense_is_trouble_with_the_service(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, date: str
) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret")
    with in_thread(listening(Scripted(Said(headers={"Date": date})).answer)) as url:
        result = gate(*ARGUMENTS, "--endpoint", url, reference(CLEAN))
    assert 5 == result.code
    assert "Date header" in result.image["message"]
    assert "Traceback" not in result.err
