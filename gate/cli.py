"""The command line: the only place that reads arguments, environment or clock, prints, or exits."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from gate import __version__
from gate.errors import ExitCode, GateError, ReportUnwritable, UsageError
from gate.escaping import encodable, for_terminal
from gate.options import Duration, Report, Text, option, trusted_endpoint
from gate.report import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gate.machine import Machine
    from gate.policy import Policies
    from gate.report import Look
    from gate.verdict import Verdict

_LANGS = ("en", "zh")


def main() -> NoReturn:
    """Run the command line, and exit with one of the codes of ``ExitCode``."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:  # noqa: PLR0911 - each end has its code
    """Run the command line; every exception ends here, as a code and a sentence."""
    try:
        return int(cli.main(list(arguments), prog_name="gate", standalone_mode=False) or 0)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as mistake:
        mistake.show()
        return ExitCode.USAGE
    except GateError as trouble:
        for line in trouble.message.splitlines():
            _say(f"error: {for_terminal(line)}")
        if trouble.remedy:
            _say(f"       {for_terminal(trouble.remedy)}")
        return trouble.exit_code
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        _give_up_stdout()
        return ExitCode.SERVICE
    except Exception:  # noqa: BLE001 - the one boundary of the program
        _say(traceback.format_exc().rstrip())
        _say(f"error: this is a defect of buildrisk-gate {__version__}; nothing was decided.")
        _say("       Please report it, with the lines above (they hold no secrets of the gate's).")
        return ExitCode.DEFECT


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="buildrisk-gate")
def cli() -> None:
    """Decide by policy whether container images may go on.

    After a push, the gate asks Alibaba Cloud Security Center which image build risks an image has.
    A pass is a statement with evidence. Exit codes: 0 pass, 10 blocked, 2 wrong usage or policy,
    3 undecided, 4 access, 5 service, 1 a defect of the gate.
    """


