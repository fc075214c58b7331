from __future__ import annotations

import re

import pytest
from docker_image import reference as docker_image  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import InvalidReference
from gate.reference import ImageReference, Names, meant_host, normal_platform

HEX = "0123456789abcdef" * 4
DIGEST = f"sha256:{HEX}"
HOST = "registry.cn-hangzhou.aliyuncs.com"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{HOST}/shop/web", ImageReference(HOST, "shop", "web", "latest")),
        (f"{HOST}/shop/web:1.4", ImageReference(HOST, "shop", "web", "1.4")),
        (f"{HOST}/shop/web@{DIGEST}", ImageReference(HOST, "shop", "web", "", DIGEST)),
        (f"{HOST}/shop/web:1@{DIGEST}", ImageReference(HOST, "shop", "web", "1", DIGEST)),
        ("localhost/a/b", ImageReference("localhost", "a", "b", "latest")),
        ("localhost:5000/a/b:T_x-1.", ImageReference("localhost:5000", "a", "b", "T_x-1.")),
        ("[::1]:5000/a/b", ImageReference("[::1]:5000", "a", "b", "latest")),
        ("[2001:DB8::1]/a/b", ImageReference("[2001:db8::1]", "a", "b", "latest")),
        ("h.example/a/b/c/d:1", ImageReference("h.example", "a", "b/c/d", "1")),
        ("docker.io/library/nginx", ImageReference("docker.io", "library", "nginx", "latest")),
        ("h.example/a.b/c__d-e---f", ImageReference("h.example", "a.b", "c__d-e---f", "latest")),
        ("Harbor.Example/a/b:V1", ImageReference("harbor.example", "a", "b", "V1")),
    ],
)
def test_a_reference_is_taken_apart(text: str, expected: ImageReference) -> None:
    assert expected == ImageReference.parse(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("nginx", "names no registry host"),
        ("nginx:1.25", "names no registry host"),
        ("library/nginx", "names no registry host"),
        ("shop/web/api:1", "names no registry host"),
        (DIGEST, "names no registry host"),
        (f"@{DIGEST}", "names no registry host"),
        ("/shop/web", "starts with a slash"),
        (f"https://{HOST}/shop/web", "starts with a scheme"),
        (f"docker://{HOST}/shop/web", "starts with a scheme"),
        (f"{HOST}/web", "has no namespace"),
        (f"{HOST}/web:1", "has no namespace"),
        (f"{HOST}/", "has no namespace"),
        (f"{HOST}/shop/", "ends its repository with a slash"),
        (f"{HOST}/shop/web/", "ends its repository with a slash"),
        (f"{HOST}/:1", "has no namespace"),
        (f"{HOST}//web", "an empty part between slashes"),
        (f"{HOST}/shop//web", "an empty part between slashes"),
        (f"{HOST}/shop/Web", "upper-case letters"),
        (f"{HOST}/Shop/web", "upper-case letters"),
        (f"{HOST}/shop/we$b", "characters in its namespace or repository"),
        (f"{HOST}/shop/web_", "characters in its namespace or repository"),
        (f"{HOST}/shop/a___b", "characters in its namespace or repository"),
        (f"{HOST}/shop/../web", "characters in its namespace or repository"),
        (f"{HOST}/shop/wëb", "characters in its namespace or repository"),
        (f"{HOST}/shop/{'a' * 251}", "has a path longer than 255"),
        (f"{HOST}/shop/web:", "has an empty tag"),
        (f"{HOST}/shop/web:.1", "has an invalid tag"),
        (f"{HOST}/shop/web:é", "has an invalid tag"),
        (f"{HOST}/shop/web:1/2", "has an invalid tag"),
        (f"{HOST}/shop/web:1:2", "has an invalid tag"),
        (f"{HOST}/shop/web:{'a' * 129}", "has a tag longer than 128"),
        (f"{HOST}/shop/web@", "without exactly 64 digits"),
        (f"{HOST}/shop/web@{HEX}", "without exactly 64 digits"),
        (f"{HOST}/shop/web@{DIGEST}0", "without exactly 64 digits"),
        (f"{HOST}/shop/web@sha256:abc", "without exactly 64 digits"),
        (f"{HOST}/shop/web@sha512:{HEX * 2}", "isn't SHA-256"),
        (f"{HOST}/shop/web@SHA256:{HEX}", "isn't SHA-256"),
        (f"{HOST}/shop/web@sha256:{HEX.upper()}", "isn't lower-case hexadecimal"),
        (f"{HOST}/shop/web@sha256:{'é' * 64}", "isn't lower-case hexadecimal"),
        (f"{HOST}/shop/web@{DIGEST}@{DIGEST}", "without exactly 64 digits"),
        (f"{HOST}/shop/web ", "white space or control characters"),
        (f"{HOST}/shop/web\n", "white space or control characters"),
        (f"{HOST}/shop /web", "white space or control characters"),
        (f"{HOST}/shop/web\x1b[31m", "white space or control characters"),
        (f"{HOST}/shop/web\udc80", "white space or control characters"),
        ("-a.example/shop/web", "has an invalid host"),
        ("a..example/shop/web", "has an invalid host"),
        ("a_b.example/shop/web", "has an invalid host"),
        (f"{'a' * 64}.example/shop/web", "has an invalid host"),
        ("::1/shop/web", "has an invalid host"),
        ("[::1/shop/web", "has an invalid host"),
        ("[::1]5000/shop/web", "has an invalid host"),
        ("[1:2]/shop/web", "has an invalid host"),
        (":5000/shop/web", "has an invalid host"),
        (f"{'a.' * 127}example/shop/web", "has a host longer than 253"),
        ("h.example:/shop/web", "has an invalid port"),
        ("h.example:0/shop/web", "has an invalid port"),
        ("h.example:65536/shop/web", "has an invalid port"),
        ("h.example:http/shop/web", "has an invalid port"),
        ("h.example:123456/shop/web", "has an invalid port"),
        (f"{HOST}/{'a/' * 600}b", "is longer than 1024"),
    ],
)
def test_what_names_no_image_is_refused_with_a_reason_and_a_remedy(text: str, why: str) -> None:
    with pytest.raises(InvalidReference, match=re.escape(why)) as refused:
        ImageReference.parse(text)
    assert refused.value.remedy.endswith(".")
    assert len(refused.value.message) < 400


