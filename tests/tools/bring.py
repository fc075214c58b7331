"""Bring the programs and schemas that some tests need beside Python's packages."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from action.install import REQUIREMENTS, ROOT, STAMP, SetupError, fingerprint, furnish, pip
from tests.tools.steps import run

if TYPE_CHECKING:
    from collections.abc import Callable

TEST = REQUIREMENTS / "test.txt"

# Programs that tests start, and the Debian packages that hold them; where they can't be installed,
# those tests fail and say so.
DEBIAN_PACKAGES = {
    "buildah": "buildah",
    "chromium": "chromium",
    "docker-registry": "docker-registry",
    "mmdebstrap": "mmdebstrap",
    "node": "nodejs",
    "npm": "npm",
    "rsync": "rsync",
    "shellcheck": "shellcheck",
}
# The same of npm; its lock file is none of ours, because it names the registry that it came from.
NPM_PACKAGES = ROOT / "tests" / "tools" / "package.json"
TOOLS = ROOT / ".tools"

# JUnit has no schema of its own. Jenkins has one, a copy of which is in pytest's sources only.
JUNIT_SCHEMA = TOOLS / "pytest" / "junit-10.xsd"

# What the container image is based on in tests, where no registry can be asked for Python's own.
CONTAINER_BASE = TOOLS / "container" / "base.tar"
_IN_THE_BASE = (
    "--variant=essential",
    "--include=python3,python3-venv,ca-certificates",
    *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "locale", "man")),
)


def furnish_tests() -> Path:
    """Return the interpreter of the environment that the tests run in."""
    return furnish(ROOT / ".venv-test", TEST)


def tool_steps() -> dict[str, Callable[[], bool]]:
    """Return what brings the programs and schemas that no installed Python package holds."""
    return {
        "debian packages": install_debian_packages,
        "npm packages": install_npm_packages,
        "junit schema": fetch_junit_schema,
        "container base": make_container_base,
    }


def install_debian_packages() -> bool:
    """Install the programs that are missing, where this user may do so without a password."""
    missing = [DEBIAN_PACKAGES[name] for name in DEBIAN_PACKAGES if shutil.which(name) is None]
    if not missing:
        print("nothing to install")
        return True
    prefix = root_prefix()
    if shutil.which("apt-get") is None or prefix is None:
        print(f"not installed: {', '.join(missing)}; the tests that need them will fail")
        return True
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
    apt += ["-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=120"]
    return run([*apt, "update"]) and run([*apt, "install", "--no-install-recommends", *missing])


def install_npm_packages() -> bool:
    """Install the packages of npm into .tools, without running any of their scripts."""
    npm = shutil.which("npm")
    if npm is None:
        print("not installed: npm; the tests that need its packages will fail")
        return True
    stamp, wanted = TOOLS / STAMP, fingerprint(NPM_PACKAGES)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        print("nothing to install")
        return True
    shutil.rmtree(TOOLS, ignore_errors=True)
    TOOLS.mkdir()
    shutil.copy(NPM_PACKAGES, TOOLS)
    options = ["--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
    succeeded = run([npm, "install", "--loglevel=error", *options], cwd=TOOLS)
    if succeeded:
        stamp.write_text(wanted, encoding="utf-8")
    return succeeded


def fetch_junit_schema() -> bool:
    """Take the schema of JUnit out of the sources of the locked pytest, without installing them."""
    pin = next(part for part in pins(TEST) if part.startswith("pytest=="))
    stamp = JUNIT_SCHEMA.with_name(STAMP)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == pin:
        print("nothing to fetch")
        return True
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder, "requirements.txt")
        wanted.write_text(pin, encoding="utf-8")
        # pip builds an archive's metadata before it keeps the archive, and with locked tools.
        sources = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation"]
        options = [*sources, "--require-hashes", "-r", str(wanted), "--dest", folder]
        pip(furnish_tests(), *options, command="download")
        (archive,) = Path(folder).glob("*.tar.gz")
        schema = read_member(archive, JUNIT_SCHEMA.name)
    JUNIT_SCHEMA.parent.mkdir(parents=True, exist_ok=True)
    JUNIT_SCHEMA.write_bytes(schema)
    stamp.write_text(pin, encoding="utf-8")
    return True


def make_container_base() -> bool:
    """Make a small file system with Python, of this system's own packages."""
    program, prefix = shutil.which("mmdebstrap"), root_prefix()
    if program is None or prefix is None:
        print("not made: the base of container images; the tests that need it will fail")
        return True
    system = platform.freedesktop_os_release()
    suite = system["VERSION_CODENAME"]
    # Ubuntu keeps venv apart from Python itself.
    components = "main,universe" if system["ID"] == "ubuntu" else "main"
    wanted = " ".join((suite, components, *_IN_THE_BASE))
    stamp = CONTAINER_BASE.with_name(STAMP)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        print("nothing to make")
        return True
    CONTAINER_BASE.parent.mkdir(parents=True, exist_ok=True)
    making = [*prefix, program, "--quiet", "--mode=root", f"--components={components}"]
    making += _IN_THE_BASE
    succeeded = run([*making, suite, CONTAINER_BASE])
    if succeeded:
        stamp.write_text(wanted, encoding="utf-8")
    return succeeded


def pins(lock: Path) -> list[str]:
    """Return the requirements of a lock file, each with the lines of its hashes."""
    return re.findall(r"^\S.*(?:\n[ ].*)*", lock.read_text(encoding="utf-8"), re.MULTILINE)


def read_member(archive: Path, name: str) -> bytes:
    """Return the content of the one file of this name, wherever it is in the archive."""
    with tarfile.open(archive) as members:
        found = [member for member in members if Path(member.name).name == name]
        content = members.extractfile(found[0]) if len(found) == 1 else None
        if content is None:
            raise SetupError(f"{archive.name} doesn't hold {name} exactly once.")
        return content.read()


def root_prefix() -> list[str] | None:
    """Return what stands before a command that root must run, ``None`` if this user may not."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], check=False, capture_output=True).returncode:
        return None
    return [sudo, "-n"] if sudo else None
