from __future__ import annotations

import json

import pytest

from tests.checkout.manifests.finding import HEX, HOST, images, names, read_text

POD = """
spec:
  containers:
    - name: app
      image: shop/web:1.4
"""


def indented(text: str, spaces: int) -> str:
    return "".join(f"{' ' * spaces}{line}\n" for line in text.strip().splitlines())


def of_kind(kind: str, spec: str, version: str = "apps/v1") -> str:
    return f"apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: web\n{spec}"


IN_TEMPLATE = f"spec:\n  template:\n{indented(POD, 4)}"
IN_JOB_TEMPLATE = f"spec:\n  jobTemplate:\n{indented(IN_TEMPLATE, 4)}"


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Pod", POD),
        *[
            (kind, IN_TEMPLATE)
            for kind in (
                "Deployment",
                "StatefulSet",
                "DaemonSet",
                "ReplicaSet",
                "ReplicationController",
                "Job",
                "Rollout",
                "Service",
                "CloneSet",
            )
        ],
        ("CronJob", IN_JOB_TEMPLATE),
        ("PodTemplate", f"template:\n{indented(POD, 2)}"),
        ("SomethingOfOurs", f"spec:\n  deep:\n    - er:\n{indented(IN_TEMPLATE, 8)}"),
    ],
)
def test_pod_templates_are_found_in_every_kind(kind: str, spec: str) -> None:
    text = of_kind(kind, spec)
    line = text.splitlines().index(next(row for row in text.splitlines() if "image:" in row)) + 1
    assert [("shop/web:1.4", line, f"{kind} web, container app")] == images(text)


def test_all_sorts_of_containers_and_image_volumes_are_found_in_their_order() -> None:
    pod = f"""
        apiVersion: v1
        kind: Pod
        metadata: {{generateName: web-}}
        spec:
          initContainers: [{{name: first, image: a:1}}]
          containers:
            - name: app
              image: "{HOST}/shop/web@sha256:{HEX}"
            - image: c:1
          ephemeralContainers:
            - {{name: shell, image: d:1}}
          volumes:
            - name: data
              image:
                reference: e:1
                pullPolicy: Always
            - name: other
              emptyDir: {{}}
    """
    assert [
        ("a:1", 5, "Pod web-, init container first"),
        (f"{HOST}/shop/web@sha256:{HEX}", 8, "Pod web-, container app"),
        ("c:1", 9, "Pod web-, container"),
        ("d:1", 11, "Pod web-, ephemeral container shell"),
        ("e:1", 15, "Pod web-, volume data"),
    ] == images(pod)


def test_the_net_catches_known_registries_elsewhere_and_a_picture_is_no_image() -> None:
    text = f"""
        apiVersion: v1
        kind: ConfigMap
        metadata: {{name: c}}
        data:
          image: {HOST}/shop/web:1
          pod.yaml: |
            containers: [{{image: {HOST}/shop/web:1}}]
        ---
        apiVersion: v1
        kind: Secret
        stringData: {{image: {HOST}/shop/web:1}}
        ---
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        spec: {{default: {{containers: [{{image: {HOST}/shop/web:1}}]}}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {{name: p, annotations: {{image: {HOST}/shop/web:1}}}}
        spec:
          image: picture.png
          containers:
            - args: ["--image={HOST}/shop/web:1"]
              env: [{{name: IMAGE, value: {HOST}/shop/web:1}}]
    """
    assert [(f"{HOST}/shop/web:1", "text")] * 7 == [
        (name, where) for name, _, where in images(text)
    ]
    assert [] == images(text.replace(HOST, "example.com"))


def test_lists_name_the_object_inside() -> None:
    items = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {"containers": [{"name": "app", "image": f"shop/{name}:1"}]},
        }
        for name in ("a", "b")
    ]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent="\t")
    assert [
        ("shop/a:1", 15, "Pod a, container app"),
        ("shop/b:1", 30, "Pod b, container app"),
    ] == images(text, "list.json")


def test_other_places_of_a_resource_count_if_they_name_a_host() -> None:
    resource = f"""
        apiVersion: example.com/v1
        kind: Database
        metadata: {{name: db}}
        spec:
          image: {HOST}/shop/db:1
          icon: {{image: db.png}}
          backup:
            image: {{repository: {HOST}/shop/backup, tag: "2"}}
    """
    assert [
        (f"{HOST}/shop/db:1", 5, "Database db"),
        (f"{HOST}/shop/backup:2", 8, "Database db"),
    ] == images(resource)


@pytest.mark.parametrize("image", ["''", "~", "", "[a]", "{a: b}"])
def test_a_container_without_an_image_is_told(image: str) -> None:
    text = f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: app\n    image: {image}\n"
    result = read_text(text)
    assert ((), ("app.yaml:6: Pod, container app, names no image; skipped",)) == (
        result.images,
        result.notes,
    )


def test_a_container_of_a_patch_may_go_without() -> None:
    text = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: no-image}]}\n"
    assert [] == images(text)


def test_values_of_helm_in_resources_are_read() -> None:
    release = f"""
        apiVersion: helm.toolkit.fluxcd.io/v2
        kind: HelmRelease
        metadata: {{name: web}}
        spec:
          values:
            global: {{imageRegistry: {HOST}}}
            image: {{repository: shop/web, tag: "1"}}
        ---
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {{name: web}}
        spec: {{source: {{helm: {{valuesObject: {{image: "{HOST}/shop/api:2"}}}}}}}}
    """
    assert [
        (f"{HOST}/shop/web:1", 7, "HelmRelease web, values image"),
        (f"{HOST}/shop/api:2", 12, "Application web, valuesObject image"),
    ] == images(release)


def test_values_in_one_text_are_read() -> None:
    values = f"image: {{registry: {HOST}, repository: shop/web, tag: v1}}"
    text = of_kind("Application", f"spec: {{helm: {{values: '{values}', valuesObject: text}}}}")
    assert [f"{HOST}/shop/web:v1"] == names(text)
    [unread] = read_text(text.replace("v1}'", "v1'")).unread
    assert unread.why == "holds Application web, values that can't be read"


def test_images_of_a_flux_kustomization_are_read() -> None:
    text = of_kind(
        "Kustomization",
        f"spec: {{images: [{{name: web, newName: {HOST}/shop/web, newTag: v1}}]}}",
        "kustomize.toolkit.fluxcd.io/v1",
    )
    assert [f"{HOST}/shop/web:v1"] == names(text)


def test_containers_may_share_and_merge() -> None:
    pod = """
        apiVersion: v1
        kind: Pod
        metadata: {name: p}
        base: &base
          image: shop/web:1
          env: []
        spec:
          initContainers:
            - <<: *base
              name: first
          containers:
            - {<<: *base, name: app, image: shop/own:2}
            - &c {name: side, image: shop/side:3}
            - *c
    """
    assert [
        ("shop/web:1", 5, "Pod p, init container first"),
        ("shop/own:2", 12, "Pod p, container app"),
        ("shop/side:3", 13, "Pod p, container side"),
    ] == images(pod)
