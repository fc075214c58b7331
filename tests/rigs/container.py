"""Images built by buildah without a container engine, and programs that run in them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from ast import literal_eval
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import dev
from tests.rigs.repository import MINUTES, Done
from tests.rigs.surroundings import WAYS, surroundings
from tests.tools import bring

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_ISOLATION = ("--isolation", "chroot")
# Of pip's settings, those that lead to an index.
_WAYS_TO_AN_INDEX = {
    *("cert", "client-cert", "default-timeout", "extra-index-url", "find-links", "index-url"),
    *("no-index", "proxy", "trusted-host"),
}
# Run by root: all below $1 can't be written to, and what it has for a shell can't be executed.
_LOCKED = """\
set -eu
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
mount --bind /dev/null "$1/bin/sh"
shift
exec "$@"
"""


@dataclass(frozen=True)
class Buildah:
    """Buildah with a storage of its own, which only root can use."""

    folder: Path
    prefix: tuple[str, ...]

    @classmethod
    def make(cls, folder: Path) -> Buildah:
        prefix = bring.root_prefix()
        missing = [name for name in ("buildah", "mmdebstrap") if shutil.which(name) is None]
        assert not missing, f"missing: {missing}; python3 dev.py tools brings them"
        assert prefix is not None, "these tests need root, or sudo without a password"
        assert bring.CONTAINER_BASE.exists(), "no base: python3 dev.py tools makes it"
        return cls(folder, tuple(prefix))

    def run(self, *arguments: str | Path) -> Done:
        storage = (f"--root={self.folder / 'storage'}", f"--runroot={self.folder / 'run'}")
        return self.as_root("buildah", *storage, "--storage-driver=vfs", *arguments)

    def as_root(self, *command: str | Path) -> Done:
        done = subprocess.run(
            [*self.prefix, *command],
            cwd=self.folder,
            env=surroundings(),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=MINUTES,
        )
        return Done(done.returncode, done.stdout)

    def succeed(self, *arguments: str | Path) -> str:
        code, output = self.run(*arguments)
        assert 0 == code, output
        return output.strip()

    def make_base(self, name: str) -> None:
        """Make an image of the file system that the tools have brought."""
        self.succeed("from", "--name", "base", "scratch")
        self.succeed("add", "--quiet", "base", bring.CONTAINER_BASE, "/")
        self.succeed("commit", "--quiet", "--rm", "base", name)

    def build(self, name: str, base: str) -> None:
        """Build this project's image, with the package index of whoever runs the tests."""
        settings = self.folder / "pip.conf"
        lines = [f"{key} = {value}" for key, value in _pip_settings().items()]
        settings.write_text("\n".join(["[global]", *lines, ""]), encoding="utf-8")
        mounts = {settings: "/etc/pip.conf"} | {path: str(path) for path in _local(lines)}
        volumes = [f"--volume={source}:{target}:ro" for source, target in mounts.items()]
        proxies = [f"--build-arg={way}={os.environ[way]}" for way in WAYS if way in os.environ]
        arguments = [*_ISOLATION, f"--build-arg=BASE={base}", *volumes, *proxies]
        self.succeed("bud", "--quiet", *arguments, "--tag", name, dev.ROOT)

    def remove(self) -> None:
        self.as_root("rm", "-rf", self.folder / "storage", self.folder / "run")


@dataclass(frozen=True)
class Container:
    """A container of an image; ``config`` is what the image says of how it is started."""

    buildah: Buildah
    name: str
    root: Path
    config: Mapping[str, Any]

    @classmethod
    def of(cls, buildah: Buildah, image: str) -> Container:
        name = buildah.succeed("from", image)
        inspected = json.loads(buildah.succeed("inspect", "--type", "image", image))
        root = Path(buildah.succeed("mount", name))
        return cls(buildah, name, root, inspected["OCIv1"]["config"])

    def gate(self, *arguments: str, **given: Any) -> Done:
        """Run what the image is for."""
        return self.run(*self.config["Entrypoint"], *arguments, **given)

    def run(
        self,
        *command: str,
        volumes: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Done:
        """Run a command as the image's user, with ``SOURCE:TARGET`` mounted."""
        variables = [f"--env={name}={value}" for name, value in (environment or {}).items()]
        mounts = [f"--volume={volume}" for volume in volumes]
        return self.buildah.run("run", *_ISOLATION, *mounts, *variables, self.name, "--", *command)

    def run_locked(self, *command: str) -> Done:
        """Run a command where nothing can be written and no shell can be started."""
        user, chroot = self.config["User"], shutil.which("chroot") or "/usr/sbin/chroot"
        inside = [chroot, f"--userspec={user}", "--groups=", self.root, *command]
        outside = ["env", "-i", *self.config["Env"], *inside]
        return self.buildah.as_root(
            *("unshare", "--mount", "sh", "-c", _LOCKED, "sh", self.root), *outside
        )


def _pip_settings() -> dict[str, str]:
    """Return the settings of pip on this machine, those of the environment above all others."""
    listed = subprocess.check_output(
        [sys.executable, "-m", "pip", "config", "list"], env=surroundings(), encoding="utf-8"
    )
    lines = sorted(listed.splitlines(), key=lambda line: line.startswith(":env:"))
    settings = (line.partition("=")[::2] for line in lines)
    named = ((name.rpartition(".")[2], literal_eval(value)) for name, value in settings)
    return {name: value for name, value in named if name in _WAYS_TO_AN_INDEX}


def _local(lines: Iterable[str]) -> list[Path]:
    """Return the files and folders that settings name; an index's pages name files beside it."""
    words = [word for line in lines for word in line.partition("=")[2].split()]
    files = [Path(word) for word in words if word.startswith("/")]
    indexes = [Path(urlsplit(word).path).parent for word in words if word.startswith("file:")]
    return [path for path in (*files, *indexes) if path.exists()]
