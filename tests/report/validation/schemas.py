"""The schemas of reports: those that others wrote, as dev.py brings them, and our own."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
import xmlschema

from gate.report import report_schema
from tests.tools import bring

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_OWN = Path(__file__).parents[1] / "schemas"
_SARIF = "node_modules/@microsoft/sarif-multitool-*/sarif-2.1.0.json"


@cache
def sarif() -> Validator:
    """Return SARIF's own schema; it names the draft that it is written in."""
    return _validator(json.loads(_brought(next(bring.TOOLS.glob(_SARIF), None)).read_text("utf-8")))


@cache
def junit() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(_brought(bring.JUNIT_SCHEMA)))


@cache
def own(name: str) -> Validator:
    """Return one of tests/report/schemas, or of the package for ``json``."""
    if name == "json":
        return _validator(report_schema())
    schema = json.loads((_OWN / f"{name.removesuffix('-predicate')}.json").read_text("utf-8"))
    if name == "vsa-predicate":
        schema = {**schema["properties"]["predicate"], "$defs": schema["$defs"]}
    return _validator(schema)


def _validator(schema: dict[str, object]) -> Validator:
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    kind.check_schema(schema)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


def _brought(file: Path | None) -> Path:
    if file is None or not file.exists():
        pytest.fail("A schema is missing: remove .tools, then run `python3 dev.py tools`.")
    return file
