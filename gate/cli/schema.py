"""``gate schema``: print a JSON schema."""

from __future__ import annotations

import json

import click

from gate.cases import case_schema
from gate.cli.terminal import show
from gate.errors import ExitCode
from gate.policy import policy_schema
from gate.report import report_schema

_SCHEMAS = {"policy": policy_schema, "report": report_schema, "cases": case_schema}


@click.command("schema")
@click.argument("name", type=click.Choice(list(_SCHEMAS)))
def command(name: str) -> ExitCode:
    """Print a JSON schema.

    It is that of policy files, of the JSON report, or of case files.
    """
    show(json.dumps(_SCHEMAS[name](), indent=2, ensure_ascii=False))
    return ExitCode.PASSED
