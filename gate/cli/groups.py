"""The options that several commands share, declared once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gate.options import Duration, Report, Text, option, trusted_endpoint
from gate.report import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.decorators import FC

_LANGS = ("en", "zh")


def _all(*options: Callable[[FC], FC]) -> Callable[[FC], FC]:
    """Join options to one decorator; help shows them in this order."""

    def decorate(command: FC) -> FC:
        for each in reversed(options):
            command = each(command)
        return command

    return decorate


policies = option(
    "-p",
    "--policy",
    "policies",
    metavar="FILE[#sha256=HEX]",
    type=Text("file"),
    multiple=True,
    help="A policy file; the strictest decision of several wins.  [default: "
    ".buildrisk-gate.yaml, else the built-in policy]",
)

registry_hosts = option(
    "--registry-host",
    "registry_hosts",
    metavar="HOST",
    type=Text("host"),
    multiple=True,
    help="Another registry that may be asked; * stands for any part of a name.",
)

timeout = option(
    "--timeout", type=Duration(), default="15m", show_default=True, help="Limit on the whole run."
)

instance = option(
    "--instance", metavar="ID", help="Registry instance, where two hold the same name."
)

# How the evidence about named images is gathered.
gathering = _all(
    option(
        "--resolve/--no-resolve",
        default=None,
        help="Ask the registry for the digest of the tag.  [default: where none is given]",
    ),
    registry_hosts,
    instance,
    option(
        "--scan",
        type=click.Choice(("never", "missing", "always")),
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

# What becomes of the verdict.
outputs = _all(
    option(
        "--format",
        "format_",
        type=click.Choice(list(FORMATS)),
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
        help="Write a report to a file; may be repeated.",
    ),
    option("--no-ci", is_flag=True, help="Don't adapt to the CI system: no annotations, outputs."),
    option("-q", "--quiet", is_flag=True, help="Show only the verdict."),
)

# Which Security Center to ask.
service = _all(
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
