"""Verdicts whose findings point at a Dockerfile."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gate.checkout.dockerfile import locate_commands
from gate.findings import Location
from gate.sandbox.world import sample_world
from gate.untrusted import mask_secrets
from tests.report import verdicts as made

if TYPE_CHECKING:
    from gate.verdict import ImageVerdict, Verdict

FILE = """FROM alpine AS build
RUN apk add git
RUN make
FROM alpine AS base
RUN apk add curl
FROM base
RUN make
RUN apk add git
RUN apk add git
USER root
"""
PIECES = st.sampled_from(FILE.splitlines(keepends=True)) | st.sampled_from(
    ["\\\n", "RUN <<A\n", "A\n", "ENV TOKEN=$X\n", "ENV TOKEN=aiNg4ahj\n", "$", '"', "#escape=`\n"]
)
FILES = st.lists(PIECES | st.text(max_size=4), max_size=30).map("".join)
PARTS = st.sampled_from(
    [*"ABc $={}[]()\"'\\`|#<>&-:/*,.0123", "/bin/sh -c ", "#(nop) ", "RUN ", "ENV ", "COPY ", "|1 ",
     "HEALTHCHECK &{[", "EXPOSE map[", "ONBUILD ", "file:abcdef in ", "***", "--from=a ", "\n"]
)  # fmt: skip
ANY_COMMAND = st.lists(PARTS | st.text(max_size=3), max_size=12).map("".join)


def verdict_on(*commands: str) -> Verdict:
    return made.run(made.scanned(*(made.decision(command=command) for command in commands)))


def lines_of(verdict: Verdict) -> list[int | None]:
    locations = [each.finding.location for each in verdict.images[0].decisions]
    return [location.line if location else None for location in locations]


def test_findings_point_at_the_line_of_their_instruction() -> None:
    located = locate_commands(verdict_on("USER root", "RUN apk add curl"), "app/Dockerfile", FILE)

    assert [Location("app/Dockerfile", 10), Location("app/Dockerfile", 5)] == [
        each.finding.location for each in located.images[0].decisions
    ]
    assert () == located.images[0].notes


def test_stages_that_make_the_image_go_before_others() -> None:
    assert [7] == lines_of(locate_commands(verdict_on("RUN make"), "Dockerfile", FILE))


def test_without_stages_any_instruction_may_be_meant() -> None:
    assert [2] == lines_of(
        locate_commands(verdict_on("USER root"), "Dockerfile", "RUN make\nUSER root\n")
    )


@pytest.mark.parametrize(
    ("expected", "commands"),
    [
        (
            "Dockerfile: 1 of 2 findings matches no instruction of it (no_user: CMD web).",
            ["CMD  web", "USER root"],
        ),
        (
            (
                "Dockerfile: 1 of 1 finding matches several instructions of it "
                "(no_user: RUN apk add git, lines 8, 9)."
            ),
            ["RUN apk add git"],
        ),
        (
            (
                "Dockerfile: 2 of 3 findings match no instruction of it (no_user: no build "
                f"command; no_user: RUN {'x' * 73}...); 1 of 3 findings matches several "
                "instructions of it (no_user: RUN apk add git, lines 8, 9)."
            ),
            ["", "RUN apk add git", "RUN " + "x" * 100],
        ),
        (
            (
                "Dockerfile: 5 of 5 findings match no instruction of it "
                "(no_user: RUN 0; no_user: RUN 1; no_user: RUN 2; and 2 more)."
            ),
            [f"RUN {number}" for number in range(5)],
        ),
    ],
)
def test_what_has_no_line_is_said(expected: str, commands: list[str]) -> None:
    located = locate_commands(verdict_on(*commands), "Dockerfile", FILE)

    assert (expected,) == located.images[0].notes
    assert () == located.notes


def test_an_image_without_findings_has_no_note() -> None:
    verdict = made.run(made.scanned(), made.unscanned())

    assert verdict == locate_commands(verdict, "Dockerfile", FILE)


def test_the_sandbox_s_findings_can_be_located() -> None:
    commands = {
        mask_secrets(finding.command)
        for image in sample_world().images
        for finding in image.findings
    }
    text = "FROM alpine\n" + "".join(f"{command}\n" for command in sorted(commands))

    located = locate_commands(verdict_on(*sorted(commands)), "Dockerfile", text)

    assert [line + 2 for line in range(len(commands))] == lines_of(located)


@given(made.image_verdicts(), FILES)
@settings(max_examples=100, deadline=None)
def test_nothing_but_places_and_notes_changes(image: ImageVerdict, text: str) -> None:
    verdict = made.run(image)
    located = locate_commands(verdict, "Dockerfile", text)
    [after] = located.images
    decisions = [
        replace(new, finding=replace(new.finding, location=old.finding.location))
        for old, new in zip(image.decisions, after.decisions, strict=True)
    ]

    assert image == replace(after, decisions=tuple(decisions), notes=image.notes)
    assert image.notes == after.notes[: len(image.notes)]
    assert verdict == replace(located, images=verdict.images)


@given(st.lists(ANY_COMMAND, max_size=6), FILES)
@settings(max_examples=100, deadline=None)
def test_any_texts_are_taken_and_lines_lie_in_the_file(commands: list[str], text: str) -> None:
    located = locate_commands(verdict_on(*commands), "Dockerfile", text)

    assert all(1 <= line <= len(text.split("\n")) for line in lines_of(located) if line)
    assert located == locate_commands(located, "Dockerfile", text)


@given(FILES.map(lambda text: f"FROM alpine\n{text}"), st.integers(0, 999))
@settings(max_examples=100, deadline=None)
def test_an_instruction_that_stands_once_is_found(text: str, number: int) -> None:
    unique = f"RUN make unique-{number}"

    assert lines_of(
        locate_commands(verdict_on(f"{unique} # buildkit"), "Dockerfile", f"{unique}\n{text}")
    ) == [1]


def test_the_time_grows_no_faster_than_file_and_findings() -> None:
    small, large = _seconds(400), _seconds(4000)

    assert large < 40 * small


def _seconds(number: int) -> float:
    lines = [f"RUN make $X package-{each}\nENV A{each}=$B-x" for each in range(number)]
    commands = [
        f"RUN |1 V=7 /bin/sh -c make $X package-{each} # buildkit" for each in range(number)
    ]
    commands += [f"ENV A{each}=y-x" for each in range(number)]
    verdict = verdict_on(*commands)
    start = time.process_time()
    located = locate_commands(verdict, "Dockerfile", "\n".join(["FROM debian", *lines]))
    taken = time.process_time() - start

    odd, even = range(2, 2 * number + 1, 2), range(3, 2 * number + 2, 2)
    assert [*odd, *even] == lines_of(located)
    return taken