@pytest.mark.parametrize(
    "text",
    [
        "https://user:hunter2@h.example/a/b",
        "https://user:hun@ter2@h.example/a/b",
        "user:hunter2@h.example/a/b",
    ],
)
def test_a_password_in_a_refused_text_is_not_repeated(text: str) -> None:
    with pytest.raises(InvalidReference) as refused:
        ImageReference.parse(text)
    assert "***@h.example" in str(refused.value)
    assert "ter2" not in str(refused.value)


@pytest.mark.parametrize("longest", [f"{HOST}/shop/{'a' * 250}:1", f"{HOST}/shop/web:{'a' * 128}"])
def test_the_longest_names_are_accepted(longest: str) -> None:
    assert longest == str(ImageReference.parse(longest))


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("registry.cn-hangzhou.aliyuncs.com", "cn-hangzhou"),
        ("registry.cn-hangzhou.aliyuncs.com:443", "cn-hangzhou"),
        ("REGISTRY.CN-HANGZHOU.ALIYUNCS.COM", "cn-hangzhou"),
        ("registry-vpc.ap-southeast-1.aliyuncs.com", "ap-southeast-1"),
        ("registry-internal.us-west-1.aliyuncs.com", "us-west-1"),
        ("registry.cn-shanghai-finance-1.aliyuncs.com", "cn-shanghai-finance-1"),
        ("crpi-0123abc.cn-beijing.personal.cr.aliyuncs.com", "cn-beijing"),
        ("crpi-0123abc-vpc.cn-beijing.personal.cr.aliyuncs.com", "cn-beijing"),
        ("shop-registry.eu-central-1.cr.aliyuncs.com", "eu-central-1"),
        ("shop-registry-vpc.eu-central-1.cr.aliyuncs.com", "eu-central-1"),
        ("my-shop-registry-registry-vpc.me-east-1.cr.aliyuncs.com", "me-east-1"),
        ("registry.cn-hangzhou.aliyuncs.com:5000", None),
        ("registry.cn-hangzhou.aliyuncs.com.example.com", None),
        ("registry.cn-hangzhou.aliyuncs-com.example", None),
        ("evil-registry.cn-hangzhou.aliyuncs.com", None),
        ("registry.aliyuncs.com", None),
        ("-registry.cn-hangzhou.cr.aliyuncs.com", None),
        ("crpi-0123abc.cn-beijing.cr.aliyuncs.com", None),
        ("harbor.cn-hangzhou.example.com", None),
        ("localhost:5000", None),
    ],
)
def test_only_hosts_of_container_registry_tell_a_region(host: str, region: str | None) -> None:
    if host.startswith("-"):
        reference = ImageReference(host, "a", "b", "latest")
    else:
        reference = ImageReference.parse(f"{host}/a/b")
    assert region == reference.region
    assert ("acr" if region else None) == reference.registry_type


