"""Nothing that names an image of a known registry is passed over: it is judged, or undecided."""

from __future__ import annotations

import json
from base64 import b64encode
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.checkout.manifests import Source, Surroundings, choose, find_images
from gate.findings import Reason
from tests.checkout.manifests.finding import HEX, HOST

if TYPE_CHECKING:
    from pathlib import Path

    from gate.checkout.manifests import Choice

EVIL = f"{HOST}/shop/evil:1"
POD = f"apiVersion: v1\nkind: Pod\nspec: {{containers: [{{name: a, image: '{EVIL}'}}]}}\n"

POD_IN_JSON = json.dumps(
    {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"image": EVIL}]}}
)
DOCKERFILES = ["Dockerfile", "Dockerfile-prod", "my.containerfile", "aDockerfile"]


def chosen(text: str, path: str = "app.yaml", hosts: tuple[str, ...] = ()) -> Choice:
    return choose(find_images([Source(path, dedent(text).lstrip("\n"))], hosts), hosts)


def judged(text: str, path: str = "app.yaml") -> list[str]:
    return [str(reference) for reference in chosen(text, path).references]


@pytest.mark.parametrize(
    "text",
    [
        # a merge key behind the explicit one, a list that calls itself otherwise, a tag
        f"""
        apiVersion: v1
        kind: Pod
        bad: &bad {{image: "{EVIL}"}}
        spec: {{containers: [{{name: a, image: a.b/c/d, <<: *bad}}]}}
        """,
        f"""
        apiVersion: v1
        kind: Pod
        bad: &bad {{image: {{repository: {HOST}/shop/evil, tag: "1"}}}}
        spec: {{image: {{repository: a.b/c, tag: "2"}}, <<: *bad}}
        """,
        f"apiVersion: v1\nkind: ConfigMap\nitems:\n- {POD_IN_JSON}\n",
        POD.replace(f"'{EVIL}'", f"!!binary {b64encode(EVIL.encode()).decode()}"),
        # objects of JSON one after the other
        json.dumps({"a": 1}) + json.dumps({"apiVersion": "v1", "kind": "Pod", "x": EVIL}),
        '{"a": 1}\n\n{"image": "' + EVIL + '"}\n{"b": [',
        # values that look like a Kustomization, or like Compose
        f"""
        images:
          - {{name: web, newTag: "1"}}
          - {{repository: {HOST}/shop/evil, tag: "1"}}
        """,
        f"""
        services:
          web: {{image: {HOST}/shop/evil, tag: "1"}}
        """,
        f"services: {{a: {{build: .}}, b: {{image: {{repository: {HOST}/shop/evil, tag: '1'}}}}}}",
        # anywhere: annotations, environments, arguments, other tools
        f"metadata: {{annotations: {{'sidecar.istio.io/proxyImage': '{EVIL}'}}}}",
        f"env: [{{name: RELATED_IMAGE_WEB, value: '{EVIL}'}}]",
        f"uses: docker://{EVIL}",
        f"image: {{name: '{EVIL}', entrypoint: ['']}}",
        f"proxyImage: {EVIL}",
        f"args: ['--image={EVIL},x']",
        f"image: nginx {EVIL}",
        f"image: x={EVIL}",
        f"? {EVIL}\n: x\n",
        f"a: {EVIL}\na: b\n",
        f'script: "docker run {EVIL.replace("/", chr(92) + "/")} now"',
        f'a: "x\\n{EVIL}"',
        'a: \'json: {\\"image\\": \\"' + EVIL + "\\\"}'",
        f"a: 镜像{EVIL}。",
        f"a: ${{IMAGE:-{EVIL}}}",
        f"a: ${{IMAGE-{EVIL}}}",
        f"a: {EVIL.upper().replace('SHOP/EVIL', 'shop/evil')}",
        f"docker pull {EVIL} && docker run {EVIL}\n",
        # what can't be parsed
        f"a: *nobody\nb: {EVIL}\n",
        f"{{{{- if .x }}}}\nb: {EVIL}\n",
        "a: " + "[" * 200 + EVIL + "]" * 200,
        f"a: [\nb: {EVIL}\n",
        # port 443 in another way
        f"a: {EVIL.replace('/shop', ':443/shop')}",
    ],
)
def test_an_image_is_judged_wherever_it_stands(text: str) -> None:
    plain = [name.replace(":443/", "/") for name in judged(text)]
    assert EVIL in plain


