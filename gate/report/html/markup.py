"""Elements of HTML, made so that no text can become markup by being forgotten."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NewType

from gate.report.wording import folded
from gate.untrusted import for_html

Markup = NewType("Markup", str)
"""What is HTML already. Only this module, and constants of this package, make it."""

NOTHING = Markup("")

_LINE_END = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
# Thousands of findings share their descriptions.
_cached = lru_cache(maxsize=512, typed=True)
# Without a language, browsers may draw Chinese with the glyphs of Japanese.
_CHINESE = re.compile("[\u3400-\u9fff]")
# HTML Living Standard, 13.1.2: these have no end.
_VOID = frozenset({"br", "hr", "input", "link", "meta"})


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


def entry(label: str, value: Markup, lang: str | None = None) -> Markup:
    """Return a label with its value, for an element ``dl``."""
    return joined(element("dt", word(label)), element("dd", value, lang=lang))


def section(key: str, heading: str, *content: Markup, tag: str = "section") -> Markup:
    """Return a section that its heading names, also for those who can't see it."""
    return element(tag, element("h2", word(heading), id=key), *content, aria_labelledby=key)


@_cached
def _attribute(key: str, value: str | int | bool | None) -> str:  # noqa: FBT001 - a value as such
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{for_html(str(value))}"'
