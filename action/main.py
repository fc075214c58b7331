"""Run the gate as the action's inputs say: the part of action.yml that isn't YAML."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # an isolated interpreter doesn't look beside the script

from action import install  # noqa: E402 - found by the line above

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType

# Exit codes of the gate, and those of an undecided image, the worst first.
DEFECT, USAGE, UNDECIDED, ACCESS, SERVICE, BLOCKED = 1, 2, 3, 4, 5, 10
TROUBLES = (ACCESS, SERVICE, UNDECIDED)

# Inputs arrive in variables of this prefix, which the gate itself doesn't get to see.
PREFIX = "GATE_"

# Inputs that are options of `gate check`: those of one value, and those of one a line.
SINGLE = {
    "DIGEST": "--digest",
    "REGION": "--region",
    "SCAN": "--scan",
    "WAIT": "--wait",
    "DOCKERFILE": "--dockerfile",
    "ENDPOINT": "--endpoint",
}
REPEATED = {"POLICY": "--policy", "REPORTS": "--report"}

# Inputs that are variables of Alibaba Cloud's own tools, in the gate's process alone.
VARIABLES = {
    "ROLE_ARN": "ALIBABA_CLOUD_ROLE_ARN",
    "OIDC_PROVIDER_ARN": "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
}

# Reports that are always written, because outputs name them.
REPORTS = {"json": "report.json", "sarif": "report.sarif", "html": "report.html"}


class WrongInput(Exception):
    """An input that can't be meant; its text says what to do."""


def main(environment: Mapping[str, str]) -> int:
    """Run the gate and return the step's exit code; the gate's own always becomes an output."""
    code = ended = DEFECT
    try:
        code, ended = judge(environment)
    except WrongInput as mistake:
        print(f"error: {mistake}", file=sys.stderr)
        code = ended = USAGE
    except install.SetupError as trouble:
        say_unread(f"error: The gate could not be installed.\n{trouble}")
        code = ended = SERVICE
    finally:
        tell(environment, code)
    return ended


def judge(environment: Mapping[str, str]) -> tuple[int, int]:
    """Install the gate, unless an earlier step of the job has, and run it.

    Return its exit code and the step's, which is another only where a block fails no step.
    """
    images = environment.get(f"{PREFIX}IMAGE", "")
    if not lines(images):
        raise WrongInput("The input image is empty. Give at least one, by tag and digest.")
    strict = fails_on_block(environment)
    temporary = Path(environment.get("RUNNER_TEMP") or tempfile.gettempdir())
    python = install.furnish(temporary / "buildrisk-gate", install.RUNTIME)
    folder = Path(tempfile.mkdtemp(prefix="buildrisk-gate-reports-", dir=temporary))
    # Isolated: neither the checkout nor PYTHONPATH may choose what gets imported.
    command = [str(python), "-I", "-X", "utf8", "-m", "gate", *arguments(environment, folder)]
    code = run(command, images, gate_environment(environment))
    return code, code if strict or code != BLOCKED else beside_blocks(folder / REPORTS["json"])


def beside_blocks(report: Path) -> int:
    """Return what a run that ended in a block would have ended in without its blocked images.

    The code of a block hides that another image could not be decided.
    """
    try:
        images = json.loads(report.read_text(encoding="utf-8"))["images"]
        codes = {image["exit_code"] for image in images} - {BLOCKED}
    except (OSError, ValueError, LookupError, TypeError):
        print(
            "fail-on-block is false, but whether all other images were decided can't be told: "
            "the JSON report can't be read.",
            file=sys.stderr,
        )
        return BLOCKED
    if not codes <= {0}:
        print(
            "fail-on-block is false, but another image is undecided, so this step fails.",
            file=sys.stderr,
        )
        return next((code for code in TROUBLES if code in codes), DEFECT)
    print("fail-on-block is false, so this step passes.", file=sys.stderr)
    return 0


def fails_on_block(environment: Mapping[str, str]) -> bool:
    """Return whether a block fails the step; raises WrongInput for what is neither yes nor no."""
    answer = environment.get(f"{PREFIX}FAIL_ON_BLOCK", "").strip().lower() or "true"
    if answer not in {"true", "false"}:
        raise WrongInput("The input fail-on-block is neither true nor false. Write one of them.")
    return answer == "true"


def arguments(environment: Mapping[str, str], folder: Path) -> Iterator[str]:
    """Yield the gate's arguments; images are no arguments, they go in by standard input.

    An input that is left empty is left to the gate's own defaults and variables.
    """
    yield from ("check", "--images-from=-")
    for name, option in SINGLE.items():
        if value := environment.get(PREFIX + name, "").strip():
            yield f"{option}={value}"
    for name, option in REPEATED.items():
        for value in lines(environment.get(PREFIX + name, "")):
            yield f"{option}={value}"
    # The last ones, so that outputs name these and not the caller's of the same format.
    for name, file in REPORTS.items():
        yield f"--report={name}={folder / file}"


def gate_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the job's environment as the gate gets it: with a role to assume, without inputs."""
    given = {name: value for name, value in environment.items() if not name.startswith(PREFIX)}
    for name, variable in VARIABLES.items():
        if value := environment.get(PREFIX + name, "").strip():
            given[variable] = value
    return given


def run(command: Sequence[str], images: str, environment: Mapping[str, str]) -> int:
    """Run the gate to its end and return its exit code; signals are handed on to it."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, env=environment, encoding="utf-8"
    ) as process:

        def hand_on(number: int, _frame: FrameType | None) -> None:
            # Windows interrupts all processes of a console by itself.
            if os.name != "nt":
                process.send_signal(number)

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, hand_on)
        process.communicate(images)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def tell(environment: Mapping[str, str], code: int) -> None:
    """Set the output exit-code, also where the gate never ran or could not."""
    if path := environment.get("GITHUB_OUTPUT"):
        with Path(path).open("a", encoding="utf-8", newline="\n") as file:
            file.write(f"exit-code={code}\n")


def say_unread(text: str) -> None:
    """Show untrusted text so that the runner doesn't take a line of it for a command."""
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}\n{text}\n::{token}::", file=sys.stderr, flush=True)


def lines(text: str) -> list[str]:
    """Return the lines that aren't empty."""
    return [line.strip() for line in text.splitlines() if line.strip()]


if __name__ == "__main__":
    sys.exit(main(dict(os.environ)))
