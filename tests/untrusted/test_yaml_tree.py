from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gate.untrusted.files import Place, Unreadable
from gate.untrusted.yaml_tree import LENIENT, Fields, Items, Repeated, parse_yaml

if TYPE_CHECKING:
    from gate.untrusted.yaml_tree import Path

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
    assert {"key": expected} == parse_yaml(f"key: {text}").data


def test_every_key_and_value_has_its_place() -> None:
    tree = parse_yaml("version: 1\nblock:\n  levels: [high,\n    low]\nwarn:\n")
    assert tree.data == {"version": 1, "block": {"levels": ["high", "low"]}, "warn": None}
    assert Place(3, 3) == tree.key_place(("block", "levels"))
    assert Place(3, 11) == tree.place(("block", "levels"))
    assert Place(4, 5) == tree.place(("block", "levels", 1))
    assert Place(1, 10) == tree.place(("version",))
    assert Place(5, 1) == tree.place(("warn",)) == tree.key_place(("warn",))


@pytest.mark.parametrize("path", [("a", 7), ("a", "b"), ("a", 0, "c"), ("a", 0, 1)])
def test_what_is_missing_has_the_place_of_what_it_is_missing_in(path: Path) -> None:
    tree = parse_yaml("b: 1\na:\n  - 1\n")
    assert (3, 3 if len(path) == 2 else 5) == tree.place(path)
    assert tree.place(path) == tree.key_place(path)


@pytest.mark.parametrize(
    ("where", "says", "text"),
    [
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
        parse_yaml(text)
    assert says in caught.value.text
    if "neither" not in says:
        assert where == caught.value.place
    assert where[0] == caught.value.place.line


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(words, trees, max_size=4), st.sampled_from([None, 2, "\t"]))
def test_json_is_read_as_json(tree: object, indent: int | str | None) -> None:
    for ascii_only in (True, False):
        text = json.dumps(tree, indent=indent, ensure_ascii=ascii_only)
        if "<<" not in text:
            assert json.loads(text) == parse_yaml(text).data


@settings(max_examples=100, deadline=None)
@given(st.text("ab:-[]{}&*!#|>%@\"'\\ \n\t,?<0~\ud83d\x85", max_size=40))
def test_any_text_is_data_or_unreadable(text: str) -> None:
    try:
        data = parse_yaml(text).data
    except Unreadable:
        return
    assert not (isinstance(data, float) and math.isnan(data))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("word", "word"),
        ("a: &x [1, {b: c}]\nd: *x", {"a": [1, {"b": "c"}], "d": [1, {"b": "c"}]}),
        ("&k a: b\n*k : c", {"a": "c"}),
        (
            "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}",
            {"a": {"x": 1, "y": 2}, "b": {"y": 3, "x": 1}},
        ),
        ("b: {<<: [{x: 1}, {x: 2, y: 3}]}", {"b": {"x": 1, "y": 3}}),
        ("{'<<': 1}", {"<<": 1}),
        ('{\n\t"a": ["\\u0062"]\n}', {"a": ["b"]}),
        ("a: !!str 1\nb: !Ref x", {"a": 1, "b": "x"}),
    ],
)
def test_what_kubernetes_reads_is_read(text: str, expected: object) -> None:
    assert expected == parse_yaml(text, LENIENT).data


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("a: 1\nb: [", 2, "expected the node content"),
        ("a:\n  b: *x", 2, "*x stands for nothing."),
        ("a:\n - &x [*x]", 2, "*x stands inside of what it stands for"),
        ("a: 1\n? [b]\n: c", 2, "A key must be a word."),
        ("a: {{ x }}", 1, "A key must be a word."),
        ("a:\n  <<: text", 2, "Only mappings can be merged (<<)."),
        ("a: b\n\x01", 2, "unacceptable character"),
        ("[" * 101, 1, "nested too deeply"),
        (
            "a: &x " + "[" * 60 + "]" * 60 + "\nb: " + "[" * 60 + "*x" + "]" * 60,
            2,
            "nested too deeply",
        ),
    ],
)
def test_what_cannot_be_read_has_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse_yaml(text, LENIENT)
    assert line == caught.value.place.line
    assert why in caught.value.text


def test_a_hundred_levels_are_read() -> None:
    root = parse_yaml("[" * 100 + "]" * 100, LENIENT).root
    assert isinstance(root, Items)
    assert 100 == root.height


def test_lines_are_those_that_editors_count() -> None:
    root = parse_yaml("# \u2028 \x85\r\na:\r\n  b", LENIENT).root
    assert isinstance(root, Fields)
    assert (2, 3) == (root.line, root.fields["a"].line)


def test_a_repeated_key_is_listed_and_the_last_counts() -> None:
    tree = parse_yaml("a: 1\nb: 2\na: 3\n", LENIENT)
    assert (Repeated(3, "a"),) == tree.repeated
    assert {"a": 3, "b": 2} == tree.data
    assert (3, 4) == tree.place(("a",))


def test_not_every_repeated_key_is_listed() -> None:
    assert 20 == len(parse_yaml("{" + "a, " * 100 + "}", LENIENT).repeated)


def test_aliases_of_aliases_cost_nothing() -> None:
    rows = ["a0: &a0 [x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 99)]
    assert isinstance(parse_yaml("\n".join(rows), LENIENT).root, Fields)


def test_merging_is_bounded() -> None:
    wide = ", ".join(f"k{n}: {n}" for n in range(500))
    rows = [f"a: &a {{{wide}}}", *("- <<: *a" for _ in range(300))]
    text = rows[0] + "\nb:\n" + "\n".join(rows[1:])
    with pytest.raises(Unreadable, match="too often"):
        parse_yaml(text, LENIENT)


def test_the_number_of_values_is_bounded() -> None:
    with pytest.raises(Unreadable, match="too many values"):
        parse_yaml("- a\n" * 30, replace(LENIENT, values=20))


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab:-&*<[]{}?!|>'\"%#,\\ \n\t", max_size=60))
def test_any_lenient_text_is_read_or_refused(text: str) -> None:
    line = 1
    try:
        parse_yaml(text, LENIENT)
    except Unreadable as error:
        line = error.place.line
    assert 1 <= line <= text.count("\n") + 1
