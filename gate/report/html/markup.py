"""Elements of HTML, made so that no text can become markup by being forgotten.

Marks of outcomes, decisions and levels are made here too: each differs from the others not by
colour alone.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NewType
from urllib.parse import quote

from gate.report.wording import DECIDED, folded
from gate.untrusted import for_html
from gate.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.findings import Level
    from gate.verdict import Action

Markup = NewType("Markup", str)
"""What is HTML already. Only this module, and constants of this package, make it."""

NOTHING = Markup("")

_LINE_END = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_PARTS = re.compile(r"@[^/@]*|[^/@]+/?|/")
_PIECES = re.compile(r":?[^.:]+\.?|[.:]")
_LONGEST_PART = 26  # characters that have room on the smallest screens
# Thousands of findings share their descriptions.
_cached = lru_cache(maxsize=512, typed=True)
# Without a language, browsers may draw Chinese with the glyphs of Japanese.
_CHINESE = re.compile("[\u3400-\u9fff]")
# HTML Living Standard, 13.1.2: these have no end.
_VOID = frozenset({"br", "hr", "input", "link", "meta", "wbr"})
# An octagon with a bar, a disk with a tick, a triangle with an exclamation mark, on 24 by 24.
_SHAPES = {
    Outcome.BLOCK: (
        "M8 2h8l6 6v8l-6 6H8l-6-6V8z",
        "M7 12h10",
    ),
    Outcome.PASS: (
        "M12 2a10 10 0 1 1 0 20a10 10 0 1 1 0-20z",
        "M7 12.5l3.4 3.4L17 9",
    ),
    Outcome.UNDECIDED: (
        "M12 1.5l11.5 20.5h-23z",
        "M12 8.5v6.5M12 16.6v3",
    ),
}
# Colours that can be seen on light and dark tabs.
_TAB_COLOURS = {
    Outcome.BLOCK: ("#d1242f", "#fff"),
    Outcome.PASS: ("#1f883d", "#fff"),
    Outcome.UNDECIDED: ("#f5b82e", "#221800"),
}


def element(name: str, /, *content: Markup, **attributes: str | int | bool | None) -> Markup:
    """Return an element; the values of its attributes are escaped.

    ``class_`` is the attribute ``class``, ``data_level`` is ``data-level``. ``True`` is an
    attribute without a value; ``False`` and ``None`` leave it out.
    """
    written = "".join([_attribute(*pair) for pair in attributes.items()])
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{''.join(content)}</{name}>")


def joined(*parts: Markup, by: str = "") -> Markup:
    """Return the parts one after the other, with a plain text of ours between them."""
    return Markup(for_html(by).join(parts))


@_cached
def word(text: str) -> Markup:
    """Return a text as it is, where characters that can't be seen show as escapes."""
    return Markup(for_html(text))


@_cached
def prose(text: str) -> Markup:
    """Return an untrusted text on one line, its white space made one space."""
    return word(folded(text))


@_cached
def lines(text: str) -> Markup:
    """Return a text of several lines, for elements that keep line ends.

    Of empty lines that follow one another, the first is left.
    """
    written: list[str] = []
    for line in _LINE_END.split(text.strip()):
        escaped = for_html(line.replace("\t", "    ").rstrip())
        if escaped or (written and written[-1]):
            written.append(escaped)
    return Markup("\n".join(written))


@_cached
def language(text: str) -> str | None:
    """Return the language to be declared for an untrusted text; ``None`` is the page's own."""
    return "zh" if _CHINESE.search(text) else None


def code(text: str) -> Markup:
    """Return a name or a path on one line, as code."""
    return element("code", prose(text))


def name(text: str) -> Markup:
    """Return the name of an image, which breaks after a slash or before its digest."""
    return element("code", _pieces(_PARTS.findall(folded(text))), class_="name")


def _pieces(parts: Sequence[str]) -> Markup:
    return Markup("<wbr>".join(map(_piece, parts)))


def _piece(text: str) -> Markup:
    """Return a part of a name, which breaks nowhere, or where it is long, at dots and colons."""
    if text.startswith("@"):
        return element("span", word(text), class_="digest")
    if len(text) > _LONGEST_PART and len(pieces := _PIECES.findall(text)) > 1:
        return _pieces(pieces)
    return element("span", word(text)) if "-" in text and len(text) <= _LONGEST_PART else word(text)


def entry(label: str, value: Markup, lang: str | None = None) -> Markup:
    """Return a label with its value, for an element ``dl``."""
    return joined(element("dt", word(label)), element("dd", value, lang=lang))


def section(key: str, heading: str, *content: Markup, tag: str = "section") -> Markup:
    """Return a section that its heading names, also for those who can't see it.

    Nothing if there is nothing in it.
    """
    if not any(content):
        return NOTHING
    return element(tag, element("h2", word(heading), id=key), *content, aria_labelledby=key)


def icon(outcome: Outcome) -> Markup:
    """Return the shape as an inline image, which a word must stand beside."""
    shape, sign = _SHAPES[outcome]
    return Markup(
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
        f'<path class="shape" d="{shape}"/><path class="sign" d="{sign}"/></svg>'
    )


def tab_icon(outcome: Outcome) -> str:
    """Return the address of the icon for the browser's tab, which holds the icon itself."""
    shape, sign = _SHAPES[outcome]
    fill, stroke = _TAB_COLOURS[outcome]
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
        f'<path fill="{fill}" d="{shape}"/>'
        f'<path fill="none" stroke="{stroke}" stroke-width="3" d="{sign}"/></svg>'
    )
    return f"data:image/svg+xml,{quote(drawing)}"


def mark(action: Action, tag: str = "span", **attributes: str) -> Markup:
    """Return the word for a decision, beside the shape and colour that stand for it."""
    return element(
        tag, word(DECIDED[action].capitalize()), class_=f"mark {action.value}", **attributes
    )


def outcome_mark(outcome: Outcome) -> Markup:
    """Return the word for a verdict, beside the shape and colour that stand for it."""
    return element("span", word(outcome.value), class_=f"mark {outcome.value}")


def level_mark(
    level: Level, tag: str = "span", more: Markup = NOTHING, **attributes: str
) -> Markup:
    """Return the word for a level, beside a meter that shows it, and what is to follow it."""
    content = joined(word(level.value), more)
    return element(tag, content, class_=f"level {level.value}", **attributes)


@_cached
def _attribute(key: str, value: str | int | bool | None) -> str:  # noqa: FBT001 - a value as such
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{for_html(str(value))}"'
