"""Bring what this checkout needs, and run it.

python3 dev.py gate ARGS...     run the gate from this checkout
python3 dev.py test             everything that CI checks, in one go
python3 dev.py lint             only the checks that run nothing: style, types, layers
python3 dev.py pytest ARGS...   only tests, those that ARGS choose
python3 dev.py wheel            only the built wheel, in an environment of its own
python3 dev.py lock ARGS...     write requirements/*.txt anew (--upgrade for newer versions)
python3 dev.py tools            only what some tests need beside Python's packages

Python is all that it needs. What it brings is kept in .venv-gate, .venv-test and .tools, and made
anew whenever the interpreter or a file that lists it changes.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

OLDEST_PYTHON = (3, 11)
USAGE = (__doc__ or "").rstrip()

ROOT = Path(__file__).resolve().parent
REQUIREMENTS = ROOT / "requirements"
BUILD = REQUIREMENTS / "build.txt"
RUNTIME = REQUIREMENTS / "runtime.txt"
TEST = REQUIREMENTS / "test.txt"

# Programs that tests start, and the Debian packages that hold them; where they can't be installed,
# those tests fail and say so.
DEBIAN_PACKAGES = {
    "chromium": "chromium",
    "docker-registry": "docker-registry",
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

STEP_LIMIT = 900
"""Seconds after which a step counts as hung."""

SAMPLES = "registry.cn-hangzhou.aliyuncs.com/shop"
WHEEL_CHECKS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (0, ("--version",)),
    (0, ("policy", "validate", str(ROOT / "policies" / "strict.yaml"))),
    (10, ("check", "--sandbox", f"{SAMPLES}/web:1.4")),
    (0, ("check", "--sandbox", f"{SAMPLES}/api:2.0")),
)
"""What the installed wheel is tried with, from an empty folder: exit code and arguments."""


class SetupError(Exception):
    """Something that the checkout needs could not be brought; its text says what to do."""


def main(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name and return its exit code."""
    commands: dict[str, Callable[[Sequence[str]], int]] = {
        "gate": gate,
        "test": test,
        "lint": lint,
        "pytest": pytest,
        "wheel": wheel,
        "lock": lock,
        "tools": tools,
    }
    if arguments and arguments[0] in {"-h", "--help"}:
        print(USAGE)
        return 0
    if not arguments or arguments[0] not in commands:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        return commands[arguments[0]](arguments[1:])
    except SetupError as trouble:
        print(f"dev.py: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def gate(arguments: Sequence[str]) -> int:
    """Run the gate with these arguments in the caller's working directory."""
    python = furnish(ROOT / ".venv-gate", RUNTIME)
    # Isolated: neither the working directory nor PYTHONPATH may choose what gets imported.
    command = [str(python), "-I", "-m", "gate", *arguments]
    if os.name != "nt":
        # The gate takes this process's place, so that signals reach it directly.
        os.execv(command[0], command)  # noqa: S606 - there is nothing for a shell to do
    # Ctrl-C goes to both processes; the gate ends, and its exit code is passed on.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.call(command)


def test(arguments: Sequence[str]) -> int:
    """Run everything that CI checks; a failing step does not keep the others from running."""
    refuse(arguments)
    python = furnish_tests()
    steps: dict[str, Callable[[], bool]] = {
        **tool_steps(),
        **lint_steps(python),
        "pytest": lambda: run(
            [python, "-m", "pytest", "-n", "2", "--cov", "--cov-report=term-missing"]
        ),
        "wheel": lambda: check_wheel(python),
    }
    return run_steps(steps)


def lint(arguments: Sequence[str]) -> int:
    """Check style, types and layers."""
    refuse(arguments)
    return run_steps(lint_steps(furnish_tests()))


def pytest(arguments: Sequence[str]) -> int:
    """Run the tests that the arguments choose, without measuring coverage."""
    return subprocess.call([furnish_tests(), "-m", "pytest", *arguments], cwd=ROOT)


def wheel(arguments: Sequence[str]) -> int:
    """Build the wheel and try it in an environment of its own."""
    refuse(arguments)
    python = furnish_tests()
    return run_steps({"wheel": lambda: check_wheel(python)})


def lock(arguments: Sequence[str]) -> int:
    """Write the requirement files from pyproject.toml and requirements/*.in.

    Versions that still fit are kept, unless the arguments, which go to uv, say otherwise. The
    tests get the very versions that users get.
    """
    oldest = ".".join(map(str, OLDEST_PYTHON))
    compile_: list[str | Path] = [furnish_tests(), "-m", "uv", "pip", "compile", "--quiet"]
    compile_ += ["--universal", "--python-version", oldest, "--generate-hashes"]
    compile_ += ["--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"]
    project = ROOT / "pyproject.toml"
    sources: dict[Path, list[str | Path]] = {
        BUILD: [REQUIREMENTS / "build.in"],
        RUNTIME: [project],
        TEST: [project, REQUIREMENTS / "test.in", "-c", RUNTIME, "-c", BUILD],
    }
    for output, inputs in sources.items():
        if not run([*compile_, *arguments, *inputs, "--output-file", output]):
            return 1
        print(output.relative_to(ROOT))
    return 0


def tools(arguments: Sequence[str]) -> int:
    """Bring the programs and schemas that some tests need beside Python's packages."""
    refuse(arguments)
    return run_steps(tool_steps())


def refuse(arguments: Sequence[str]) -> None:
    """Refuse arguments where a command takes none."""
    if arguments:
        raise SetupError(f"this command takes no arguments: {' '.join(arguments)}")


def tool_steps() -> dict[str, Callable[[], bool]]:
    """Return what brings the programs and schemas that no installed Python package holds."""
    return {
        "debian packages": install_debian_packages,
        "npm packages": install_npm_packages,
        "junit schema": fetch_junit_schema,
    }


def lint_steps(python: Path) -> dict[str, Callable[[], bool]]:
    """Return the checks that run nothing of the project."""
    return {
        "ruff check": lambda: run([python, "-m", "ruff", "check"]),
        "ruff format": lambda: run([python, "-m", "ruff", "format", "--check"]),
        "mypy": lambda: run([python, "-m", "mypy"]),
        "lint-imports": lambda: run([script(python, "lint-imports"), "--no-logo"]),
    }


def run_steps(steps: Mapping[str, Callable[[], bool]]) -> int:
    """Run each step, then say which ones failed and how long each took."""
    results: list[tuple[str, bool, float]] = []
    for name, step in steps.items():
        print(f"\n==> {name}", flush=True)
        started = time.monotonic()
        try:
            succeeded = step()
        except SetupError as trouble:
            print(trouble)
            succeeded = False
        results.append((name, succeeded, time.monotonic() - started))
    print("\n==> summary")
    for name, succeeded, seconds in results:
        print(f"{'ok' if succeeded else 'FAILED':8}{name:18}{seconds:7.1f} s")
    failed = [name for name, succeeded, _ in results if not succeeded]
    print(f"Failed: {', '.join(failed)}." if failed else "All is well.", flush=True)
    return 1 if failed else 0


def run(
    command: Sequence[str | Path],
    *,
    expected: int = 0,
    cwd: Path = ROOT,
    environment: Mapping[str, str] | None = None,
) -> bool:
    """Run a program whose output goes to ours, and return whether it exits as expected."""
    try:
        code = subprocess.run(
            command, cwd=cwd, env=environment, check=False, timeout=STEP_LIMIT
        ).returncode
    except subprocess.TimeoutExpired:
        print(f"{Path(command[0]).name} was stopped after {STEP_LIMIT} seconds.", flush=True)
        return False
    if code != expected:
        print(f"exit code {code} instead of {expected}", flush=True)
    return code == expected


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
    stamp, wanted = TOOLS / "dev.stamp", fingerprint(NPM_PACKAGES)
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
    stamp = JUNIT_SCHEMA.with_name("dev.stamp")
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


def check_wheel(builder: Path) -> bool:
    """Build the wheel, install it beside the locked dependencies alone, and use it."""
    with tempfile.TemporaryDirectory() as folder:
        dist, empty = Path(folder, "dist"), Path(folder, "empty")
        empty.mkdir()
        if not run([builder, "-m", "build", "--wheel", "--no-isolation", "--outdir", dist]):
            return False
        python = make_environment(Path(folder, "environment"), RUNTIME)
        pip(python, "--no-deps", "--no-index", *dist.glob("*.whl"))
        results = [try_wheel(command, python, empty) for command in ("gate", "buildrisk-gate")]
        return all(results)


def try_wheel(name: str, python: Path, folder: Path) -> bool:
    """Run every check of the wheel with one of the commands that it installed."""
    settings = ("BUILDRISK_GATE_", "ALIBABA_CLOUD_", "PYTHON")
    environment = {key: os.environ[key] for key in os.environ if not key.startswith(settings)}
    succeeded = True
    for expected, arguments in WHEEL_CHECKS:
        print(f"\n$ {name} {' '.join(arguments)}", flush=True)
        command: list[str | Path] = [script(python, name), *arguments]
        succeeded &= run(command, expected=expected, cwd=folder, environment=environment)
    return succeeded


def furnish_tests() -> Path:
    """Return the interpreter of the environment that the tests run in."""
    return furnish(ROOT / ".venv-test", TEST)


def furnish(folder: Path, requirements: Path) -> Path:
    """Return the interpreter of this environment, which is made if it isn't there or is outdated.

    The stamp is written last, so what was interrupted halfway is made anew.
    """
    python, stamp = interpreter(folder), folder / "dev.stamp"
    wanted = fingerprint(requirements)
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    print(f"dev.py: setting up {folder.name}; this takes a minute, once", file=sys.stderr)
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
    run_silently(
        [sys.executable, "-I", "-m", "venv", "--clear", folder],
        "On Debian and Ubuntu, the package python3-venv brings what venv needs.",
    )
    python = interpreter(folder)
    locked = ["--no-deps", "--require-hashes"]
    pip(python, *locked, "--only-binary", ":all:", "-r", BUILD)
    pip(python, *locked, "--no-build-isolation", "--use-pep517", "-r", requirements)
    return python


def interpreter(folder: Path) -> Path:
    """Return the path of a virtual environment's interpreter."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def script(python: Path, name: str) -> Path:
    """Return the path of a command that is installed beside this interpreter."""
    return python.with_name(name + python.suffix)


def pip(python: Path, *arguments: str | Path, command: str = "install") -> None:
    """Install into the environment of this interpreter, or download; quiet unless it fails."""
    options = ["--quiet", "--no-input", "--disable-pip-version-check"]
    run_silently(
        [python, "-I", "-m", "pip", command, *options, *arguments],
        "Is the package index reachable, and does pip's configuration name the right one?",
    )


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


if __name__ == "__main__":
    if sys.version_info < OLDEST_PYTHON:
        sys.exit("dev.py: Python 3.11 or newer is needed; this is " + sys.version.split()[0])
    sys.exit(main(sys.argv[1:]))
