from __future__ import annotations

import pytest

from gate.checkout.manifests.charts import may_change
from tests.checkout.manifests.finding import HEX, HOST, images, names, read_text


def test_images_are_composed_of_their_parts_at_any_depth() -> None:
    text = f"""
        image:
          registry: {HOST}
          repository: shop/web
          tag: "1.4"
        sidecars:
          - proxy:
              initImage: {{repository: {HOST}/shop/proxy, tag: v2, digest: "sha256:{HEX}"}}
        job:
          image: {{repository: {HOST}/shop/job, tag: "", digest: sha256:{HEX}}}
        named:
          image: {{name: shop/named, tag: v3}}
    """
    assert [
        (f"{HOST}/shop/web:1.4", 3, "key image"),
        (f"{HOST}/shop/proxy:v2@sha256:{HEX}", 7, "key sidecars[0].proxy.initImage"),
        (f"{HOST}/shop/job@sha256:{HEX}", 9, "key job.image"),
        ("shop/named:v3", 11, "key named.image"),
    ] == images(text, "values.yaml")


def test_the_registry_of_all_images_replaces_their_own_but_not_a_host_in_the_name() -> None:
    text = f"""
        global: {{imageRegistry: {HOST}/}}
        a: {{image: {{registry: docker.io, repository: shop/a, tag: v1}}}}
        b: {{image: {{repository: harbor.example.com/shop/b, tag: v1}}}}
    """
    assert [f"{HOST}/shop/a:v1", "harbor.example.com/shop/b:v1"] == names(text)


def test_texts_name_images_too() -> None:
    text = f"""
        image: shop/a:1
        old: {{image: shop/b, imageTag: v2}}
        older: {{image: "shop/c", tag: v3}}
        whole: {{image: "shop/d:4", tag: v4}}
        workerImage: {HOST}/shop/e:5
        images: [{HOST}/shop/f:6, picture.png]
        more: {{images: {{x: "{HOST}/shop/g:7", y: {{repository: shop/h, tag: v8}}}}}}
    """
    assert [
        *("shop/a:1", "shop/b:v2", "shop/c:v3", "shop/d:4"),
        *(f"{HOST}/shop/e:5", f"{HOST}/shop/f:6", f"{HOST}/shop/g:7", "shop/h:v8"),
    ] == names(text)


def test_the_same_shape_under_other_keys_counts_if_it_names_a_host() -> None:
    text = f"""
        controller: {{repository: {HOST}/shop/a, tag: v1}}
        chart: {{repository: charts/b, tag: v2}}
        source: {{repository: "https://git.example.com/c.git", tag: v3}}
    """
    assert [f"{HOST}/shop/a:v1"] == names(text)


def test_what_is_no_name_is_none() -> None:
    assert [] == images("""
        a: {image: true}
        b: {image: ~}
        c: {image: ""}
        d: {image: {pullPolicy: Always}}
        e: {image: {name: logo}}
        f:
          image: |
            two
            lines
        backgroundImage: picture.png
        images: ["registry.cn-hangzhou.aliyuncs.com/shop/**"]
    """)


def test_a_tag_that_the_chart_knows_is_unread() -> None:
    result = read_text("a:\n  image: {registry: h.example, repository: shop/web, tag: ''}\n")
    [unread] = result.unread
    assert () == result.images
    assert ("h.example/shop/web", 2) == (unread.text, unread.line)
    assert unread.why == "has no tag; a chart takes its appVersion then, which isn't known here"
    assert "helm template CHART | gate manifests -" in unread.remedy


@pytest.mark.parametrize("text", ["image: {repository: a/b, tag: 1.10}", "{image: a/b, tag: 1.10}"])
def test_a_tag_that_helm_changes_is_unread(text: str) -> None:
    result = read_text(text)
    assert () == result.images
    [unread] = result.unread
    assert "a/b:1.10" == unread.text
    assert unread.why == (
        "has the tag 1.10, a number for Helm, which may write it in another way; quote it"
    )


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        *[(tag, False) for tag in ("v1", "1.2.3", "0", "27", "1.27", "0.5", "999999", "latest")],
        *[(tag, True) for tag in ("1.10", "1.0", "1000000", "20240131", "1e3", "007", "0x1F")],
        *[(tag, True) for tag in ("1_000", ".5", "-1", "+1", "1.", "0.00001", "9" * 30)],
    ],
)
def test_numbers_that_helm_writes_in_another_way(tag: str, *, expected: bool) -> None:
    assert expected == may_change(tag)


def test_patches_name_images() -> None:
    text = f"""
        - op: replace
          path: /spec/template/spec/containers/0/image
          value: {HOST}/shop/web:1
        - {{op: remove, path: /spec/image}}
        - {{op: replace, path: /spec/replicas, value: 2}}
    """
    assert [(f"{HOST}/shop/web:1", 3, "patch of /spec/template/spec/containers/0/image")] == images(
        text
    )


def test_a_shared_node_counts_where_it_names_an_image() -> None:
    text = "a: &a {repository: shop/web, tag: v1}\nb: {image: *a}\nc: {image: *a}\n"
    assert [("shop/web:v1", 1, "key b.image")] == images(text)
