"""Variables as builders replace them."""

from __future__ import annotations

import pytest

from gate.dockerfile.variables import UNKNOWN, expand, is_told, value_of

VALUES = {"A": "1", "EMPTY": ""}


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("1", "$A"),
        ("1b", "${A}b"),
        (UNKNOWN, "$Ab"),
        (UNKNOWN, "${B}"),
        ("d", "${B:-d}"),
        ("d", "${EMPTY:-d}"),
        ("", "${EMPTY-d}"),
        ("1", "${A:-d}"),
        ("1", "${B:-${A}}"),
        ("1/x", "${B:-$A/x}"),
        ("d", "${A:+d}"),
        ("", "${EMPTY:+d}"),
        ("d", "${EMPTY+d}"),
        ("", "${B+d}"),
        ("1", "${A:?needed}"),
        (UNKNOWN, "${A#p}"),
        (UNKNOWN, "${A%%p*}"),
        ("${A:-", "${A:-"),
        (r"\$A", r"\$A"),
        ("'$A' \"1\"", "'$A' \"$A\""),
        ('"it\'s 1"', '"it\'s $A"'),
        ("$ $1 $(a)", "$ $1 $(a)"),
    ],
)
def test_what_is_known_is_replaced(expected: str, text: str) -> None:
    assert expected == expand(text, VALUES)


def test_the_escape_character_is_the_file_s() -> None:
    assert r"`$A \1" == expand(r"`$A \$A", VALUES, escape="`")


def test_what_is_not_known_may_stay() -> None:
    assert "1 $B ${C:x}" == expand("$A $B ${C:x}", VALUES, unknown=None)


def test_a_value_that_grows_too_long_is_not_known() -> None:
    assert UNKNOWN == value_of("$A$A", {"A": "a" * 600}, "\\")
    assert UNKNOWN == value_of("$X$Y", {}, "\\")
    assert is_told(value_of("'$A' \"b\"", VALUES, "\\"))
