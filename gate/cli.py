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
from msgspec import Struct
from msgspec.structs import replace

from gate import __version__, option_groups
from gate.errors import ExitCode, GateError, ReportUnwritable, UsageError
from gate.options import PREFIX, option
from gate.untrusted import encodable, for_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gate.machine import Machine
    from gate.policy import Policies
    from gate.report import Look
    from gate.verdict import Verdict


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
        _alarm(mistake.format_message(), arguments)
        return ExitCode.USAGE
    except GateError as trouble:
        _alarm(str(trouble), arguments)
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


@cli.command()
@click.argument("images", metavar="IMAGE...", nargs=-1)
@option_groups.policies
@option("--digest", metavar="sha256:HEX", help="Digest that was just pushed, for the one IMAGE.")
@option(
    "--metadata-file",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Take the digest from the file that the build wrote (buildx, kaniko, buildah).",
)
@option_groups.gathering
@option(
    "--images-from",
    metavar="FILE",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="More images, one a line; - is standard input.",
)
@option(
    "--dockerfile",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Let findings point at the lines of this file that they are about.",
)
@option_groups.outputs
@option_groups.service
def check(
    images: Sequence[str],
    images_from: str | None,
    digest: str | None,
    metadata_file: str | None,
    dockerfile: str | None,
    **given: Any,  # noqa: ANN401 - the options of `CheckOptions` and `_Output`
) -> int:
    """Judge images: HOST/NAMESPACE/REPOSITORY[:TAG][@DIGEST], several at once if given."""
    from gate.check_run import CheckOptions, run_check  # noqa: PLC0415 - imports the network
    from gate.images import read_images  # noqa: PLC0415 - not every command needs it

    loaded = _policies(given)
    output = _Output.taken_from(given)
    named = read_images(
        images,
        _lines(images_from) if images_from else (),
        digest=digest,
        metadata=(metadata_file, _read(metadata_file)) if metadata_file else None,
    )
    instructions = _read(dockerfile) if dockerfile else None

    def judge(machine: Machine) -> Verdict:
        verdict = run_check(CheckOptions(images=named, **given), loaded, machine)
        return _pointing_at(verdict, dockerfile, instructions)

    return _judge(judge, output)


def _pointing_at(verdict: Verdict, path: str | None, text: str | None) -> Verdict:
    """Let findings point at the lines of a Dockerfile, if there is one."""
    if path is None or text is None:
        return verdict
    from gate.checkout import locate_commands  # noqa: PLC0415 - only with --dockerfile

    return locate_commands(verdict, _in_checkout(path), text)


@cli.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@option_groups.policies
@option_groups.gathering
@click.option("--allow-none", is_flag=True, help="Exit with 0 if the files leave nothing to judge.")
@option_groups.outputs
@option_groups.service
def manifests(
    files: Sequence[str],
    allow_none: bool,  # noqa: FBT001 - click passes options by name
    **given: Any,  # noqa: ANN401 - the options of `CheckOptions` and `_Output`
) -> int:
    """Judge the images that Kubernetes, Compose, Kustomize, Helm and Docker FILEs name."""
    from gate.check_run import CheckOptions  # noqa: PLC0415 - imports the network
    from gate.manifests_run import run_manifests  # noqa: PLC0415 - imports the network

    loaded = _policies(given)
    output = _Output.taken_from(given)
    texts = {_in_checkout(path): _read(path) for path in files}

    def judge(machine: Machine) -> Verdict:
        options = CheckOptions(images=(), **given)
        return run_manifests(texts, options, loaded, machine, allow_none=allow_none)

    return _judge(judge, output)


@cli.command()
@option_groups.policies
@option("--namespace", metavar="NAME", help="Only images of this namespace.")
@option("--repository", metavar="[NAMESPACE/]NAME", help="Only images of this repository.")
@option(
    "--compare",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Say what changed since this earlier JSON report.",
)
@option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="Most requests at a time; fewer while the service throttles.",
)
@option_groups.timeout
@option_groups.outputs
@option_groups.service
def audit(
    compare: str | None,
    **given: Any,  # noqa: ANN401 - the options of `AuditOptions` and `_Output`
) -> int:
    """Judge every image that Security Center knows, by risk: "what would this policy break?"."""
    from gate.audit import changes, read_earlier, summary  # noqa: PLC0415 - imports the network
    from gate.audit_run import AuditOptions, run_audit  # noqa: PLC0415 - imports the network

    loaded = _policies(given)
    output = _Output.taken_from(given)
    earlier = read_earlier(compare, _read(compare).encode()) if compare else None

    def judge(machine: Machine) -> Verdict:
        verdict = run_audit(AuditOptions(**given), loaded, machine)
        changed = changes(verdict, earlier) if earlier else ()
        return replace(verdict, notes=(*verdict.notes, *changed))

    return _judge(judge, replace(output, as_text=summary))


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
@option_groups.service
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
@option_groups.policies
@option_groups.registry_hosts
@option_groups.service
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
    metavar="KIND[=NUMBER][@OPERATION]",
    multiple=True,
    help="Misbehave so, such as throttling=0.2 or account_quota=20; may be repeated.",
)
def sandbox(port: int, data: Path | None, readings: Sequence[str], faults: Sequence[str]) -> int:
    """Serve a local Security Center with sample data, until interrupted."""
    from gate.sandbox_run import run_sandbox  # noqa: PLC0415 - a server is heavy to import

    run_sandbox(port, data, readings, faults, _print)
    return ExitCode.PASSED


