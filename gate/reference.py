"""The name of one image, in the grammar of the OCI distribution specification, narrowed.

    reference  = host "/" namespace "/" repository [":" tag] ["@" digest]
    host       = (name *("." name) | "[" IPv6 "]") [":" port]    with a dot, a port, or localhost
    namespace  = component
    repository = component *("/" component)
    component  = alphanumeric *(separator alphanumeric)          lower case
    separator  = "." | "_" | "__" | 1*"-"
    tag        = (alphanumeric | "_") *127(alphanumeric | "_" | "." | "-")
    digest     = "sha256:" 64 lower-case hexadecimal digits

Of a nested path the first component is the namespace and all the rest the repository, the way
Container Registry itself names ``namespace/a/b``. Host names don't depend on case, so the host is
kept in lower case: a policy's glob can't be evaded by its spelling.
"""

from __future__ import annotations

import ipaddress
import re
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn

from msgspec import Struct
from msgspec.structs import replace

from gate.errors import InvalidReference

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# github.com/distribution/reference bounds the path and the tag; DNS bounds names and their labels.
_LONGEST_HOST = 253
_LONGEST_PATH = 255
_LONGEST_TAG = 128
_LONGEST_TEXT = 1024
_LONGEST_QUOTE = 200
_LAST_PORT = 65535
_DIGITS = 64
_SHORT_DIGEST = len("sha256:") + 12
# containerd, platforms.Normalize: other names of systems and architectures, two of which are
# variants of arm, and the variants that are what their architecture means alone.
_SYSTEMS = {"macos": "darwin"}
_ARCHITECTURES = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "aarch64": "arm64",
    "i386": "386",
    "armhf": "arm/v7",
    "armel": "arm/v6",
}
_VARIANT = re.compile(r"v?([0-9]+)(?:\.0)?")
_DEFAULT_VARIANTS = {"amd64": "v1", "arm64": "v8"}

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)
_IPV6 = re.compile(r"\[[0-9A-Fa-f:]{2,39}\]")
_HOST_AND_PORT = re.compile(r"(?P<name>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>.*))?")
_PORT = re.compile(r"[0-9]{1,5}")
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_HEX = re.compile(r"[0-9a-f]+")
_PASSWORD = re.compile(r"(?<=//)[^/]*(?=@)|^[^/@:]+:[^/@]*(?=@(?!\w+:))")

# The table "Image names in Container Registry": personal old, personal new, enterprise.
_REGION = r"(?P<region>[a-z]{2,3}(?:-[a-z0-9]+)+)"
_PERSONAL_OLD, _PERSONAL_NEW, _ENTERPRISE = _CONTAINER_REGISTRY = tuple(
    re.compile(pattern + r"\.aliyuncs\.com")
    for pattern in (
        rf"registry(?:-vpc|-internal)?\.{_REGION}",
        rf"crpi-[a-z0-9]+(?:-vpc)?\.{_REGION}\.personal\.cr",
        rf"[a-z0-9][a-z0-9-]*-registry(?:-vpc)?\.{_REGION}\.cr",
    )
)
# What its names have before the first dot in the VPC and the internal network, also in globs.
_NETWORK = re.compile(
    r"(?:(registry)-(?:vpc|internal)|(crpi-[^./]+|[^./]*-registry)-vpc)(?=\.[^/]*aliyuncs\.com$)"
)
_DEFAULT_PORT = 443

_SHAPE = (
    "Write it as <host>/<namespace>/<repository>[:tag][@sha256:digest], such as "
    "registry.cn-hangzhou.aliyuncs.com/shop/web:1.4."
)


class Names(Struct, frozen=True):
    """The names of one image that a policy's image globs are tried on: with and without a tag.

    ``tags`` are all that may be the image's: one that matches is enough for what makes a policy
    stricter. What makes it milder must match without a tag, or with each of ``certain``; an empty
    one there matches nothing.
    """

    untagged: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    certain: tuple[str, ...] = ()

    def with_tags(self, tags: Iterable[str]) -> list[str]:
        """Return the names with each of some tags; an empty one is none."""
        return [f"{name}:{tag}" for tag in tags if tag for name in self.untagged]


