"""The report as one page of HTML that loads nothing, works without its script, and prints.

Untrusted texts come in through ``markup`` only. The page's own policy lets run nothing but its one
script and its one style sheet, both named by their digests.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING

from gate.report.html.chart import chart_section
from gate.report.html.findings_table import findings_section
from gate.report.html.frame import about_section, head, images_section, notes_section, title
from gate.report.html.markup import Markup, element, prose, tab_icon
from gate.report.wording import outcome_weight

if TYPE_CHECKING:
    from gate.report import Style
    from gate.verdict import Verdict


def render(verdict: Verdict, _style: Style) -> str:
    """Return the page; its images and findings stand in it the worst first."""
    images = sorted(verdict.images, key=outcome_weight)
    style, script = _resource("report.css"), _resource("report.js")
    main = element(
        "main",
        images_section(images),
        notes_section(verdict),
        chart_section([decision for image in images for decision in image.decisions]),
        findings_section(images),
    )
    page = element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=_allowed(style, script)),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("meta", name="referrer", content="no-referrer"),
            element("title", prose(title(verdict))),
            element("link", rel="icon", href=tab_icon(verdict.outcome)),
            element("style", style),
        ),
        element("body", head(verdict), main, about_section(verdict), element("script", script)),
        lang="en",
    )
    return f"<!doctype html>\n{page}\n"


def _resource(name: str) -> Markup:
    """Return a file of this package, which is ours and goes into the page as it is."""
    return Markup(files(__name__).joinpath(name).read_text(encoding="utf-8"))


def _allowed(style: str, script: str) -> str:
    """Return the Content Security Policy: no address is ever fetched, no other code runs."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_digest(style)}",
            f"script-src {_digest(script)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _digest(text: str) -> str:
    """Return what CSP 3, 2.3.1, calls a hash source."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
