"""Instructions whose text the Dockerfile does not tell in full."""

from __future__ import annotations

import pytest

from gate.checkout.dockerfile.matching import Matcher


@pytest.mark.parametrize(
    ("expected", "instructions", "command"),
    [
        (True, "COPY $A /srv/$B/web", "COPY dist /srv/x/web"),
        (True, "COPY $A/web-$B-$C /srv", "COPY dist/web-1-2 /srv"),
        (False, "COPY $A/web-$B-$C /srv", "COPY dist/web-1 /srv"),
        (False, "COPY a$B /srv", "COPY b /srv"),
        (False, "COPY $A $B", "COPY dist /srv"),
        (False, "COPY ab$A/ba /srv", "COPY aba /srv"),
        (True, "USER web-$A", "USER web-1"),
        (False, "USER $A", "USER root"),
        (False, "ARG A\nUSER $A", "USER root"),
        (False, "ARG A\nENV B=$A", "ENV B=x"),
        (False, "ARG A=y\nENV B=$A", "ENV B=x"),
        (True, "ARG A\nENV B=$A TOKEN=aiNg4ahj", "ENV B=x TOKEN=***"),
        (False, "ARG A\nENV B=$A TOKEN=aiNg4ahj", "ENV B=x C=***"),
        (False, "ENV B=$A-x\nLABEL v=$B", "LABEL v=1-x"),
        (True, "ENV B=$A-x\nLABEL v=$B", "ENV B=1-x"),
        (False, "ENV B=$A", "ENV B=x"),
        (True, "ENV B=${A#*/}y", "ENV B=xy"),
        (False, "WORKDIR $A\nWORKDIR web", "WORKDIR /srv/web"),
        (True, "ARG A B=b", "ARG A=x B=b"),
    ],
)
def test_what_is_told_decides(expected: bool, instructions: str, command: str) -> None:  # noqa: FBT001 - a column
    text = f"FROM alpine\n{instructions}\n"

    assert expected == bool(Matcher(text).lines(command))


def test_too_many_that_look_alike_tell_nothing() -> None:
    alike = [f"COPY $A {number}$B /srv" for number in range(60)]

    assert (2,) == Matcher("\n".join(["FROM alpine", *alike[:50]])).lines("COPY x 0y /srv")
    assert () == Matcher("\n".join(["FROM alpine", *alike])).lines("COPY x 0y /srv")


@pytest.mark.parametrize("alike", ["COPY a$A /srv", "COPY $A /srv"])
def test_the_longest_literal_match_wins(alike: str) -> None:
    matcher = Matcher(f"FROM alpine\nCOPY ab$A /srv\n{alike}\n")

    assert (2,) == matcher.lines("COPY abc /srv")
    assert (3,) == Matcher(f"FROM alpine\n{alike}\nCOPY abc /srv").lines("COPY abc /srv")


def test_equally_long_matches_are_several() -> None:
    matcher = Matcher("FROM alpine\nCOPY a$A /srv\nCOPY ${A}c /srv\n")

    assert (2, 3) == matcher.lines("COPY abc /srv")


@pytest.mark.parametrize("base", ["scratch", "alpine"])
def test_a_digest_of_the_classic_builder_has_no_line(base: str) -> None:
    command = "/bin/sh -c #(nop) ADD file:0123456789abcdef in / "

    assert () == Matcher(f"FROM {base}\nADD rootfs.tar /\n").lines(command)
