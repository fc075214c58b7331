"""Options that several commands share, handed to them as one typed value for each group.

A group is a Struct whose fields are the names of its options.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from gate import policy
from gate.cli.mistakes import Format
from gate.cli.options import (
    Day,
    Duration,
    Report,
    Text,
    different_files,
    option,
    trusted_endpoint,
)
from gate.cli.terminal import new_run, now
from gate.errors import UsageError
from gate.report import FORMATS

if TYPE_CHECKING:
    from datetime import date, timedelta

    from gate.clock import Run
    from gate.connect import Settings
    from gate.policy import Policies
    from gate.reference import ImageReference

Function = Callable[..., Any]
Decorator = Callable[[Function], Function]

REGION_VARIABLE = "ALIBABA_CLOUD_REGION_ID"

_LANGS = ("en", "zh")
_SCANS = ("never", "missing", "always")


def group(name: str, kind: type[Struct], *options: Decorator) -> Decorator:
    """Return a decorator that hands these options over as ``name``, a value of ``kind``.

    Help shows them in this order.
    """

    def decorate(function: Function) -> Function:
        @wraps(function)
        def collected(**values: Any) -> Any:  # noqa: ANN401 - the values of any options
            own = {field: values.pop(field) for field in kind.__struct_fields__}
            return function(**values, **{name: kind(**own)})

        command: Function = collected
        for each in reversed(options):
            command = each(command)
        return command

    return decorate


registry_hosts = option(
    "--registry-host",
    "registry_hosts",
    metavar="HOST",
    type=Text("host"),
    multiple=True,
    help="Another registry that may be asked; * stands for any part of a name.",
)

instance = option(
    "--instance", metavar="ID", help="Registry instance, where two hold the same name."
)

timeout = option(
    "--timeout", type=Duration(), default="15m", show_default=True, help="Limit on the whole run."
)


class PolicyFiles(Struct, frozen=True):
    """The policies that judge, ``FILE`` or ``FILE#sha256=HEX``; none means the default."""

    policy_files: tuple[str, ...]

    def load(self, latest: date | None = None) -> Policies:
        """Load them for today; raises ``InvalidPolicy``.

        ``latest`` is the last day on which they will judge (``Policies.on``), if that is later.
        """
        return policy.load_policies(
            self.policy_files, directory=Path.cwd(), today=now().date(), latest=latest
        )


_policy_option: dict[str, Any] = {
    "metavar": "FILE[#sha256=HEX]",
    "type": Text("file"),
    "multiple": True,
    "help": "A policy file; the strictest decision of several wins.  [default: "
    ".buildrisk-gate.yaml, else the built-in policy]",
}
_POLICY_NAMES = ("-p", "--policy", "policy_files")

policies = group("policies", PolicyFiles, option(*_POLICY_NAMES, **_policy_option))

# Under `gate policy`, no variable chooses what is tested.
offline_policies = group("policies", PolicyFiles, click.option(*_POLICY_NAMES, **_policy_option))

_record_option: dict[str, Any] = {
    "metavar": "FILE[#sha256=HEX]",
    "multiple": True,
    "help": "A record that `gate audit --report cases=FILE` wrote; one for each region.",
}
records = click.option("--on", "records", required=True, **_record_option)
optional_records = click.option("--on", "records", **_record_option)

text_or_json = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What standard output shows.",
)

at = click.option(
    "--at", metavar="DATE", type=Day(), help="The day to judge on, as YYYY-MM-DD, in UTC."
)


class Gathering(Struct, frozen=True, kw_only=True):
    """How the evidence about named images is gathered.

    ``resolve`` ``None`` asks the registry where no digest is given; ``wait`` ``None`` is the
    default for the kind of scan.
    """

    timeout: timedelta
    wait: timedelta | None = None
    scan: str = "never"
    dry_run: bool = False
    resolve: bool | None = None
    instance: str | None = None
    registry_hosts: tuple[str, ...] = ()


