"""A real registry for tests, and small images pushed into it without a container engine."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Literal

from tests.rigs.registry_tokens import TokenServer, running_token_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

Auth = Literal["basic", "token"] | None

USERNAME = "pusher"
PASSWORD = "sample-password"

# bcrypt of PASSWORD, at the lowest cost.
_HTPASSWD = f"{USERNAME}:$2b$04$TtgjrUOO0YiP/c.LaoJICOPmutMekgv4y3CzSeJRZ2IUFNbDSlkNC\n"

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
IN_TOTO = "application/vnd.in-toto+json"
NO_PLATFORM = "unknown/unknown"


@dataclass(frozen=True)
class RunningRegistry:
    """A registry on loopback; ``host`` is its name in references, with the port."""

    host: str
    auth: Auth
    tokens: TokenServer | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def authorization(self, name: str) -> dict[str, str]:
        """Return the headers of somebody who may push to a repository."""
        if self.auth == "basic":
            pair = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        if self.tokens is not None:
            token = self.tokens.sign(name, ["push", "pull"])
            return {"Authorization": f"Bearer {token}"}
        return {}


@contextmanager
def running_registry(tmp_path: Path, auth: Auth = None) -> Iterator[RunningRegistry]:
    """Start Debian's docker-registry with its data under ``tmp_path``, and stop it afterwards."""
    program = shutil.which("docker-registry")
    if program is None:
        raise AssertionError("These tests need the program docker-registry (Debian's package).")
    with ExitStack() as stack:
        tokens = None
        if auth == "token":
            tokens = stack.enter_context(running_token_server(tmp_path, USERNAME, PASSWORD))
        port = _free_port()
        config = tmp_path / "registry.yml"
        config.write_text(json.dumps(_config(tmp_path, port, auth, tokens)), encoding="utf-8")
        log = stack.enter_context((tmp_path / "registry.log").open("wb"))
        process = subprocess.Popen(
            [program, "serve", str(config)],
            stdout=log,
            stderr=log,
            env={"PATH": os.environ.get("PATH", ""), "OTEL_TRACES_EXPORTER": "none"},
        )
        stack.callback(process.wait)
        stack.callback(process.kill)
        registry = RunningRegistry(f"127.0.0.1:{port}", auth, tokens)
        _wait_until_up(registry, process, tmp_path / "registry.log")
        yield registry


def _config(folder: Path, port: int, auth: Auth, tokens: TokenServer | None) -> dict[str, object]:
    config: dict[str, object] = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "http": {"addr": f"127.0.0.1:{port}"},
        "storage": {
            "filesystem": {"rootdirectory": str(folder / "registry")},
            "delete": {"enabled": True},
        },
    }
    if auth == "basic":
        path = folder / "htpasswd"
        path.write_text(_HTPASSWD, encoding="utf-8")
        config["auth"] = {"htpasswd": {"realm": "sample", "path": str(path)}}
    if tokens is not None:
        config["auth"] = {"token": tokens.registry_settings()}
    return config


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_until_up(registry: RunningRegistry, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        try:
            _ask(registry, "GET", "/v2/", {})
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"docker-registry did not start: {log.read_text(encoding='utf-8')}")


def push_image(  # noqa: PLR0913 - each is a part of an image
    registry: RunningRegistry,
    name: str,
    tag: str | None = None,
    *,
    content: str = "one",
    layer_type: str = OCI_LAYER,
    docker: bool = False,
) -> str:
    """Push an image of one layer and return its digest; without a tag, by its digest alone.

    Another ``content`` makes another digest.
    """
    media_type = DOCKER_MANIFEST if docker else OCI_MANIFEST
    manifest = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": _push_blob(registry, name, b"{}", OCI_CONFIG),
        "layers": [_push_blob(registry, name, content.encode(), layer_type)],
    }
    return push_manifest(registry, name, tag, manifest)


def push_attestation(registry: RunningRegistry, name: str, subject: str) -> str:
    """Push a manifest that holds nothing but an in-toto statement about another's digest."""
    return push_image(registry, name, content=f"about {subject}", layer_type=IN_TOTO)


