from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.manifests import tree as module
from gate.manifests.nodes import Fields, Items, Scalar
from gate.manifests.tree import Repeated, Unreadable, tree


def plain(text: str) -> object:
    def value(node: object) -> object:
        if isinstance(node, Fields):
            return {key: value(child) for key, child in node.fields.items()}
        if isinstance(node, Items):
            return [value(item) for item in node.items]
        return node.text if isinstance(node, Scalar) else None

    return value(tree(text).root)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("word", "word"),
        ("a: &x [1, {b: c}]\nd: *x", {"a": ["1", {"b": "c"}], "d": ["1", {"b": "c"}]}),
        ("&k a: b\n*k : c", {"a": "c"}),
        (
            "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}",
            {"a": {"x": "1", "y": "2"}, "b": {"y": "3", "x": "1"}},
        ),
        ("b: {<<: [{x: 1}, {x: 2, y: 3}]}", {"b": {"x": "1", "y": "3"}}),
        ("{'<<': 1}", {"<<": "1"}),
        ('{\n\t"a": ["\\u0062"]\n}', {"a": ["b"]}),
        ("a: !!str 1\nb: !Ref x", {"a": "1", "b": "x"}),
    ],
)
def test_documents_are_read(text: str, expected: object) -> None:
    assert expected == plain(text)


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("a: 1\nb: [", 2, "expected the node content"),
        ("a:\n  b: *x", 2, "*x stands for nothing"),
        ("a:\n - &x [*x]", 2, "*x stands inside of what it stands for"),
        ("a: 1\n? [b]\n: c", 2, "a list or mapping stands where a key should be"),
        ("a: {{ x }}", 1, "a list or mapping stands where a key should be"),
        ("a:\n  <<: text", 2, "something is merged (<<) that is no mapping"),
        ("a: b\n\x01", 2, "unacceptable character"),
        ("[" * 101, 1, "nested deeper than 100"),
        ("a: &x " + "[" * 60 + "]" * 60 + "\nb: " + "[" * 60 + "*x" + "]" * 60, 2, "nested deeper"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(Unreadable) as caught:
        tree(text)
    assert line == caught.value.line
    assert why in caught.value.why


def test_a_hundred_levels_are_read() -> None:
    root = tree("[" * 100 + "]" * 100).root
    assert isinstance(root, Items)
    assert 100 == root.height


def test_lines_are_those_that_editors_count() -> None:
    root = tree("# \u2028 \x85\r\na:\r\n  b").root
    assert isinstance(root, Fields)
    assert (2, 3) == (root.line, root.fields["a"].line)


def test_a_repeated_key_is_told_and_the_last_counts() -> None:
    root, repeated = tree("a: 1\nb: 2\na: 3\n")
    assert (Repeated(3, "a"),) == repeated
    assert isinstance(root, Fields)
    assert ["3", "2"] == [node.text for node in root.fields.values() if isinstance(node, Scalar)]


def test_not_every_repeated_key_is_told() -> None:
    assert 20 == len(tree("{" + "a, " * 100 + "}").repeated)


def test_aliases_of_aliases_cost_nothing() -> None:
    rows = ["a0: &a0 [x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 99)]
    assert isinstance(tree("\n".join(rows)).root, Fields)


def test_merging_is_bounded() -> None:
    wide = ", ".join(f"k{n}: {n}" for n in range(500))
    rows = [f"a: &a {{{wide}}}", *("- <<: *a" for _ in range(300))]
    text = rows[0] + "\nb:\n" + "\n".join(rows[1:])
    with pytest.raises(Unreadable, match="too often"):
        tree(text)


def test_the_number_of_values_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_EVENTS", 20)
    with pytest.raises(Unreadable, match="too many values"):
        tree("- a\n" * 30)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab:-&*<[]{}?!|>'\"%#,\\ \n\t", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    line = 1
    try:
        tree(text)
    except Unreadable as error:
        line = error.line
    assert 1 <= line <= text.count("\n") + 1