class ImageReference(Struct, frozen=True):
    """The name of one image; ``str`` of it can be parsed again and gives the same.

    ``tag`` is empty if only a digest was given, and ``latest`` if neither was. ``digest`` is
    ``sha256:<hex>``, or ``None`` if none was given.
    """

    host: str
    namespace: str
    repository: str
    tag: str
    digest: str | None = None

    @classmethod
    def parse(cls, text: str, *, host_needed: bool = True) -> ImageReference:
        """Read a reference.

        Raises ``InvalidReference`` for everything that isn't one with host, namespace and
        repository. Unless it is needed, ``host`` is empty where none stands; a name whose namespace
        looks like a host begins with a slash then.
        """
        _check_text(text)
        name, at, digest = text.partition("@")
        host, slash, path = name.partition("/")
        if not slash or not looks_like_host(host):
            if host_needed:
                _refuse(text, "names no registry host", _SHAPE)
            host, path = "", name
        path, colon, tag = path.partition(":")
        if host or host_needed:
            _check_host(text, host)
        _check_path(text, path)
        if colon:
            _check_tag(text, tag)
        if at:
            _check_digest(text, digest)
        elif not colon:
            tag = "latest"
        namespace, _, repository = path.partition("/")
        return cls(host.lower(), namespace, repository, tag, digest if at else None)

    @classmethod
    def as_recorded(cls, text: str) -> ImageReference | None:
        """Read what ``str`` of a reference gave whose names a service told, and no grammar binds.

        Return ``None`` for what has no namespace and repository.
        """
        name, at, digits = text.rpartition("@sha256:")
        name, digest = (name, f"sha256:{digits}") if at else (digits, None)
        host, _, path = name.partition("/")
        if not looks_like_host(host):
            host, path = "", name
        path, colon, tag = path.partition(":")
        namespace, _, repository = path.partition("/")
        if not (namespace and repository):
            return None
        return cls(host, namespace, repository, tag if colon or at else "latest", digest)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.host}/{self.path}{tag}{digest}"

    @property
    def path(self) -> str:
        """Namespace and repository, as registries take them."""
        return f"{self.namespace}/{self.repository}"

    @property
    def in_short(self) -> str:
        """Namespace and repository with the tag, or, without one, the beginning of the digest."""
        digest = f"@{(self.digest or '')[:_SHORT_DIGEST]}"
        return self.path + (f":{self.tag}" if self.tag else digest.rstrip("@"))

    @property
    def bare_digest(self) -> str | None:
        """The digest's hexadecimal digits alone, as Security Center writes them."""
        return self.digest.removeprefix("sha256:") if self.digest else None

    @property
    def region(self) -> str | None:
        """The region that the host tells; ``None`` if it isn't a host of Container Registry."""
        match = _container_registry(self.host)
        return match["region"] if match else None

    @property
    def is_enterprise(self) -> bool:
        """Whether the host is an instance of Container Registry's Enterprise Edition."""
        match = _container_registry(self.host)
        return match is not None and match.re is _ENTERPRISE

    @property
    def registry_type(self) -> str | None:
        """``acr`` for hosts of Container Registry; ``None`` if the host tells nothing."""
        return "acr" if self.region else None

    def names(self, tags: Collection[str] = ()) -> Names:
        """Return the names that a policy's image globs are tried on.

        ``tags`` are those of all records that Security Center has of the image, by its digest. The
        caller's own tag is only a claim until one of them confirms it.
        """
        own = (self.tag,) if self.tag in tags else ()
        hosts = {self.host, meant_host(self.host)} - {""}
        return Names(
            untagged=(self.path, *(f"{host}/{self.path}" for host in sorted(hosts))),
            tags=tuple(sorted({self.tag, *tags} - {""})),
            certain=own if self.tag else tuple(sorted(tags)),
        )

    def with_digest(self, digest: str) -> ImageReference:
        """Return the same name with this digest, ``sha256:<hex>``, instead of its own.

        Raises ``InvalidReference`` if it isn't a SHA-256 digest.
        """
        _check_digest(digest, digest)
        return replace(self, digest=digest)

    def by_digest(self) -> str:
        """Return the name by its digest alone, without the tag: what a deploy step should use.

        Raises ``InvalidReference`` if there is no digest.
        """
        if self.digest is None:
            _refuse(str(self), "has no digest", "Give it with --digest, or let --resolve find it.")
        return f"{self.host}/{self.path}@{self.digest}"


def _check_text(text: str) -> None:
    if not text.strip():
        raise InvalidReference("The image's name is empty.", _SHAPE)
    if len(text) > _LONGEST_TEXT:
        _refuse(text, f"is longer than {_LONGEST_TEXT} characters", _SHAPE)
    if " " in text or not text.isprintable():
        _refuse(text, "holds white space or control characters", "Take them out.")
    if "://" in text:
        _refuse(text, "starts with a scheme", f"Leave out what ends in ://. {_SHAPE}")


def looks_like_host(first: str) -> bool:
    """Tell a host from a namespace, by Docker's own rule."""
    return first.lower() == "localhost" or any(mark in first for mark in ".:[") or not first


def _check_host(text: str, host: str) -> None:
    if not host:
        _refuse(text, "starts with a slash", _SHAPE)
    match = _HOST_AND_PORT.fullmatch(host)
    name, port = match.group("name", "port") if match else ("", None)
    if len(name) > _LONGEST_HOST:
        _refuse(text, f"has a host longer than {_LONGEST_HOST} characters", "Check the host.")
    if not _HOST_NAME.fullmatch(name) and not _is_ipv6(name):
        _refuse(text, "has an invalid host", f"Check the part before the first slash. {_SHAPE}")
    if port is not None and not _is_port(port):
        _refuse(text, "has an invalid port", f"Give a number from 1 to {_LAST_PORT} there.")


