"""How a Dockerfile is split into instructions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.checkout.dockerfile.instructions import Instruction, parse

PIECES = st.sampled_from(
    [
        "FROM a AS b\n", "FROM b\r\n", "RUN x", "RUN <<EOF\n", "EOF\n", "copy <<-A /x\n", "\tA\n",
        "ONBUILD RUN <<EOF\n", "\\\n", "`\n", "# c\n", "#escape=`\n", "\n", " ", '"', "'", "$X",
        "${A:-b}", "ENV A=b\n", "ARG A\n", 'SHELL ["a", "-c"]\n', "WORKDIR b\n", "\x00",
        "EXPOSE 1-70000/udp\n", 'HEALTHCHECK &{["CMD" "a"]}\n', "\ufeff", "\u2028", "\ud800",
    ]
)  # fmt: skip
FILES = st.lists(PIECES | st.text(max_size=4), max_size=40).map("".join)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ([], ""),
        ([], "# only a comment\n\n"),
        ([("RUN", "a", 1)], "\ufeffrun a"),
        ([("RUN", "a", 2), ("CMD", "b", 4)], "\r\nRUN a\r\n\r\nCMD b\r\n"),
        ([("RUN", "a   b", 1), ("CMD", "c", 6)], "RUN a \\\n# why\n\n  # more\n  b\nCMD c\n"),
        ([("RUN", "a  b", 1)], "RUN a \\  \n b"),
        ([("RUN", "a\\\\", 1), ("CMD", "b", 2)], "RUN a\\\\\nCMD b"),
        ([("RUN", "a \\", 3), ("CMD", "b", 4)], "# syntax=x\n# Escape = `\nRUN a \\\nCMD b"),
        ([("RUN", "a b", 2)], "# escape=`\nRUN a `\nb"),
        ([("RUN", "a b", 3)], "# a comment\n# escape=`\nRUN a \\\nb"),
        ([("RUN", "a b", 2)], "# escape=x\nRUN a \\\nb"),
        ([("RUN", "a", 1)], "RUN a\\"),
        ([("RUN", "a", 2)], "  # indented\n  RUN a"),
        ([("RUN", "cat << EOF", 1), ("EOF", "", 2)], "RUN cat << EOF\nEOF"),
        ([("RUN", "echo $((1 <<2))", 1), ("CMD", "a", 2)], "RUN echo $((1 <<2))\nCMD a"),
        ([("ENV", "A=<<EOF", 1), ("EOF", "", 2)], "ENV A=<<EOF\nEOF"),
    ],
)
def test_each_instruction_has_its_first_line(
    expected: list[tuple[str, str, int]], text: str
) -> None:
    assert expected == [(each.keyword, each.arguments, each.line) for each in parse(text)]


def test_documents_belong_to_their_instruction() -> None:
    text = "COPY <<A <<-'B' /x\n# a\nA\n\tb\n\tB\nRUN true\n"
    documents = (("A", "# a\n"), ("B", "b\n"))

    assert (
        Instruction("COPY", "<<A <<-'B' /x", 1, documents),
        Instruction("RUN", "true", 6),
    ) == parse(text)


def test_after_many_words_that_no_line_ends_none_is_looked_for() -> None:
    shifts = [f"RUN echo $((1 <<{number}))" for number in range(101)]
    text = "\n".join([*shifts, "RUN <<EOF", "EOF"])

    assert "EOF" == parse(text)[-1].keyword
    assert "RUN" == parse(text.partition("\n")[2])[-1].keyword


@given(FILES)
@settings(max_examples=100, deadline=None)
def test_lines_rise_and_lie_in_the_file(text: str) -> None:
    lines = [each.line for each in parse(text)]

    assert lines == sorted(set(lines))
    assert all(1 <= line <= len(text.split("\n")) for line in lines)
