from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.checkout.manifests.compose import with_values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("web:1", "web:1"),
        ("a}b", "a}b"),
        ("${A:-x}/${B-y}:1", "x/y:1"),
        ("${A:-${B:-x}y}z", "xyz"),
        ("${A-}web", "web"),
        *[
            (text, text)
            for text in ("$A", "${A}", "${A:?no}", "${A:+x}", "$$A", "${A:-x", "${A:-$B}", "${")
        ],
    ],
)
def test_defaults_are_filled_in_or_nothing_is(text: str, expected: str) -> None:
    assert expected == with_values(text, {})


def test_a_text_that_no_name_reaches_stays() -> None:
    text = "${A:-x}" * 1000
    assert text == with_values(text, {})


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="${}:-?+Ab", max_size=40))
def test_a_text_with_a_variable_without_value_stays_whole(text: str) -> None:
    result = with_values(text, {})
    assert result == text or "$" not in result
