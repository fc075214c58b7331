"""The verdict of a run is made once, of all that decides it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gate.errors import ExitCode
from gate.findings import Reason, Scan, ScanState, Unscanned
from gate.verdict import ImageVerdict, Outcome, Service, Verdict, judge_image, judge_run

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def image(outcome: Outcome, code: ExitCode) -> ImageVerdict:
    scan = Scan(state=ScanState.FINISHED)
    return ImageVerdict(
        reference="shop/web:1", outcome=outcome, reason="", message="", exit_code=code, scan=scan
    )


PASS = image(Outcome.PASS, ExitCode.PASSED)
BLOCK = image(Outcome.BLOCK, ExitCode.BLOCKED)
TOLERATED = image(Outcome.UNDECIDED, ExitCode.PASSED)
REFUSED = image(Outcome.UNDECIDED, ExitCode.ACCESS)


def judged(*images: ImageVerdict, **given: Any) -> tuple[Outcome, ExitCode]:
    service = Service("tds.example", "", sandbox=False)
    verdict: Verdict = judge_run(images, generated_at=NOW, service=service, policies=(), **given)
    return verdict.outcome, verdict.exit_code


@pytest.mark.parametrize("images", [(), (PASS,), (PASS, BLOCK), (REFUSED,)])
def test_what_ended_the_run_decides_its_code_and_not_its_outcome(
    images: tuple[ImageVerdict, ...],
) -> None:
    outcome, code = judged(*images, ended_by=ExitCode.TERMINATED)
    assert (judged(*images)[0], ExitCode.TERMINATED) == (outcome, code)


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ((PASS,), (Outcome.UNDECIDED, ExitCode.UNDECIDED)),
        ((PASS, TOLERATED), (Outcome.UNDECIDED, ExitCode.UNDECIDED)),
        ((PASS, REFUSED), (Outcome.UNDECIDED, ExitCode.ACCESS)),
        ((PASS, BLOCK), (Outcome.BLOCK, ExitCode.BLOCKED)),
    ],
)
def test_images_that_may_be_missing_are_not_passed(
    images: tuple[ImageVerdict, ...], expected: tuple[Outcome, ExitCode]
) -> None:
    assert expected == judged(*images, whole=False)


def test_nothing_to_judge_is_undecided_and_ends_in_0_only_where_that_is_allowed() -> None:
    assert (Outcome.UNDECIDED, ExitCode.UNDECIDED) == judged()
    assert (Outcome.UNDECIDED, ExitCode.PASSED) == judged(allow_none=True)
    assert (Outcome.UNDECIDED, ExitCode.ACCESS) == judged(REFUSED, allow_none=True)
    assert (Outcome.UNDECIDED, ExitCode.UNDECIDED) == judged(allow_none=True, whole=False)


def test_the_notes_of_an_image_stay_on_the_image() -> None:
    evidence = Unscanned(reason=Reason.MISSING, message="Not known.", notes=("A note.",))
    one = judge_image("shop/web:1", evidence, (), tolerated=False)
    service = Service("tds.example", "", sandbox=False)
    verdict = judge_run([one], generated_at=NOW, service=service, policies=(), notes=("Run.",))
    assert (("Run.",), ("A note.",)) == (verdict.notes, verdict.images[0].notes)