def _service_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options that say which Security Center to ask."""
    for added in (
        click.option("--sandbox", is_flag=True, help="Ask the embedded sample Security Center."),
        option(
            "--lang",
            type=click.Choice(_LANGS),
            default="en",
            show_default=True,
            help="Language of Security Center's texts.",
        ),
        option(
            "--endpoint",
            metavar="URL",
            callback=trusted_endpoint,
            help="Another Security Center; plain http only to loopback.",
        ),
        option("--region", metavar="ID", help="Region of the images, where their host tells none."),
        option("-v", "--verbose", is_flag=True, help="Show every request and every decision."),
    ):
        command = added(command)
    return command


_policies = option(
    "-p",
    "--policy",
    "policies",
    metavar="FILE[#sha256=HEX]",
    type=Text("file"),
    multiple=True,
    help="A policy file; the strictest decision of several wins.  [default: "
    ".buildrisk-gate.yaml, else the built-in policy]",
)
_registry_hosts = option(
    "--registry-host",
    "registry_hosts",
    metavar="HOST",
    type=Text("host"),
    multiple=True,
    help="Another registry that may be asked.",
)


@cli.command()
@click.argument("images", metavar="IMAGE...", nargs=-1)
@_policies
@option("--digest", metavar="sha256:HEX", help="Digest that was just pushed, for the one IMAGE.")
@option(
    "--metadata-file",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Take the digest from the file that `docker buildx build --metadata-file` wrote.",
)
@option(
    "--resolve/--no-resolve",
    default=None,
    help="Ask the registry for the digest of the tag.  [default: where none is given]",
)
@_registry_hosts
@option("--instance", metavar="ID", help="Registry instance, where two hold the same name.")
@option(
    "--scan",
    type=click.Choice(("never", "missing", "always")),
    default="never",
    show_default=True,
    help="Ask Security Center for a scan; this uses scan quota.",
)
@click.option("--dry-run", is_flag=True, help="Say what --scan would ask for; ask for nothing.")
@option(
    "--wait",
    type=Duration(),
    help="How long to wait for a scan.  [default: 10m; 1m with --scan never]",
)
@option(
    "--timeout", type=Duration(), default="15m", show_default=True, help="Limit on the whole run."
)
@option(
    "--format",
    "format_",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    help="What standard output shows.",
)
@option(
    "--report",
    "reports",
    metavar="NAME=PATH",
    type=Report(list(FORMATS)),
    multiple=True,
    help="Write a report to a file; may be repeated.",
)
@option(
    "--images-from",
    metavar="FILE",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="More images, one a line; - is standard input.",
)
@option("-q", "--quiet", is_flag=True, help="Show only the verdict.")
@_service_options
def check(
    images: Sequence[str],
    format_: str,
    reports: Sequence[tuple[str, str]],
    quiet: bool,  # noqa: FBT001 - click passes options by name
    **given: Any,  # noqa: ANN401 - the options of `CheckOptions`
) -> int:
    """Judge images: HOST/NAMESPACE/REPOSITORY[:TAG][@DIGEST], several at once if given."""
    from gate.check_run import CheckOptions, run_check  # noqa: PLC0415 - imports the network
    from gate.images import read_images  # noqa: PLC0415 - not every command needs it
    from gate.policy import load_policies  # noqa: PLC0415 - not every command needs it

    policies = load_policies(given.pop("policies"), directory=Path.cwd(), today=_now().date())
    more, digest, metadata = (
        given.pop(name) for name in ("images_from", "digest", "metadata_file")
    )
    named = read_images(
        images,
        _lines(more) if more else (),
        digest=digest,
        metadata=(metadata, _read(metadata)) if metadata else None,
    )
    look = _look(verbose=given["verbose"], quiet=quiet)
    verdict = run_check(CheckOptions(images=named, **given), policies, _machine(quiet=quiet))
    return _deliver(verdict, format_, reports, look)


@cli.command()
@click.option(
    "--level",
    "levels",
    type=click.Choice(("high", "medium", "low")),
    multiple=True,
    help="Only risks of this level; may be repeated.",
)
@click.option(
    "--class",
    "classes",
    metavar="CLASS",
    multiple=True,
    help="Only risks of this class; may be repeated.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="What standard output shows.",
)
@_service_options
def risks(levels: Sequence[str], classes: Sequence[str], format_: str, **given: Any) -> int:  # noqa: ANN401
    """List the build risks that Security Center checks for, and whether each check is on."""
    from gate.service_run import ServiceOptions, read_risks  # noqa: PLC0415 - imports the network

    text = read_risks(
        ServiceOptions(**given),
        _machine(),
        levels=levels,
        classes=classes,
        format_=format_,
        width=_look().width,
    )
    _print(text)
    return ExitCode.PASSED


@cli.command()
@click.argument("image", required=False)
@_policies
@_registry_hosts
@_service_options
def doctor(
    image: str | None,
    policies: Sequence[str],
    registry_hosts: Sequence[str],
    **given: Any,  # noqa: ANN401 - the options of `ServiceOptions`
) -> int:
    """Find out why the gate can't decide: credentials, endpoint, permissions, checks, IMAGE."""
    from gate.policy import load_policies  # noqa: PLC0415 - not every command needs it
    from gate.reference import ImageReference  # noqa: PLC0415 - not every command needs it
    from gate.service_run import ServiceOptions, run_doctor  # noqa: PLC0415 - imports the network

    reference = ImageReference.parse(image) if image else None
    options = ServiceOptions(**given, registry_hosts=registry_hosts)

    def load() -> Policies:
        return load_policies(policies, directory=Path.cwd(), today=_now().date())

    return run_doctor(options, _machine(), reference, load, _print)


@cli.group()
def policy() -> None:
    """Work on policy files without an image."""


@policy.command()
@click.argument("files", metavar="[FILE]...", nargs=-1)
def validate(files: Sequence[str]) -> int:
    """Check policy files; without FILE, the one that `gate check` would use."""
    from gate.policy import load_policies  # noqa: PLC0415 - not every command needs it

    loaded = load_policies(files, directory=Path.cwd(), today=_now().date())
    for source in loaded.sources:
        _print(for_terminal(f"{source.path}: valid, sha256={source.sha256}"))
    return ExitCode.PASSED


