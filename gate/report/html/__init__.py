"""The report as one page of HTML that loads nothing, works without its script, and prints.

Untrusted texts come in through ``markup`` only. The page's own policy lets run nothing but its one
script and its one style sheet, both named by their digests.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from importlib.resources import files
from typing import TYPE_CHECKING

from gate.report.html.chart import chart_section
from gate.report.html.dashboard import overview
from gate.report.html.frame import about_section, head, notes_section, title
from gate.report.html.image_cards import evidence_section, filtered, images_section
from gate.report.html.image_rows import rows_section
from gate.report.html.markup import NOTHING, Markup, element, prose, tab_icon
from gate.report.wording import LEVELS_WORST_FIRST, outcome_weight
from gate.verdict import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.report import Style
    from gate.verdict import ImageVerdict, Verdict

_LARGEST = 5_000_000  # bytes of an audit's page, whatever the number of images


def render(verdict: Verdict, _style: Style) -> str:
    """Return the page; its images and findings stand in it the worst first."""
    images = sorted(verdict.images, key=outcome_weight)
    if verdict.audited is None:
        return _page(verdict, _judged(images, verdict))
    images.sort(key=_worst_first)
    above = overview(images, verdict.audited.changes)
    below = (notes_section(verdict), about_section(verdict))
    room = _LARGEST - len(_page(verdict, element("main", above, *below)).encode())
    return _page(verdict, element("main", above, rows_section(images, room), *below))


def _judged(images: Sequence[ImageVerdict], verdict: Verdict) -> Markup:
    """Return the findings, and beside them by what evidence and policy they were judged."""
    decisions = [decision for image in images for decision in image.decisions]
    shown = len(images) > 1 or bool(decisions)
    counts = Counter((each.finding.level, each.action) for each in decisions)
    return element(
        "main",
        element("div", images_section(images)) if shown else NOTHING,
        element(
            "div",
            chart_section(counts, linked=filtered(images)),
            evidence_section(images),
            notes_section(verdict),
            about_section(verdict),
        ),
        class_="columns" if shown else None,
    )


def _worst_first(image: ImageVerdict) -> tuple[object, ...]:
    blocked = Counter(each.finding.level for each in image.decisions if each.action is Action.BLOCK)
    levels = (-blocked[level] for level in LEVELS_WORST_FIRST)
    return (outcome_weight(image), *levels, image.reason, image.reference)


def _page(verdict: Verdict, main: Markup) -> str:
    style, script = _resource("report.css"), _resource("report.js")
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
        element("body", head(verdict), main, element("script", script)),
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
