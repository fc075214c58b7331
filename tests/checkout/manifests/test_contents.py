from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.checkout.manifests import Source, choose, find_images
from tests.checkout.manifests.finding import HOST, images, names, read_text

DOCKERFILE = f"ARG TAG=3.12\nFROM {HOST}/base/python:$TAG AS build\nFROM build\nFROM scratch\n"


@pytest.mark.parametrize(
    "path",
    [
        "Dockerfile",
        "dockerfile",
        "a/Dockerfile.prod",
        "a\\web.Dockerfile",
        "Containerfile",
        "x.containerfile",
        "a/Dockerfile.yaml",
        "Dockerfile-prod",
        "web_Dockerfile",
        "Containerfile2",
    ],
)
def test_dockerfiles_are_told_by_their_name(path: str) -> None:
    assert [(f"{HOST}/base/python:3.12", 2, "FROM")] == images(DOCKERFILE, path)


@pytest.mark.parametrize("path", ["Dockerfile.dockerignore", "NotADocker.file", "Dockerfiles/a"])
def test_other_files_are_no_dockerfiles(path: str) -> None:
    assert [] == images("FROM a\n", path)


@pytest.mark.parametrize("text", ["", "Words about an image.", "- a\n- b\n", "{}", "a: 1\n"])
def test_files_that_name_nothing_name_nothing(text: str) -> None:
    assert [] == images(text)


def test_a_template_spoils_no_other_document() -> None:
    result = read_text("""
        image: shop/a:1
        ---
        {{- if .Values.image }}
        kind: Pod
        ---
        image: {{ .Values.image }}
        ---
        image: "{{ .Values.image }}"
        ---
        image: shop/b:2
    """)
    assert ["shop/a:1", "{{ .Values.image }}", "shop/b:2"] == [i.text for i in result.images]
    assert [1, 8, 10] == [image.line for image in result.images]
    assert [(3, "is a template, not YAML"), (6, "is a template, not YAML")] == [
        (unread.line, unread.why) for unread in result.unread
    ]
    assert "helm template CHART | gate manifests -" in result.unread[0].remedy


def test_a_broken_document_that_may_name_an_image_is_unread_and_another_is_told() -> None:
    [unread] = read_text("a: 1\n---\nimage: [\n").unread
    assert 4 == unread.line
    assert unread.why.startswith("can't be read: This is neither YAML nor JSON: expected")
    [note] = read_text("a: 1\n---\nbuild: [\n").notes
    assert note.startswith("app.yaml:4: a document that can't be read: This is neither YAML")


def test_a_repeated_key_is_told() -> None:
    result = read_text("image: shop/a:1\nimage: shop/b:2\n")
    assert ["shop/b:2"] == [image.text for image in result.images]
    assert ("app.yaml:2: image stands twice in one mapping; the last one counts",) == result.notes


def test_a_key_with_an_escape_is_read_all_the_same() -> None:
    assert ["shop/a:1"] == names('"im\\u0061ge": shop/a:1')


def test_hostile_nesting_is_read_quickly() -> None:
    rows = ["a0: &a0 {image: shop/a:1}"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 99)]
    assert ["shop/a:1"] == names("\n".join(rows))


TOKENS = st.sampled_from(
    [
        *("apiVersion: v1\n", "kind: Pod\n", "kind: List\n", "metadata: {name: a}\n", "items:\n"),
        *("spec:\n", "  containers:\n", "  - image: a.b/c/d:1\n", "services:\n", "  a:\n", "---\n"),
        *(
            "    image: ${A:-b}\n",
            "    build: .\n",
            "images:\n",
            "- {name: a, newTag: b}\n",
            "FROM ",
        ),
        *(
            "image: ",
            "repository: a\n",
            "tag: 1.10\n",
            "&a ",
            "*a",
            "<<: ",
            "{{ x }}",
            "[",
            "]",
            "\n",
        ),
        *(
            "global: {imageRegistry: x.y}\n",
            "...\n",
            "%YAML 1.1\n",
            "\ud83d",
            "\x00",
            "\t",
            "- ",
            "? ",
        ),
    ]
)


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(st.text(max_size=80), st.lists(TOKENS, max_size=15).map("".join)),
    st.sampled_from(["a.yaml", "Dockerfile"]),
)
def test_any_text_is_read_or_told_of(text: str, path: str) -> None:
    [result] = find_images([Source(path, text)], ["*"])
    chosen = choose([result], ["*"])
    assert all(image.line <= text.count("\n") + 1 for image in result.images)
    assert all(image.text for image in result.images)
    assert bool(result.images or result.unread) <= bool(chosen.references or chosen.undecidable)
