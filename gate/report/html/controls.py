"""What filters a page: a search, and choices behind it. Hidden until the script runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.report.html.markup import NOTHING, Markup, element, joined, prose, word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def controls(
    leaves: str, number: int, choices: Mapping[str, tuple[str, Sequence[str]]], *, foldable: bool
) -> Markup:
    """Return the controls, and how many of ``number`` are shown.

    ``leaves`` is a CSS selector of what is filtered. ``choices`` are labels and words by the name
    of a ``data-`` attribute, which holds the number of a word. ``foldable`` adds a button that
    opens all details.
    """
    search = element("input", id="search", type="search", autocomplete="off", spellcheck="false")
    fold = element("button", word("Open all details"), type="button", id="fold")
    panel = element(
        "div",
        element("label", element("span", word("Search")), search, class_="search"),
        element(
            "details",
            element("summary", word("Filter")),
            element("div", *(_choice(key, *choice) for key, choice in choices.items())),
        ),
        element("button", word("Clear"), type="button", id="clear"),
        fold if foldable else NOTHING,
        class_="filters",
        id="filters",
        role="search",
        hidden=True,
        data_leaves=leaves,
    )
    shown = element("p", word(f"{number:,} of {number:,} shown"), id="shown", role="status")
    none = element("p", word("Nothing matches the filter."), id="no-match", hidden=True)
    return joined(panel, shown, none)


def _choice(key: str, label: str, words: Sequence[str]) -> Markup:
    options = (element("option", prose(each), value=number) for number, each in enumerate(words))
    return element(
        "label",
        element("span", word(label)),
        element("select", element("option", word("any"), value=""), *options, data_filter=key),
    )
