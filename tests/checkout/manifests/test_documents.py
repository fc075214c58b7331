from __future__ import annotations

import pytest

from gate.checkout.manifests.contents import Document, documents


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("---\n---\n", []),
        ("a: 1\n", [Document("a: 1\n", 1)]),
        ("\ufeffa: 1\n", [Document("a: 1\n", 1)]),
        ("a\n---\nb\n---\n", [Document("a\n", 1), Document("---\nb\n", 2)]),
        ("a\r\n--- b\r\n", [Document("a\r\n", 1), Document("--- b\r\n", 2)]),
        ("a\n---b\n", [Document("a\n---b\n", 1)]),
        ("a\n...\n\nb\n", [Document("a\n", 1), Document("   \n\nb\n", 2)]),
        ("#\n%YAML 1.2\n---\na\n", [Document("#\n%YAML 1.2\n---\na\n", 1)]),
        ("%YAML 1.2\n", []),
    ],
)
def test_streams_are_split_where_documents_begin(text: str, expected: list[Document]) -> None:
    assert expected == list(documents(text))
