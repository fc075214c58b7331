from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.checkout.manifests import Choice, FileImages, NamedImage, Undecidable, Unread, choose
from gate.findings import Location, Reason
from gate.reference import ImageReference
from tests.checkout.manifests.finding import HEX, HOST

HINT = "is not a registry that Security Center knows; name it with --registry-host"


def file(*texts: str, path: str = "a.yaml", notes: tuple[str, ...] = ()) -> FileImages:
    images = (NamedImage(text, path, line, "x") for line, text in enumerate(texts, start=1))
    return FileImages(path, tuple(images), notes)


def judged(chosen: Choice) -> list[str]:
    return [str(reference) for reference in chosen.references]


@pytest.mark.parametrize(
    "host",
    [
        HOST,
        f"{HOST}:443",
        HOST.upper(),
        "registry-vpc.cn-beijing.aliyuncs.com",
        "registry-internal.cn-beijing.aliyuncs.com",
        "crpi-1a2b.cn-hangzhou.personal.cr.aliyuncs.com",
        "acme-registry.ap-southeast-1.cr.aliyuncs.com",
        "acme-registry-vpc.ap-southeast-1.cr.aliyuncs.com",
    ],
)
def test_container_registry_is_known(host: str) -> None:
    assert [f"{host.lower()}/shop/web:1"] == judged(choose([file(f"{host}/shop/web:1")], []))


@pytest.mark.parametrize(
    ("pattern", "host"),
    [
        ("harbor.example.com", "harbor.example.com"),
        ("Harbor.Example.com:443", "HARBOR.example.com"),
        ("harbor.example.com", "harbor.example.com:443"),
        ("*.example.com", "harbor.eu.example.com"),
        ("localhost:5000", "localhost:5000"),
        ("[::1]:5000", "[::1]:5000"),
    ],
)
def test_other_hosts_are_known_by_their_patterns(pattern: str, host: str) -> None:
    chosen = choose([file(f"{host}/shop/web:1")], [pattern])
    assert [f"{host.lower()}/shop/web:1"] == judged(chosen)
    assert () == chosen.notes


@pytest.mark.parametrize(
    ("image", "host"),
    [
        ("nginx:1.27", "docker.io"),
        ("shop/web", "docker.io"),
        ("registry.k8s.io/pause:3.9", "registry.k8s.io"),
        ("Harbor.Example.com:8443/a/b:1", "harbor.example.com:8443"),
        ("evil.com/registry.cn-hangzhou.aliyuncs.com/a:1", "evil.com"),
        ("registry.cn-hangzhou.aliyuncs.com.evil.com/a/b:1", HOST + ".evil.com"),
        ("localhost/a/b:1", "localhost"),
        ("gcr.io/NOT/valid:", "gcr.io"),
    ],
)
def test_other_registries_are_told_once_for_each_image(image: str, host: str) -> None:
    chosen = choose([file("x.y/a/b:1", image), file(image, path="b.yaml")], ["x.y", "example.com"])
    assert ["x.y/a/b:1"] == judged(chosen)
    assert (f"{image} (a.yaml:2 and 1 more): skipped, {host} {HINT}",) == chosen.notes


def test_the_hub_may_be_named() -> None:
    chosen = choose([file("nginx", "shop/web:1")], ["docker.io"])
    assert ["docker.io/library/nginx:latest", "docker.io/shop/web:1"] == judged(chosen)


def test_places_are_kept_in_the_order_of_the_files() -> None:
    web, api = f"{HOST}/shop/web:1", f"{HOST}/shop/api:1"
    chosen = choose([file(web, api, web), file(api, path="b.yaml"), file(web, path="a.yaml")], [])
    assert {
        ImageReference.parse(web): (Location("a.yaml", 1), Location("a.yaml", 3)),
        ImageReference.parse(api): (Location("a.yaml", 2), Location("b.yaml", 1)),
    } == chosen.references
    assert [web, api] == judged(chosen)


@pytest.mark.parametrize("image", ["${A}/x", "{{ .Values.image }}", "$IMAGE:1", "%IMAGE%", "<x>/y"])
def test_a_variable_that_may_be_the_host_is_unread(image: str) -> None:
    chosen = choose([file(image)], ["docker.io"])
    assert {} == chosen.references
    [unread] = chosen.undecidable
    assert (image, Reason.UNREAD) == (unread.name, unread.reason)