@pytest.mark.parametrize(
    "text",
    [
        f"FROM {EVIL}",
        f"FROM alpine\nCOPY --from={EVIL} /a /b",
        f"FROM alpine\nCOPY --chown=1 --from='{EVIL}' /a /b",
        f"FROM alpine\nRUN --mount=type=bind,from={EVIL},target=/a true",
        f"# syntax={EVIL}\nFROM alpine",
        f"#!/bin/x\n#  Syntax = {EVIL} x\nFROM alpine",
        f"// syntax={EVIL}\nFROM alpine",
        *(f"FROM alpine\nFROM{space}{EVIL}" for space in "\t\v\f\xa0\x85"),
        *(f"FROM alpine\n{space}FROM {EVIL}" for space in " \t\v\f\xa0\x85\u2003"),
        f'FROM alpine\nRUN echo " <<EOF "\nFROM {EVIL}',
        f"FROM alpine\nRUN echo ' <<EOF '\nFROM {EVIL}\nEOF\n",
        f"FROM alpine\nRUN <<EOF\ndocker run {EVIL}\nEOF\n",
        f"FROM alpine\nENV IMAGE={EVIL}",
        f"FROM alpine\nONBUILD COPY --from={EVIL} /a /b",
        f"FROM alpine\nRUN docker pull \\\n  {EVIL}",
        f"ARG A={HOST}/shop\nFROM ${{A}}/evil:1",
        f"FROM {HOST}:0443/shop/evil:1",
    ],
)
@pytest.mark.parametrize(
    "path", ["Dockerfile", "Dockerfile-prod", "my.containerfile", "aDockerfile"]
)
def test_an_image_is_judged_wherever_it_stands_in_a_dockerfile(text: str, path: str) -> None:
    assert EVIL in [name.replace(":443/", "/") for name in judged(text, path)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"image: {HOST}/shop/evil\n", f"{HOST}/shop/evil"),
        ("image: ${REG}/shop/evil:1\n", "${REG}/shop/evil:1"),
        (f"a: {HOST}/shop/evil:$TAG", f"{HOST}/shop/evil:$TAG"),
        (f"a: {HOST}/{{{{ .Values.x }}}}", f"{HOST}/{{{{ .Values.x }}}}"),
        (f"image: {{repository: {HOST}/shop/evil}}", f"{HOST}/shop/evil"),
        (f"imageRepository: {HOST}/shop/evil\nversion: 1.2", f"{HOST}/shop/evil"),
        (f"images: [{{name: a, newName: {HOST}/shop/evil}}]", f"{HOST}/shop/evil"),
        ("services: {a: {image: '${REG}/shop/evil:1'}}", "${REG}/shop/evil:1"),
        ("a: *nobody\nimage: x\n", "app.yaml:1"),
        ("image: " + "[" * 200 + "]" * 200, "app.yaml:1"),
        ("kind: Kustomization\nhelmCharts: [{name: a}]", "app.yaml:2"),
        ("services: {a: {extends: {file: b.yaml, service: c}}}", "app.yaml:1"),
        (f"a: {HOST}/shop", f"{HOST}/shop"),
        (
            "apiVersion: a/v1\nkind: HelmRelease\nspec:\n  chart: {spec: {chart: web}}\n",
            "app.yaml:4",
        ),
        ("apiVersion: a/v1\nkind: Application\nspec: {source: {chart: web}}\n", "app.yaml:3"),
    ],
)
def test_what_is_not_whole_is_unread(text: str, name: str) -> None:
    choice = chosen(text)
    assert {} == choice.references
    assert [(name, Reason.UNREAD)] == [(each.name, each.reason) for each in choice.undecidable]
    [note] = choice.without_unread().notes
    assert note.endswith("Not judged, as --allow-unread says.")
    assert () == choice.without_unread().undecidable


@pytest.mark.parametrize(
    "text",
    [
        f"image: {{repository: {HOST}/shop/web, tag: v1}}",
        f"image: {{registry: {HOST}/shop, repository: web, tag: v1}}",
        f"images: [{{name: {HOST}/shop/web, newTag: v1}}]",
        f"services: {{a: {{image: '{HOST}/shop/web:${{TAG:-v1}}'}}}}",
        f"apiVersion: v1\nkind: Pod\nspec: {{containers: [{{image: '{HOST}/shop/web:v1'}}]}}",
        f"# {EVIL}\nimage: {HOST}/shop/web:v1",
    ],
)
def test_a_part_of_an_image_is_no_other_image(text: str) -> None:
    choice = chosen(text)
    assert [f"{HOST}/shop/web:v1"] == [str(reference) for reference in choice.references]
    assert () == choice.undecidable


@pytest.mark.parametrize(
    "text",
    [
        f"a: {HOST}",
        f"a: https://{HOST}/v2/",
        f"a: {{images: ['{HOST}/shop/**']}}",
        f"a: x{HOST}/shop/web:1",
        f"a: my.{HOST}/shop/web:1",
        f"a: {HOST}.example.com/shop/web:1",
        "image: nginx:$TAG",
        "image: {repository: example.com/a/b}",
    ],
)
def test_other_hosts_hosts_alone_and_patterns_are_no_images(text: str) -> None:
    choice = chosen(text)
    assert ({}, ()) == (choice.references, choice.undecidable)


