"""Make a private environment with locked requirements, each checked against its hash.

Python with its own pip is all that it needs. A finished environment has a stamp, so it is made anew
only when the interpreter or a file that lists its requirements changes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements"
BUILD = REQUIREMENTS / "build.txt"
RUNTIME = REQUIREMENTS / "runtime.txt"

STAMP = "dev.stamp"

NO_VENV = "On Debian and Ubuntu, the package python3-venv brings what venv needs."
NO_INDEX = "Is the package index reachable, and does pip's configuration name the right one?"


class SetupError(Exception):
    """Something that an environment needs could not be brought; its text says what to do."""


def furnish(folder: Path, requirements: Path) -> Path:
    """Return the interpreter of this environment, which is made if it isn't there or is outdated.

    The stamp is written last, so what was interrupted halfway is made anew.
    """
    python, stamp = interpreter(folder), folder / STAMP
    wanted = fingerprint(requirements)
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    print(f"setting up {folder.name}; this takes a minute, once", file=sys.stderr)
    make_environment(folder, requirements)
    link_checkout(python)
    stamp.write_text(wanted, encoding="utf-8")
    return python


def fingerprint(requirements: Path) -> str:
    """Return a digest of all that an environment depends on."""
    digest = hashlib.sha256()
    for part in (sys.version, sys.base_prefix, str(ROOT)):
        digest.update(part.encode())
    for file in (Path(__file__), BUILD, requirements):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def make_environment(folder: Path, requirements: Path) -> Path:
    """Make a virtual environment with these locked requirements; return its interpreter.

    Some requirements ship no wheel. They are built with the locked tools too, because the ones
    that pip would fetch for that are not checked against a hash.
    """
    run_silently([sys.executable, "-I", "-m", "venv", "--clear", folder], NO_VENV)
    python = interpreter(folder)
    locked = ["--no-deps", "--require-hashes"]
    pip(python, *locked, "--only-binary", ":all:", "-r", BUILD)
    pip(python, *locked, "--no-build-isolation", "--use-pep517", "-r", requirements)
    return python


def interpreter(folder: Path) -> Path:
    """Return the path of a virtual environment's interpreter."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def pip(python: Path, *arguments: str | Path, command: str = "install") -> None:
    """Install into the environment of this interpreter, or download; quiet unless it fails."""
    options = ["--quiet", "--no-input", "--disable-pip-version-check"]
    run_silently([python, "-I", "-m", "pip", command, *options, *arguments], NO_INDEX)


def link_checkout(python: Path) -> None:
    """Make this checkout importable in the environment, whatever the working directory is."""
    question = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site_packages = subprocess.check_output([python, "-I", "-c", question], text=True).strip()
    # The encoding is the one that Python's own site module reads these files with.
    Path(site_packages, "checkout.pth").write_text(f"{ROOT}\n", encoding="locale")


def run_silently(command: Sequence[str | Path], remedy: str) -> None:
    """Run a program and show what it says only if it fails.

    Raises SetupError with its output and the remedy.
    """
    # What builds packages isn't isolated, so PYTHONPATH would choose what it imports; and a user's
    # setting of PIP_USER contradicts virtual environments.
    environment = {name: os.environ[name] for name in os.environ if not name.startswith("PYTHON")}
    environment["PIP_USER"] = "0"
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode:
        line = " ".join(map(str, command))
        raise SetupError(f"this failed: {line}\n{done.stdout.rstrip()}\n{remedy}")