def push_index(
    registry: RunningRegistry,
    name: str,
    tag: str | None,
    parts: Sequence[tuple[str, str | None]],
    *,
    docker: bool = False,
) -> str:
    """Push an index of what was pushed before, as (digest, platform), and return its digest.

    What has the platform ``unknown/unknown`` is annotated as an attestation, the way buildx does.
    """
    manifest = {
        "schemaVersion": 2,
        "mediaType": DOCKER_LIST if docker else OCI_INDEX,
        "manifests": [_descriptor(registry, name, digest, platform) for digest, platform in parts],
    }
    return push_manifest(registry, name, tag, manifest)


def push_manifest(
    registry: RunningRegistry, name: str, tag: str | None, manifest: Mapping[str, object]
) -> str:
    """Push a manifest under a tag, or by its digest alone, and return the digest."""
    body = json.dumps(manifest).encode()
    digest = _digest(body)
    headers = {"Content-Type": str(manifest["mediaType"])}
    path = f"/v2/{name}/manifests/{tag or digest}"
    _ask(registry, "PUT", path, headers, body, name=name, expected=201)
    return digest


def move_tag(registry: RunningRegistry, name: str, tag: str, digest: str) -> None:
    """Let a tag name another manifest of the repository."""
    media_type, body = _pull(registry, name, digest)
    path = f"/v2/{name}/manifests/{tag}"
    kind = {"Content-Type": media_type}
    _ask(registry, "PUT", path, kind, body, name=name, expected=201)


def _pull(registry: RunningRegistry, name: str, digest: str) -> tuple[str, bytes]:
    accepted = {"Accept": f"{OCI_MANIFEST}, {OCI_INDEX}, {DOCKER_MANIFEST}, {DOCKER_LIST}"}
    path = f"/v2/{name}/manifests/{digest}"
    headers, body = _ask(registry, "GET", path, accepted, name=name)
    return headers["content-type"], body


def _descriptor(
    registry: RunningRegistry, name: str, digest: str, platform: str | None
) -> dict[str, object]:
    media_type, body = _pull(registry, name, digest)
    found: dict[str, object] = {
        "mediaType": media_type,
        "digest": digest,
        "size": len(body),
    }
    if platform is not None:
        keys = ("os", "architecture", "variant")
        found["platform"] = dict(zip(keys, platform.split("/"), strict=False))
    if platform == NO_PLATFORM:
        found["annotations"] = {"vnd.docker.reference.type": "attestation-manifest"}
    return found


def _push_blob(
    registry: RunningRegistry, name: str, data: bytes, media_type: str
) -> dict[str, object]:
    headers, _ = _ask(
        registry, "POST", f"/v2/{name}/blobs/uploads/", {}, b"", name=name, expected=202
    )
    place = headers["location"].removeprefix(registry.url)
    digest = _digest(data)
    path = f"{place}{'&' if '?' in place else '?'}digest={digest}"
    kind = {"Content-Type": "application/octet-stream"}
    _ask(registry, "PUT", path, kind, data, name=name, expected=201)
    return {"mediaType": media_type, "digest": digest, "size": len(data)}


def _ask(  # noqa: PLR0913 - the parts of a request
    registry: RunningRegistry,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
    *,
    name: str | None = None,
    expected: int = 200,
) -> tuple[dict[str, str], bytes]:
    """Send a request; with the ``name`` of a repository, as somebody who may push to it."""
    connection = HTTPConnection(registry.host, timeout=5)
    try:
        authorization = registry.authorization(name) if name else {}
        connection.request(method, path, body, {**headers, **authorization})
        response = connection.getresponse()
        data = response.read()
    finally:
        connection.close()
    if name and response.status != expected:
        raise AssertionError(f"{method} {path}: status {response.status}, {data[:500]!r}")
    return {key.lower(): value for key, value in response.getheaders()}, data


def _digest(data: bytes) -> str:
    return f"sha256:{sha256(data).hexdigest()}"