def test_files_that_are_named_are_read_within_the_checkout(tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    root.mkdir()
    (root / ".env").write_text("# x\nexport TAG='2'\n")
    (root / "more.yaml").write_text(f"services: {{b: {{image: '{HOST}/shop/b:1'}}}}\n")
    (tmp_path / "outside.yaml").write_text(POD)
    (root / "base").mkdir()
    (root / "base" / "kustomization.yaml").write_text("resources: [pod.yaml, missing.yaml]\n")
    (root / "base" / "pod.yaml").write_text(
        f"apiVersion: v1\nkind: Pod\nmetadata: {{annotations: {{a: '{HOST}/shop/c:2'}}}}\n"
        f"spec: {{containers: [{{image: '{HOST}/shop/c'}}, {{image: '{HOST}/shop/d:1'}}]}}\n"
    )
    compose = (
        "include: [more.yaml, ../outside.yaml]\n"
        f"services: {{a: {{image: '{HOST}/shop/a:${{TAG:-1}}'}}}}\n"
    )
    kustomization = (
        f"kind: Kustomization\nresources: [base]\nimages: [{{name: {HOST}/shop/c, newTag: '9'}}]\n"
    )
    surroundings = Surroundings(root, lambda file: file.relative_to(root).as_posix())
    files = find_images(
        [
            Source("compose.yaml", compose, root / "compose.yaml"),
            Source("kustomization.yaml", kustomization, root / "kustomization.yaml"),
        ],
        [],
        surroundings,
    )
    choice = choose(files, [])
    expected = ["a:2", "b:1", "c:9", "c:2", "d:1"]
    assert sorted(f"{HOST}/shop/{name}" for name in expected) == sorted(map(str, choice.references))
    assert {"compose.yaml:1", "base/kustomization.yaml:1"} == {
        each.name for each in choice.undecidable
    }
    assert {"base/pod.yaml"} == {
        place.path
        for reference, places in choice.references.items()
        for place in places
        if reference.repository == "d"
    }


def test_a_file_that_is_not_read_in_time_is_undecided() -> None:
    files = find_images([Source("a.yaml", POD)], [], is_late=lambda: True)
    [late] = choose(files, []).without_unread().undecidable
    assert ("a.yaml", Reason.INCOMPLETE) == (late.name, late.reason)


IMAGES = st.builds(
    "{}/{}/{}{}".format,
    st.sampled_from([HOST, "acme-registry.cn-beijing.cr.aliyuncs.com", "harbor.example.com"]),
    st.sampled_from(["shop", "a-b", "x1"]),
    st.sampled_from(["web", "deep/er/web", "a_b"]),
    st.sampled_from([":1", ":v1.2-rc_3", f"@sha256:{HEX}", f":1@sha256:{HEX}"]),
)
AROUND = st.sampled_from(
    [
        *(" ", "\n", "'", '"', "a: ", "- ", "image: ", "\nimage: ", "b: |\n  ", "=", ",", "(", ")"),
        *(
            "[",
            "]",
            "{",
            "}",
            "{{ x }}",
            "---\n",
            "...\n",
            "&a ",
            "*a ",
            "!!binary ",
            "!x ",
            "<<: ",
        ),
        *("FROM ", "\nFROM ", "\nRUN ", "\nCOPY --from=", "<<EOF ", "\nEOF\n", "\\\n", "\nARG A="),
        *("services:\n", "  a:\n", "images:\n", "apiVersion: v1\nkind: Pod\n", "kind: ConfigMap\n"),
        *(
            "docker://",
            "\t",
            "\x0b",
            "\x0c",
            "\xa0",
            "\x85",
            "\u2028",
            "镜像",
            "$",
            "%",
            "<",
            ">",
            "|",
        ),
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(AROUND | st.text(max_size=3), max_size=8),
    IMAGES,
    st.lists(AROUND, max_size=6),
    st.sampled_from(["a.yaml", "Dockerfile", "x.sh"]),
)
def test_every_image_in_any_text_is_judged_or_undecided(
    before: list[str], image: str, after: list[str], path: str
) -> None:
    hosts = ["*.example.com"]
    text = f"{''.join(before)} {image} {''.join(after)}"
    if any(line.lstrip().startswith("#") or " #" in line for line in text.splitlines()):
        return  # a comment
    choice = choose(find_images([Source(path, text)], hosts), hosts)
    assert choice.undecidable or any(
        image.partition(":")[0] in str(reference) for reference in choice.references
    )