PLAIN = "harbor.example.com"


def test_a_tag_that_a_record_confirms_is_certain_and_all_tags_are_possible() -> None:
    names = ImageReference.parse(f"{PLAIN}/shop/web:1@{DIGEST}").names({"1", "prod"})
    assert Names(("shop/web", f"{PLAIN}/shop/web"), ("1", "prod"), ("1",)) == names
    assert ["shop/web:1", f"{PLAIN}/shop/web:1"] == names.with_tags(["1", ""])


@pytest.mark.parametrize("tags", [set(), {"prod"}], ids=str)
def test_a_tag_that_no_record_has_is_only_possible(tags: set[str]) -> None:
    names = ImageReference.parse(f"{PLAIN}/shop/web:1@{DIGEST}").names(tags)
    assert ((), {"1", *tags}) == (names.certain, {*names.tags})


def test_without_a_tag_those_of_all_records_must_match() -> None:
    names = ImageReference.parse(f"{PLAIN}/shop/web@{DIGEST}").names({"1", "prod", ""})
    assert (("1", "prod"), ("", "1", "prod")) == (names.tags, names.certain)
    alone = ImageReference.parse(f"{PLAIN}/shop/web@{DIGEST}").names()
    assert ((), ()) == (alone.tags, alone.certain)


SAME = [
    ["registry", "registry-vpc", "registry-internal"],
    ["crpi-0a", "crpi-0a-vpc"],
    ["my-shop-registry", "my-shop-registry-vpc"],
]
DOMAINS = [
    "cn-hangzhou.aliyuncs.com",
    "cn-hangzhou.personal.cr.aliyuncs.com",
    "cn-hangzhou.cr.aliyuncs.com",
]


@pytest.mark.parametrize(("labels", "domain"), list(zip(SAME, DOMAINS, strict=True)))
def test_the_host_is_tried_as_written_and_as_meant(labels: list[str], domain: str) -> None:
    public = f"{labels[0]}.{domain}"
    for label in labels:
        for port in ("", ":443", ":0443"):
            written = f"{label}.{domain}{port}"
            names = ImageReference.parse(f"{written.upper()}/shop/web:1").names({"1"})
            assert {f"{host}/shop/web" for host in (public, written)} <= {*names.untagged}


@pytest.mark.parametrize(
    ("host", "meant"),
    [
        (f"{PLAIN}:443", PLAIN),
        (f"{PLAIN}:05000", f"{PLAIN}:5000"),
        ("[::1]:5000", "[::1]:5000"),
        ("[::1]:443", "[::1]"),
        ("registry-vpc.*.aliyuncs.com", "registry.*.aliyuncs.com"),
        ("*-registry-vpc.**aliyuncs.com:443", "*-registry.**aliyuncs.com"),
        ("evil-vpc.example.com", "evil-vpc.example.com"),
        (
            "registry-vpc.cn-hangzhou.aliyuncs.com:5000",
            "registry-vpc.cn-hangzhou.aliyuncs.com:5000",
        ),
        ("**", "**"),
        ("", ""),
    ],
)
def test_another_port_or_registry_is_another_host(host: str, meant: str) -> None:
    assert meant == meant_host(host)


def test_only_instances_are_enterprise_edition() -> None:
    hosts = [f"{labels[0]}.{domain}" for labels, domain in zip(SAME, DOMAINS, strict=True)]
    editions = [ImageReference.parse(f"{host}/a/b").is_enterprise for host in (*hosts, PLAIN)]
    assert [False, False, True, False] == editions


def test_a_digest_can_be_given_later() -> None:
    reference = ImageReference.parse(f"{HOST}/shop/web:1").with_digest(DIGEST)
    assert f"{HOST}/shop/web:1@{DIGEST}" == str(reference)
    assert f"{HOST}/shop/web@{DIGEST}" == reference.by_digest()
    assert reference.bare_digest == HEX


def test_a_later_digest_must_be_one() -> None:
    with pytest.raises(InvalidReference, match="without exactly 64 digits"):
        ImageReference.parse(f"{HOST}/shop/web:1").with_digest("sha256:abc")


def test_without_a_digest_there_is_no_name_by_digest() -> None:
    reference = ImageReference.parse(f"{HOST}/shop/web:1")
    assert reference.bare_digest is None
    with pytest.raises(InvalidReference, match="has no digest"):
        reference.by_digest()


