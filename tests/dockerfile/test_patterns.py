"""Instructions whose text the Dockerfile does not tell in full."""

from __future__ import annotations

import pytest

from gate.dockerfile.matching import Matcher


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
        (True, "ARG A\nENV B=$A", "ENV B=x"),
        (False, "ARG A=y\nENV B=$A", "ENV B=x"),
        (True, "ARG A\nENV B=$A TOKEN=aiNg4ahj", "ENV B=x TOKEN=***"),
        (False, "ARG A\nENV B=$A TOKEN=aiNg4ahj", "ENV B=x C=***"),
        (True, "ENV B=$A-x\nLABEL v=$B", "LABEL v=1-x"),
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


def test_replaced_variables_do_not_make_a_file_much_longer() -> None:
    long = [f"LABEL n{number}=$A" for number in range(500)]
    text = "\n".join(["FROM alpine", f"ENV A={'a' * 999}", *long])

    assert (3,) == Matcher(text).lines(f"LABEL n0={'a' * 999}")
    assert () == Matcher(text).lines(f"LABEL n499={'a' * 999}")


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ((2,), "FROM scratch\nADD rootfs.tar /\n"),
        ((3,), "FROM scratch AS base\nFROM base\nADD rootfs.tar /\n"),
        ((), "FROM alpine\nADD rootfs.tar /\n"),
        ((), "FROM scratch\nADD a b /\nADD a $B\nADD\n"),
    ],
)
def test_a_root_file_system_is_the_base_image_s_unless_there_is_none(
    expected: tuple[int, ...], text: str
) -> None:
    command = "/bin/sh -c #(nop) ADD file:0123456789abcdef in / "

    assert expected == Matcher(text).lines(command)