@cli.command()
@click.argument("name", type=click.Choice(("policy", "report")))
def schema(name: str) -> int:
    """Print the JSON schema of policy files, or of the JSON report."""
    from gate.policy import policy_schema  # noqa: PLC0415 - not every command needs it
    from gate.report import report_schema  # noqa: PLC0415 - not every command needs it

    wanted = policy_schema() if name == "policy" else report_schema()
    _print(json.dumps(wanted, indent=2, ensure_ascii=False))
    return ExitCode.PASSED


@cli.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Port on 127.0.0.1; 0 takes any that is free.",
)
@click.option(
    "--data",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Sample data to serve instead of the built-in.",
)
@click.option(
    "--reading",
    "readings",
    metavar="NAME=VALUE",
    multiple=True,
    help="How to take what the API's reference leaves open, such as rows=image.",
)
@click.option(
    "--fault",
    "faults",
    metavar="KIND[=PROBABILITY][@OPERATION]",
    multiple=True,
    help="Misbehave so, such as throttling=0.2; may be repeated.",
)
def sandbox(port: int, data: Path | None, readings: Sequence[str], faults: Sequence[str]) -> int:
    """Serve a local Security Center with sample data, until interrupted."""
    from gate.sandbox_run import run_sandbox  # noqa: PLC0415 - a server is heavy to import

    run_sandbox(port, data, readings, faults, _print)
    return ExitCode.PASSED


def _deliver(
    verdict: Verdict, format_: str, reports: Iterable[tuple[str, str]], look: Look
) -> ExitCode:
    """Show the verdict and write its reports; trouble with an output never changes a block."""
    from gate.report import render, write_report  # noqa: PLC0415 - not every command needs it
    from gate.verdict import worst  # noqa: PLC0415 - not every command needs it

    codes = [verdict.exit_code]
    for name, path in reports:
        try:
            write_report(name, Path(path), verdict)
        except ReportUnwritable as trouble:
            _say(f"error: {for_terminal(str(trouble))}")
            codes.append(trouble.exit_code)
    try:
        _print(render(format_, verdict, look).rstrip("\n"))
    except OSError as trouble:
        _say(f"error: the report could not be written to standard output ({trouble.strerror}).")
        _give_up_stdout()
        codes.append(ExitCode.SERVICE)
    return verdict.exit_code if verdict.exit_code > ExitCode.BLOCKED else worst(codes)


def _machine(*, quiet: bool = False) -> Machine:
    """Hand the machine's clock, environment and standard error to those who may not read them."""
    import anyio  # noqa: PLC0415 - not every command needs it

    from gate.clock import Clock  # noqa: PLC0415 - not every command needs it
    from gate.machine import Machine  # noqa: PLC0415 - not every command needs it

    live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")
    return Machine(
        clock=Clock(_now, time.monotonic, anyio.sleep),
        environment=dict(os.environ),
        say=_say,
        write=_write_error,
        live=live and not quiet,
        width=lambda: shutil.get_terminal_size().columns,
    )


def _look(*, verbose: bool = False, quiet: bool = False) -> Look:
    from gate.report import Look  # noqa: PLC0415 - not every command needs it

    terminal = sys.stdout.isatty()
    unicode = "utf" in (sys.stdout.encoding or "").lower()
    return Look(
        width=shutil.get_terminal_size().columns if terminal else 80,
        colour=terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
        verbose=verbose,
        quiet=quiet,
        ascii=not unicode,
    )


def _lines(path: str) -> list[str]:
    """Return the lines of a file, or of standard input for ``-``."""
    return (sys.stdin.read() if path == "-" else _read(path)).splitlines()


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"{path} can't be read: {reason}.", "Give another file.") from None


def _now() -> datetime:
    return datetime.now(UTC)


def _print(text: str) -> None:
    sys.stdout.write(encodable(text, sys.stdout.encoding or "utf-8") + "\n")
    sys.stdout.flush()


def _give_up_stdout() -> None:
    """Let what is still buffered go nowhere, so that the interpreter's end doesn't fail on it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(text: str) -> None:
    _write_error(f"{text}\n")


def _write_error(text: str) -> None:
    try:
        sys.stderr.write(encodable(text, sys.stderr.encoding or "utf-8"))
        sys.stderr.flush()
    except OSError:
        return  # nobody reads it; the verdict does not depend on that