ALPHANUMERIC = st.text("abz019", min_size=1, max_size=4)
COMPONENT = st.lists(
    st.tuples(ALPHANUMERIC, st.sampled_from([".", "_", "__", "-", "---"])), max_size=3
).flatmap(lambda parts: ALPHANUMERIC.map(lambda end: "".join(a + b for a, b in parts) + end))
HOSTS = st.one_of(
    st.from_regex(
        r"[a-zA-Z0-9]{1,5}(-[a-z0-9]{1,3})?\.[a-z]{2,5}(:[1-9][0-9]{0,3})?", fullmatch=True
    ),
    st.from_regex(r"(localhost|[a-z]{1,5}):[1-9][0-9]{0,3}", fullmatch=True),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]:5000"),
)
TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}", fullmatch=True)


@st.composite
def references(draw: st.DrawFn) -> str:
    path = "/".join(draw(st.lists(COMPONENT, min_size=2, max_size=4)))
    tag = draw(st.one_of(st.just(""), TAGS.map(lambda tag: f":{tag}")))
    digest = draw(st.sampled_from(["", f"@{DIGEST}"]))
    return f"{draw(HOSTS)}/{path}{tag}{digest}"


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A reference with one stretch replaced by characters that mean something in the grammar."""
    text = draw(references())
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 3)))
    return text[:start] + draw(st.text(":/@.-_[]Aa0 é\n", max_size=3)) + text[end:]


@settings(max_examples=100, deadline=None)
@given(references())
def test_a_reference_survives_being_written_and_read(text: str) -> None:
    reference = ImageReference.parse(text)
    assert reference == ImageReference.parse(str(reference))


@settings(max_examples=100, deadline=None)
@given(st.one_of(references(), damaged(), st.text(max_size=60)))
def test_what_is_accepted_docker_accepts_too_and_splits_equally(text: str) -> None:
    """Two differences are meant: hosts become lower case, and no tag at all means ``latest``.

    What Docker accepts and the gate refuses is refused on purpose: no host, no namespace, ports
    that don't exist, other digests than SHA-256, labels longer than DNS allows.
    """
    try:
        reference = ImageReference.parse(text)
    except InvalidReference:
        return
    peer = docker_image.Reference.parse(text)
    domain, path = peer.split_hostname()
    assert (domain.lower(), path) == (reference.host, reference.path)
    assert peer["digest"] == reference.digest
    assert (peer["tag"] or ("" if reference.digest else "latest")) == reference.tag


@settings(max_examples=100, deadline=None)
@given(references())
def test_docker_accepts_the_same_well_formed_names(text: str) -> None:
    assert (
        docker_image.Reference.parse(text)["name"]
        .lower()
        .startswith(ImageReference.parse(text).host)
    )


# Each group is one platform for container tools: containerd, platforms_test.go.
SAME_PLATFORM = [
    ("linux/amd64", "linux/x86_64", "linux/x86-64", "Linux/AMD64", "linux/amd64/v1"),
    ("linux/arm64", "linux/aarch64", "linux/arm64/v8", "linux/arm64/8", "linux/aarch64/V8.0"),
    ("linux/arm/v7", "linux/armhf", "linux/arm/7", "LINUX/armhf/v6"),
    ("linux/arm/v6", "linux/armel", "linux/arm/6"),
    ("linux/386", "linux/i386"),
    ("darwin/arm64", "macos/aarch64"),
    ("linux/amd64/v2", "linux/x86_64/v2"),
    ("linux/arm64/v9",),
    ("windows/amd64",),
    ("unknown/unknown",),
]


@pytest.mark.parametrize("spellings", SAME_PLATFORM)
def test_what_container_tools_run_as_one_platform_has_one_form(spellings: tuple[str, ...]) -> None:
    assert {spellings[0]} == {normal_platform(text) for text in spellings}


def test_what_they_tell_apart_has_different_forms() -> None:
    assert len(SAME_PLATFORM) == len({normal_platform(group[0]) for group in SAME_PLATFORM})


@settings(max_examples=100, deadline=None)
@given(st.from_regex(r"[A-Za-z0-9_.-]{1,12}(/[A-Za-z0-9_.-]{1,12}){1,2}", fullmatch=True))
def test_a_normal_form_is_its_own_in_any_case(text: str) -> None:
    form = normal_platform(text)
    assert form == normal_platform(form) == normal_platform(text.swapcase())
