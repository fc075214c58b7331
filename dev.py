"""Bring what this checkout needs, and run it.

python3 dev.py gate ARGS...     run the gate from this checkout
python3 dev.py test             everything that CI checks, in one go
python3 dev.py quick            what most changes need: lint, and the tests without end-to-end
python3 dev.py lint             only what takes seconds: style, types, layers, tests of policies
python3 dev.py pytest ARGS...   only tests, those that ARGS choose
python3 dev.py tool ARGS...     one of the checking tools, such as `tool ruff check --fix`
python3 dev.py wheel            only the built wheel, in an environment of its own
python3 dev.py house            only the numbers of the package's layout, and their bounds
python3 dev.py lock ARGS...     write requirements/*.txt anew (--upgrade for newer versions)
python3 dev.py tools            only what some tests need beside Python's packages

Python is all that it needs. What it brings is kept in .venv-gate, .venv-test and .tools, and made
anew whenever the interpreter or a file that lists it changes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from action import install
from action.install import SetupError, furnish, make_environment, pip
from tests.project import house
from tests.tools.bring import furnish_tests, tool_steps
from tests.tools.steps import run, run_steps, start

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OLDEST_PYTHON = (3, 11)
USAGE = (__doc__ or "").rstrip()

ROOT = install.ROOT
REQUIREMENTS = install.REQUIREMENTS
BUILD = REQUIREMENTS / "build.txt"
PACKAGE = REQUIREMENTS / "package.txt"
RUNTIME = REQUIREMENTS / "runtime.txt"
TEST = REQUIREMENTS / "test.txt"

SAMPLES = "registry.cn-hangzhou.aliyuncs.com/shop"
WHEEL_CHECKS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (0, ("--version",)),
    (0, ("policy", "validate", str(ROOT / "policies" / "strict.yaml"))),
    (10, ("check", "--sandbox", f"{SAMPLES}/web:1.4")),
    (0, ("check", "--sandbox", f"{SAMPLES}/api:2.0")),
)
"""What the installed wheel is tried with, from an empty folder: exit code and arguments."""


def main(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name and return its exit code."""
    commands: dict[str, Callable[[Sequence[str]], int]] = {
        "gate": gate,
        "test": test,
        "quick": quick,
        "lint": lint,
        "pytest": pytest,
        "tool": tool,
        "wheel": wheel,
        "house": measure_house,
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
    """Run everything that CI checks; a failing step does not keep the others from running.

    What waits for the network most of the time runs side by side; the tests have the machine for
    themselves, because some of them measure time.
    """
    refuse(arguments)
    python = furnish_tests()
    others = {name: start([sys.executable, __file__, name]) for name in ("tools", "lint", "wheel")}
    tests: list[str | Path] = [python, "-m", "pytest", "-n", "2"]
    tests += ["--cov", "--cov-report=term-missing"]
    return run_steps({**others, "pytest": lambda: run(tests)})


def quick(arguments: Sequence[str]) -> int:
    """Run lint beside the tests that start no programs, with few examples of each property.

    Some of these tests wait, so there are two workers more than cores are counted on.
    """
    refuse(arguments)
    python = furnish_tests()
    checks = start([sys.executable, __file__, "lint"])
    tests: list[str | Path] = [python, "-m", "pytest", "-q", "-n", "4", "-m", "not end_to_end"]
    tests += ["--few"]
    return run_steps({"pytest": lambda: run(tests), "lint": checks})


def lint(arguments: Sequence[str]) -> int:
    """Check style, types, layers and the ready-made policies."""
    refuse(arguments)
    return run_steps(lint_steps(furnish_tests()))


def pytest(arguments: Sequence[str]) -> int:
    """Run the tests that the arguments choose, without measuring coverage."""
    return tool(["pytest", *arguments])


def tool(arguments: Sequence[str]) -> int:
    """Run a module of the environment that the tests run in."""
    return subprocess.call([furnish_tests(), "-m", *arguments], cwd=ROOT)


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
        PACKAGE: [REQUIREMENTS / "package.in", "-c", BUILD],
        RUNTIME: [project],
        TEST: [project, REQUIREMENTS / "test.in", "-c", RUNTIME, "-c", BUILD, "-c", PACKAGE],
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


def measure_house(arguments: Sequence[str]) -> int:
    """Print the numbers of the package's layout; fail if one is over its bound."""
    refuse(arguments)
    return run_steps({"house": house_step})


def house_step() -> bool:
    """Measure the layout of the package in this checkout."""
    return house.check(ROOT)


def refuse(arguments: Sequence[str]) -> None:
    """Refuse arguments where a command takes none."""
    if arguments:
        raise SetupError(f"this command takes no arguments: {' '.join(arguments)}")


def lint_steps(python: Path) -> dict[str, Callable[[], bool]]:
    """Return the checks that take seconds; the last one tests the ready-made policies."""
    return {
        "ruff check": lambda: run([python, "-m", "ruff", "check"]),
        "ruff format": lambda: run([python, "-m", "ruff", "format", "--check"]),
        "mypy": lambda: run([python, "-m", "mypy"]),
        "lint-imports": lambda: run([script(python, "lint-imports"), "--no-logo"]),
        "codespell": lambda: run([python, "-m", "codespell_lib"]),
        "house": house_step,
        "policies": lambda: run([python, "-m", "gate", "policy", "test", "--coverage", "policies"]),
    }


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


def script(python: Path, name: str) -> Path:
    """Return the path of a command that is installed beside this interpreter."""
    return python.with_name(name + python.suffix)


if __name__ == "__main__":
    if sys.version_info < OLDEST_PYTHON:
        sys.exit("dev.py: Python 3.11 or newer is needed; this is " + sys.version.split()[0])
    sys.exit(main(sys.argv[1:]))
