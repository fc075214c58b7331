from __future__ import annotations

import pytest

from tests.checkout.manifests.finding import HEX, HOST, images, names, read_text

IMAGES = f"""
images:
  - name: web
    newName: {HOST}/shop/web
    newTag: v1
  - name: {HOST}/shop/api
    newTag: "2.0"
  - newTag: "3"
    name: old
    digest: sha256:{HEX}
    newName: {HOST}/shop/db
  - {{name: {HOST}/shop/job, digest: "sha256:{HEX}"}}
"""
EXPECTED = [
    (f"{HOST}/shop/web:v1", "Kustomize image web"),
    (f"{HOST}/shop/api:2.0", f"Kustomize image {HOST}/shop/api"),
    (f"{HOST}/shop/db:3@sha256:{HEX}", "Kustomize image old"),
    (f"{HOST}/shop/job@sha256:{HEX}", f"Kustomize image {HOST}/shop/job"),
]


@pytest.mark.parametrize(
    "head",
    [
        "",
        "kind: Kustomization\n",
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n",
    ],
)
def test_images_are_called_as_they_will_be(head: str) -> None:
    assert EXPECTED == [(name, where) for name, _, where in images(head + IMAGES)]


def test_the_line_is_that_of_the_entry() -> None:
    assert [3, 6, 8, 12] == [line for _, line, _ in images("#\n" + IMAGES.lstrip())]


def test_a_tag_that_stays_is_unread() -> None:
    result = read_text(f"""
        images:
          - {{name: web, newName: {HOST}/shop/web}}
          - {{newTag: nameless}}
          - text
    """)
    assert () == result.images
    [unread] = result.unread
    assert (f"{HOST}/shop/web", 2) == (unread.text, unread.line)
    assert "keeps a tag that isn't known here" == unread.why
    assert "kustomize build FOLDER | gate manifests -" in unread.remedy


def test_a_new_name_may_hold_the_tag() -> None:
    assert ["shop/web:1"] == names("images: [{name: web, newName: 'shop/web:1'}]")


def test_patches_in_one_text_are_read_and_what_is_elsewhere_is_unread() -> None:
    result = read_text(f"""
        kind: Kustomization
        resources: [deployment.yaml]
        patches:
          - path: patch.yaml
          - patch: |
              - {{op: replace, path: /spec/containers/0/image, value: "{HOST}/shop/a:1"}}
          - patch: "spec: {{containers: [{{name: a, image: '{HOST}/shop/b:1'}}]}}"
        patchesStrategicMerge:
          - other.yaml
        transformers: [transformer.yaml]
        replacements:
          - {{source: {{kind: ConfigMap}}, targets: []}}
        helmCharts:
          - {{name: web}}
    """)
    assert [f"{HOST}/shop/a:1", f"{HOST}/shop/b:1"] == [image.text for image in result.images]
    assert [2, 4, 9, 10, 12, 14] == sorted(unread.line for unread in result.unread)


def test_another_kind_of_that_name_is_an_object() -> None:
    text = "apiVersion: example.com/v1\nkind: Component\nimages: [{name: web, newTag: v1}]\n"
    assert [] == images(text)