gathering = group(
    "gathering",
    Gathering,
    option(
        "--resolve/--no-resolve",
        default=None,
        help="Ask the registry for the digest of the tag.  [default: where none is given]",
    ),
    registry_hosts,
    instance,
    option(
        "--scan",
        type=click.Choice(_SCANS),
        default="never",
        show_default=True,
        help="Ask Security Center for a scan; this uses scan quota.",
    ),
    click.option("--dry-run", is_flag=True, help="Say what --scan would ask for; ask for nothing."),
    option(
        "--wait",
        type=Duration(),
        help="How long to wait for a scan.  [default: 10m; 1m with --scan never]",
    ),
    timeout,
)


class Output(Struct, frozen=True, kw_only=True):
    """What becomes of the verdict; ``reports`` are pairs of a format and a path."""

    format_: str
    reports: tuple[tuple[str, str], ...]
    no_ci: bool
    quiet: bool

    @property
    def records(self) -> bool:
        """Whether some report is a record, which others judge again."""
        return "cases" in {self.format_, *(name for name, _ in self.reports)}


output = group(
    "output",
    Output,
    option(
        "--format",
        "format_",
        type=Format(list(FORMATS)),
        default="text",
        show_default=True,
        help="What standard output shows.",
    ),
    option(
        "--report",
        "reports",
        metavar="NAME=PATH",
        type=Report(list(FORMATS)),
        multiple=True,
        callback=different_files,
        help="Write a report to a file; may be repeated.",
    ),
    option("--no-ci", is_flag=True, help="Don't adapt to the CI system: no annotations, outputs."),
    option("-q", "--quiet", is_flag=True, help="Show only the verdict."),
)


class ServiceOptions(Struct, frozen=True, kw_only=True):
    """Which Security Center to ask, and how much to tell about that."""

    endpoint: str | None = None
    region: str | None = None
    lang: str = "en"
    sandbox: bool = False
    verbose: bool = False

    def begin(self, seconds: float, *images: ImageReference) -> Run:
        """Begin a run that may take so long, about these images of the command line.

        Raises ``UsageError`` if the options contradict one another or an image.
        """
        if self.sandbox and self.endpoint:
            raise UsageError(
                "--sandbox asks the embedded Security Center, and --endpoint another one.",
                "Leave one of them out.",
            )
        for image in images if _is_on_the_command_line("region") else ():
            if image.region not in {None, self.region}:
                raise UsageError(
                    f"--region says {self.region}, but {image} is in {image.region}, as its host "
                    "tells.",
                    "Leave --region out: it is for images whose host tells none.",
                )
        return new_run(seconds, verbose=self.verbose, options=_options_of_the_command())

    def region_in(self, run: Run) -> str | None:
        """Return the region of images whose host tells none."""
        return self.region or run.environment.get(REGION_VARIABLE) or None

    def settings(
        self, run: Run, *, registry_hosts: tuple[str, ...] = (), concurrency: int = 8
    ) -> Settings:
        """Return how to reach the services in a run."""
        from gate.connect import Settings  # noqa: PLC0415 - not every command asks them

        return Settings(
            run=run,
            endpoint=self.endpoint,
            lang=self.lang,
            sandbox=self.sandbox,
            registry_hosts=registry_hosts,
            concurrency=concurrency,
        )


def _options_of_the_command() -> frozenset[str] | None:
    context = click.get_current_context(silent=True)
    if context is None:
        return None
    return frozenset(name for parameter in context.command.params for name in parameter.opts)


def _is_on_the_command_line(parameter: str) -> bool:
    context = click.get_current_context(silent=True)
    source = context.get_parameter_source(parameter) if context else None
    return source is click.core.ParameterSource.COMMANDLINE


service = group(
    "service",
    ServiceOptions,
    option("-v", "--verbose", is_flag=True, help="Show every request and every decision."),
    option("--region", metavar="ID", help="Region of the images, where their host tells none."),
    option(
        "--endpoint",
        metavar="URL",
        callback=trusted_endpoint,
        help="Another Security Center; plain http only to loopback.",
    ),
    option(
        "--lang",
        type=click.Choice(_LANGS),
        default="en",
        show_default=True,
        help="Language of Security Center's texts.",
    ),
    click.option("--sandbox", is_flag=True, help="Ask the embedded sample Security Center."),
)
