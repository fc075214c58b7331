"""Lists of facts: a label, and what there is to say."""

from __future__ import annotations

from gate.report.html.markup import Markup, element, joined, word


def entry(label: str, value: Markup, lang: str | None = None) -> Markup:
    """Return a label with its value, for an element ``dl``."""
    return joined(element("dt", word(label)), element("dd", value, lang=lang))