@pytest.mark.parametrize("image", [f"{HOST}/shop/web:$TAG", f"{HOST.upper()}/shop/{{{{ x }}}}"])
def test_a_variable_in_a_name_of_a_known_host_makes_it_undecidable(image: str) -> None:
    chosen = choose([file("x.y/a/b", image, image)], ["x.y"])
    why = f"names {image}, and a variable in it has no value here."
    expected = Undecidable(image, Location("a.yaml", 2), why, Reason.UNREAD)
    assert (expected,) == chosen.undecidable
    assert () == chosen.notes


def test_a_variable_after_another_host_does_not_matter() -> None:
    chosen = choose([file("nginx:$TAG")], [])
    assert (f"nginx:$TAG (a.yaml:1): skipped, docker.io {HINT}",) == chosen.notes


@pytest.mark.parametrize(
    ("image", "why"),
    [
        (f"{HOST}/web:1", "has no namespace. Write it as "),
        (f"{HOST}/shop/Web:1", "has upper-case letters in its repository. Write it in lower case."),
        (f"{HOST}/shop/web:", "has an empty tag. Give the tag "),
        (f"{HOST}/shop/web@sha256:1", "has a digest without exactly 64 digits. Give sha256: "),
        (f"{HOST}/a b", "holds white space or control characters. Take them out."),
        (f"{HOST}//web", "has an empty part between slashes. Take one "),
    ],
)
def test_what_is_no_name_at_a_known_host_is_undecidable(image: str, why: str) -> None:
    [undecidable] = choose([file(image)], []).undecidable
    assert image == undecidable.name
    assert undecidable.why.startswith(f"names no image: {image!r} {why}")
    assert Reason.UNIDENTIFIED is undecidable.reason


@pytest.mark.parametrize("image", ["http://h.example/a/b", "a b.c/d/e", "a_b.c/d/e", "[::1/a/b"])
def test_what_is_no_name_at_all_is_told(image: str) -> None:
    [note] = choose([file(image)], []).notes
    assert f"{image} (a.yaml:1): skipped, not an image's name: '" in note
    assert not note.endswith(".")


@pytest.mark.parametrize(
    "image",
    [
        f"me:hunter2@{HOST}/shop/web:1",
        f"https://me:hunter2@{HOST}/shop/web",
        f"me:hunter2@h.example/shop/web@sha256:{HEX}",
        "https://me:hunter2@h.example/${X}",
        "me:hunter2@@h.example/$X",
    ],
)
@pytest.mark.parametrize("hosts", [[], ["*"]])
def test_passwords_are_not_repeated(image: str, hosts: list[str]) -> None:
    chosen = choose([file(image)], hosts)
    assert {} == chosen.references
    assert "hunter2" not in repr(chosen)


def test_notes_of_files_come_first_and_are_bounded() -> None:
    chosen = choose([file(*(f"a{n}" for n in range(300)), notes=("a.yaml:9: odd",))], [])
    assert "a.yaml:9: odd" == chosen.notes[0]
    assert 201 == len(chosen.notes)
    assert "101 more are skipped, not listed here." == chosen.notes[-1]


def test_a_long_name_is_cut_in_its_note() -> None:
    [note] = choose([file("a" * 3000)], []).notes
    assert len(note) < 400


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.sampled_from([[], ["*"]]))
def test_every_image_is_judged_or_told(text: str, hosts: list[str]) -> None:
    chosen = choose([file(text)], hosts)
    assert 1 == len(chosen.references) + len(chosen.undecidable) + len(chosen.notes)


def test_what_is_only_unread_hides_no_name_that_is_not_valid() -> None:
    name = f"{HOST}/shop/Web"
    unread = Unread(name, "a.yaml", 1, "has no tag", "")
    chosen = choose([FileImages("a.yaml", unread=(unread,)), file(name)], [])
    assert [Reason.UNIDENTIFIED] == [each.reason for each in chosen.without_unread().undecidable]