class _Output(Struct, frozen=True, kw_only=True):
    """What becomes of a verdict: the options of ``option_groups.outputs``."""

    format_: str
    reports: Sequence[tuple[str, str]]
    no_ci: bool
    quiet: bool
    verbose: bool
    as_text: Callable[[Verdict, Look], str] | None = None
    """What ``--format text`` shows, if not the report of that name."""

    def rendered(self, verdict: Verdict, look: Look) -> str:
        """Return what standard output is to show."""
        from gate.report import render  # noqa: PLC0415 - not every command needs it

        if self.as_text is not None and self.format_ == "text":
            return self.as_text(verdict, look)
        return render(self.format_, verdict, look)

    @classmethod
    def taken_from(cls, given: dict[str, Any]) -> _Output:
        """Take the own options out of a command's; ``verbose`` is of interest elsewhere too."""
        names = ("format_", "reports", "no_ci", "quiet")
        return cls(**{name: given.pop(name) for name in names}, verbose=given["verbose"])


def _policies(given: dict[str, Any]) -> Policies:
    """Load the policies of a command's options, which are taken out of them."""
    from gate.policy import load_policies  # noqa: PLC0415 - not every command needs it

    return load_policies(given.pop("policies"), directory=Path.cwd(), today=_now().date())


def _judge(judge: Callable[[Machine], Verdict], output: _Output) -> ExitCode:
    """Reach a verdict and deliver it, as the CI system around likes it."""
    from gate.ci import find_ci  # noqa: PLC0415 - not every command needs it

    machine = _machine(quiet=output.quiet)
    ci = None if output.no_ci else find_ci(machine.environment, machine.clock.now)
    if ci is None:
        return _deliver(judge(machine), output)
    _write_error(ci.opening())
    try:
        verdict = judge(machine)
    finally:
        _write_error(ci.closing())
    code = _deliver(verdict, output)
    if output.format_ != "github":
        _write_error(ci.annotations(verdict))
    try:
        ci.tell(verdict, code, output.reports)
    except ReportUnwritable as trouble:
        return _unwritten(verdict, trouble, code)
    return code


def _alarm(text: str, arguments: Sequence[str]) -> None:
    """Let the CI system show an error, because its page has no more than the exit code else."""
    from gate.ci import find_ci  # noqa: PLC0415 - not every command needs it

    ci = find_ci(os.environ, _now)
    if ci is not None and "--no-ci" not in arguments and not os.environ.get(f"{PREFIX}NO_CI"):
        _write_error(ci.alarm(text))


def _deliver(verdict: Verdict, output: _Output) -> ExitCode:
    """Show the verdict and write its reports; trouble with an output never changes a block."""
    from gate.report import write_report  # noqa: PLC0415 - not every command needs it

    code = verdict.exit_code
    for name, path in output.reports:
        try:
            write_report(name, Path(path), verdict)
        except ReportUnwritable as trouble:
            code = _unwritten(verdict, trouble, code)
    try:
        look = _look(verbose=output.verbose, quiet=output.quiet)
        _print(output.rendered(verdict, look).rstrip("\n"))
    except ReportUnwritable as trouble:
        code = _unwritten(verdict, trouble, code)
    except OSError as trouble:
        _give_up_stdout()
        said = f"The report could not be written to standard output: {trouble.strerror}."
        code = _unwritten(verdict, ReportUnwritable(said, ""), code)
    return code


def _unwritten(verdict: Verdict, trouble: ReportUnwritable, code: ExitCode) -> ExitCode:
    """Say that an output could not be written; return the code that decides now."""
    from gate.verdict import worst  # noqa: PLC0415 - not every command needs it

    for line in filter(None, (f"error: {trouble.message}", trouble.remedy)):
        _say(for_terminal(line))
    return code if verdict.exit_code > ExitCode.BLOCKED else worst((code, trouble.exit_code))


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
    from gate.untrusted import Unreadable, decoded, read_file  # noqa: PLC0415 - as above

    try:
        return decoded(read_file(Path(path), name=path), name=path)
    except Unreadable as error:
        raise UsageError(error.text, "Give another file.") from None


def _in_checkout(path: str) -> str:
    from gate.checkout import path_in_checkout  # noqa: PLC0415 - not every command needs it

    return path_in_checkout(path, os.environ, Path.cwd())


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
