"""Reports: what a verdict looks like for people and for programs.

A format is a module with a function ``render(verdict, style) -> str``, and a line in ``FORMATS``.
"""

from __future__ import annotations

import json
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gate.report.github import annotation_lines
    from gate.report.naming import deployable, repository_of
    from gate.report.wording import (
        SANDBOX_SENTENCE,
        counted,
        policy_in_words,
        sentence,
        service_in_words,
        shortest,
        verdict_line,
    )
    from gate.verdict import Verdict

__all__ = [
    "FORMATS",
    "SANDBOX_SENTENCE",
    "Format",
    "Style",
    "annotation_lines",
    "counted",
    "deployable",
    "policy_in_words",
    "render",
    "report_schema",
    "repository_of",
    "sentence",
    "service_in_words",
    "shortest",
    "verdict_line",
    "write_report",
]

# Most runs need none of these: they are imported when they are first used.
_MODULES = {
    "annotation_lines": "gate.report.github",
    "deployable": "gate.report.naming",
    "repository_of": "gate.report.naming",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever a module of this package has
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES.get(name, "gate.report.wording")), name)


class Style(Struct, frozen=True):
    """How a report for people is to look; ``width`` is in columns.

    ``verbose`` shows everything and why, ``quiet`` only the verdict; ``ascii`` says that the
    stream's encoding has no other characters to draw with.
    """

    width: int = 80
    colour: bool = False
    verbose: bool = False
    quiet: bool = False
    ascii: bool = False


class Format(Struct, frozen=True):
    """A format of reports; its module is imported when the first report is made."""

    module: str
    function: str = "render"

    def render(self, verdict: Verdict, style: Style) -> str:
        """Return the report, its last line ended."""
        text: str = getattr(import_module(self.module), self.function)(verdict, style)
        return text


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "text": Format("gate.report.text"),
        "json": Format("gate.report.json_report"),
        "sarif": Format("gate.report.sarif"),
        "junit": Format("gate.report.junit"),
        "markdown": Format("gate.report.markdown"),
        "github": Format("gate.report.github"),
        "html": Format("gate.report.html"),
        "gitlab": Format("gate.report.gitlab"),
        "codequality": Format("gate.report.codequality"),
        "dotenv": Format("gate.report.dotenv"),
        "vsa": Format("gate.report.vsa"),
        "vsa-predicate": Format("gate.report.vsa", "render_predicate"),
    }
)

_PLAIN = Style()


def render(name: str, verdict: Verdict, style: Style = _PLAIN) -> str:
    """Return the report of that format; it ends with a line end."""
    return FORMATS[name].render(verdict, style)


def write_report(name: str, path: Path, verdict: Verdict) -> None:
    """Write the report of that format to a file, whole or not at all; missing folders are made.

    Raises ``ReportUnwritable``.
    """
    from gate.report.writing import write  # noqa: PLC0415 - most runs write no file

    write(path, render(name, verdict))


def report_schema() -> dict[str, Any]:
    """Return the JSON schema (2020-12) of the ``json`` report."""
    from importlib.resources import files  # noqa: PLC0415 - most commands need no schema

    text = files("gate.report").joinpath("schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