def _is_ipv6(name: str) -> bool:
    if not _IPV6.fullmatch(name):
        return False
    try:
        ipaddress.IPv6Address(name[1:-1])
    except ValueError:
        return False
    return True


def _is_port(port: str) -> bool:
    return bool(_PORT.fullmatch(port)) and 0 < int(port) <= _LAST_PORT


def _check_path(text: str, path: str) -> None:
    if len(path) > _LONGEST_PATH:
        _refuse(text, f"has a path longer than {_LONGEST_PATH} characters", "Check the name.")
    components = path.split("/")
    if len(components) == 1:
        _refuse(text, "has no namespace", _SHAPE)
    if not components[-1]:
        _refuse(text, "ends its repository with a slash", "Take the slash away.")
    for component in components:
        if not component:
            _refuse(text, "has an empty part between slashes", "Take one of the slashes away.")
        if _COMPONENT.fullmatch(component):
            continue
        if _COMPONENT.fullmatch(component.lower()):
            _refuse(text, "has upper-case letters in its repository", "Write it in lower case.")
        _refuse(
            text,
            "has characters in its namespace or repository that aren't allowed there",
            "Use lower-case letters and digits, joined by '.', '_', '__' or dashes.",
        )


def _check_tag(text: str, tag: str) -> None:
    if not tag:
        _refuse(text, "has an empty tag", "Give the tag after the colon, or leave the colon out.")
    if len(tag) > _LONGEST_TAG:
        _refuse(text, f"has a tag longer than {_LONGEST_TAG} characters", "Check the tag.")
    if not _TAG.fullmatch(tag):
        _refuse(
            text,
            "has an invalid tag",
            "Use letters, digits, '_', '.' and '-', and start with a letter, a digit or '_'.",
        )


def _check_digest(text: str, digest: str) -> None:
    algorithm, colon, digits = digest.partition(":")
    if colon and algorithm != "sha256":
        _refuse(text, "has a digest that isn't SHA-256", "Give sha256: and 64 hexadecimal digits.")
    if not colon or len(digits) != _DIGITS:
        _refuse(
            text,
            f"has a digest without exactly {_DIGITS} digits",
            "Give sha256: and 64 hexadecimal digits, as the push printed them.",
        )
    if not _HEX.fullmatch(digits):
        _refuse(text, "has a digest that isn't lower-case hexadecimal", "Use 0-9 and a-f only.")


def _refuse(text: str, why: str, remedy: str) -> NoReturn:
    """Raise the refusal; what looks like a password in ``text`` isn't repeated."""
    shown = _PASSWORD.sub("***", text)
    if len(shown) > _LONGEST_QUOTE:
        shown = f"{shown[:_LONGEST_QUOTE]}…"
    raise InvalidReference(f"{shown!r} {why}.", remedy)


def normal_platform(text: str) -> str:
    """Return ``os/architecture[/variant]`` in the normal form in which container tools compare it.

    What they run as the same has the same form, but for arm without a variant, which an image has
    as ``v7`` while a policy that says so means all of them.
    """
    system, _, rest = text.lower().partition("/")
    architecture, _, variant = rest.partition("/")
    architecture, _, implied = _ARCHITECTURES.get(architecture, architecture).partition("/")
    variant = implied or variant
    if number := _VARIANT.fullmatch(variant):
        variant = f"v{number[1]}"
    if variant == _DEFAULT_VARIANTS.get(architecture):
        variant = ""
    return "/".join(filter(None, (_SYSTEMS.get(system, system), architecture, variant)))


def is_named(host: str, patterns: Iterable[str]) -> bool:
    """Tell whether a host, with its port where it has one, is one of these.

    In a pattern ``*`` stands for any characters, dots among them; nothing else is special, so that
    an IPv6 address in brackets is itself. Upper and lower case are the same, and port 443 is none.
    """
    plain = _plain(host)
    return any(fnmatchcase(plain, _only_stars(_plain(pattern))) for pattern in patterns)


@lru_cache(maxsize=1024)
def meant_host(host: str) -> str:
    """Return the host that is meant: in lower case, without the default port, the public name.

    Container Registry has a name of a registry for each network. Those in globs may hold wildcards.
    """
    return _NETWORK.sub(r"\1\2", _plain(host), count=1)


def _container_registry(host: str) -> re.Match[str] | None:
    plain = _plain(host)
    matches = (pattern.fullmatch(plain) for pattern in _CONTAINER_REGISTRY)
    return next((match for match in matches if match), None)


def _port_of(host: str) -> str:
    match = _HOST_AND_PORT.fullmatch(host)
    return (match["port"] if match else None) or ""


def _plain(host: str) -> str:
    """Return a host in lower case, without leading zeros of its port and without the default."""
    plain, port = host.lower(), _port_of(host)
    if not port.isdecimal():
        return plain
    name = plain.removesuffix(f":{port}")
    return name if int(port) == _DEFAULT_PORT else f"{name}:{int(port)}"


def _only_stars(pattern: str) -> str:
    """Take the meaning that fnmatch gives them from all characters but ``*``."""
    return pattern.replace("[", "[[]").replace("?", "[?]")
