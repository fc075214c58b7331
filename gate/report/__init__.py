"""Reports: what a verdict looks like for people and for programs.

A format is a module with a function ``render(verdict, style)``, and a line in ``FORMATS``. The
function returns the text, or yields its parts where it may be too large to stand whole in memory.
Each part ends with a line's end, so that no secret is cut where one part meets the next.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gate.report.github import annotation_lines
    from gate.report.json_report import report_schema
    from gate.report.naming import deployable, repository_of
    from gate.report.risk_guide import RiskGuide, risk_address, risk_guides
    from gate.report.text import TextPage, coloured
    from gate.report.wording import (
        SANDBOX_SENTENCE,
        counted,
        json_document,
        moment,
        policy_in_words,
        sentence,
        verdict_line,
        waiver_in_words,
    )
    from gate.report.writing import replace_file, write_report
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
    "json_document",
    "moment",
    "policy_in_words",
    "render",
    "render_parts",
    "replace_file",
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
    "replace_file": "gate.report.writing",
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
        "cases": "cases.render",
    }
)

_PLAIN = Style()


def render(name: str, verdict: Verdict, style: Style = _PLAIN) -> str:
    """Return the report of that format; it ends with a line end."""
    return "".join(render_parts(name, verdict, style))


def render_parts(name: str, verdict: Verdict, style: Style = _PLAIN) -> Iterable[str]:
    """Return the report of that format in parts of whole lines, each made when it is asked for."""
    module, function = FORMATS[name].split(".")
    report: str | Iterable[str] = getattr(import_module(f"gate.report.{module}"), function)(
        verdict, style
    )
    return (report,) if isinstance(report, str) else report
