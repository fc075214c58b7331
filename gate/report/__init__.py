"""Reports: what a verdict looks like for people and for programs.

A format is a module with a function ``render(verdict, style) -> str``, and a line in ``FORMATS``.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.report.github import annotation_lines
    from gate.report.json_report import report_schema
    from gate.report.naming import deployable, repository_of
    from gate.report.risk_guide import RiskGuide, risk_address, risk_guides
    from gate.report.text import TextPage, coloured
    from gate.report.wording import (
        SANDBOX_SENTENCE,
        counted,
        sentence,
        verdict_line,
        waiver_in_words,
    )
    from gate.report.writing import write_report
    from gate.verdict import Verdict

__all__ = [
    "FORMATS",
    "SANDBOX_SENTENCE",
    "RiskGuide",
    "Style",
    "TextPage",
    "annotation_lines",
    "coloured",
    "counted",
    "deployable",
    "render",
    "report_schema",
    "repository_of",
    "risk_address",
    "risk_guides",
    "sentence",
    "verdict_line",
    "waiver_in_words",
    "write_report",
]

# Most runs need none of these: they are imported when they are first used.
_MODULES = {
    "TextPage": "gate.report.text",
    "coloured": "gate.report.text",
    "annotation_lines": "gate.report.github",
    "deployable": "gate.report.naming",
    "report_schema": "gate.report.json_report",
    "repository_of": "gate.report.naming",
    "RiskGuide": "gate.report.risk_guide",
    "risk_address": "gate.report.risk_guide",
    "risk_guides": "gate.report.risk_guide",
    "write_report": "gate.report.writing",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever a module of this package has
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES.get(name, "gate.report.wording")), name)


class Style(Struct, frozen=True):
    """How a report for people is to look.

    ``width`` is in columns; with ``None``, nothing is folded. ``verbose`` shows everything and why,
    ``quiet`` only the verdict; ``ascii`` says that the stream's encoding has no other characters to
    draw with.
    """

    width: int | None = None
    colour: bool = False
    verbose: bool = False
    quiet: bool = False
    ascii: bool = False


# Each stands in its module of this package, which is imported when the first report is made.
FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "text": "text.render",
        "json": "json_report.render",
        "sarif": "sarif.render",
        "junit": "junit.render",
        "markdown": "markdown.render",
        "github": "github.render",
        "html": "html.render",
        "gitlab": "gitlab.render",
        "codequality": "codequality.render",
        "dotenv": "dotenv.render",
        "vsa": "vsa.render",
        "vsa-predicate": "vsa.render_predicate",
    }
)

_PLAIN = Style()


def render(name: str, verdict: Verdict, style: Style = _PLAIN) -> str:
    """Return the report of that format; it ends with a line end."""
    module, function = FORMATS[name].split(".")
    text: str = getattr(import_module(f"gate.report.{module}"), function)(verdict, style)
    return text
