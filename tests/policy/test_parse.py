from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.policy.parse import parse
from gate.policy.problem import Place, Unreadable

words = st.text(st.characters(min_codepoint=32, exclude_categories=["C"]), min_size=1, max_size=8)
trees = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (True, "true"),
        (False, "FALSE"),
        (None, "~"),
        (None, "null"),
        (7, "7"),
        (-7, "-7"),
        (1.5, "1.5"),
        ("yes", "yes"),
        ("on", "on"),
        ("2027-01-31", "2027-01-31"),
        ("1:30", "1:30"),
        ("7", '"7"'),
        ("true", "'true'"),
        ("a b\n", "|\n  a b\n"),
        ("a b\n", ">\n  a\n  b\n"),
        ("1_000", "1_000"),
        ("😀", '"\\ud83d\\ude00"'),
        ("/", '"\\/"'),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(expected: object, text: str) -> None:
    assert {"key": expected} == parse(f"key: {text}").data


def test_every_key_and_value_has_its_place() -> None:
    content = parse("version: 1\nblock:\n  levels: [high,\n    low]\n")
    assert content.data == {"version": 1, "block": {"levels": ["high", "low"]}}
    assert Place(3, 3) == content.keys["block", "levels"]
    assert Place(3, 11) == content.values["block", "levels"]
    assert Place(4, 5) == content.values["block", "levels", 1]
    assert Place(1, 10) == content.values[("version",)]


@pytest.mark.parametrize(
    ("where", "says", "text"),
    [
        ((1, 1), "The file is empty", ""),
        ((1, 1), "The file is empty", "# only a comment\n"),
        ((2, 1), "A second document", "--- {a: 1}\n--- {b: 1}\n"),
        ((1, 4), "Anchors (&x)", "a: &x 1\n"),
        ((2, 4), "Aliases (*x)", "a: 1\nb: *x\n"),
        ((1, 4), "Tags", "a: !!str 1\n"),
        ((1, 4), "Tags", "a: !python/object {}\n"),
        ((1, 1), "Merge keys", "<<: {a: 1}\n"),
        ((2, 1), "a stands twice here, first in line 1", "a: 1\na: 2\n"),
        ((2, 1), "a stands twice here", "a: 1\n'a': 2\n"),
        ((1, 3), "A key must be a word", "? [a]\n: 1\n"),
        ((1, 1), "can't be a key", '"": 1\n'),
        ((1, 1), "can't be a key", f'"{"k" * 101}": 1\n'),
        ((2, 1), "YAML 1.2", "%YAML 1.1\n--- {}\n"),
        ((2, 1), "YAML 1.2", "%TAG ! tag:example.com,2000:\n--- {}\n"),
        ((1, 21), "nested too deeply", "[" * 5000),
        ((59_999, 2), "too many values", "-\n" * 60_001),
        ((1, 4), "half a character", 'a: "\\ud83d"\n'),
        ((2, 1), "neither YAML nor JSON", "a:\n\tb: 1\n"),
        ((2, 4), "neither YAML nor JSON", "a: 1\nb: \x07\n"),
        ((1, 1), "neither YAML nor JSON", 'a: "\\UFFFFFFFF"\n'),
        ((1, 4), "neither YAML nor JSON", "a: b: c\n"),
        ((2, 1), "neither YAML nor JSON", "a: [1\n"),
    ],
)
def test_what_makes_a_reader_think_twice_is_refused(
    where: tuple[int, int], says: str, text: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(text)
    assert says in caught.value.problem.text
    if "neither" not in says:
        assert where == caught.value.problem.place
    assert where[0] == caught.value.problem.place.line


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(words, trees, max_size=4), st.sampled_from([None, 2, "\t"]))
def test_json_is_read_as_json(tree: object, indent: int | str | None) -> None:
    for ascii_only in (True, False):
        text = json.dumps(tree, indent=indent, ensure_ascii=ascii_only)
        if "<<" not in text:
            assert json.loads(text) == parse(text).data


@settings(max_examples=100, deadline=None)
@given(st.text("ab:-[]{}&*!#|>%@\"'\\ \n\t,?<0~\ud83d\x85", max_size=40))
def test_any_text_is_data_or_unreadable(text: str) -> None:
    try:
        data = parse(text).data
    except Unreadable:
        return
    assert not (isinstance(data, float) and math.isnan(data))
