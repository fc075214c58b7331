"""Escape untrusted text, one function for each kind of place where it ends up.

Each function leaves nothing in the text that its sink would interpret, and leaves what is harmless
as it is, so that people can still read and search it. Those whose sink undoes the escaping (XML,
HTML, Markdown, workflow commands) are used once, on the whole text; the others are idempotent.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Characters that take no room though their category says otherwise: the combining grapheme joiner,
# fillers of Hangul, vowels of Khmer that Unicode lists as ignorable.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
# Variation selectors change or hide the character before them.
_SELECTORS = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
# Controls, formats (bidirectional overrides, zero-width characters, tags), lone surrogates,
# private use (terminals with patched fonts draw anything there), line and paragraph separators.
_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}

_PLAIN = re.compile(r"[ -~]*")
_NO_ASCII = re.compile(r"[^\n -~]+")
# GitHub and Azure Pipelines read ##[command] and ##vso[command] anywhere in a line, TeamCity
# ##teamcity[message].
_BRACKET_COMMAND = re.compile(r"##(\w*)\[")
# GitHub reads ::command:: after leading white space, and a report that wraps its lines may begin
# one at any character of the text.
_COLON_COMMAND = re.compile(r":(?=:)")


# XML 1.0, 2.2: no reference stands for these either.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_XML_MARKUP = re.compile(r"""[&<>"']|(?<=:):|[^ -~]""")
_IN_HTML = str.maketrans({character: f"&#{ord(character)};" for character in "&<>\"'`"})
# What GitHub's runner turns back, %25 last.
_IN_WORKFLOW_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_WORKFLOW_PROPERTY = str.maketrans({":": "%3A", ",": "%2C"})
# Where GitHub or GitLab make something of plain text: addresses, mentions, numbers of issues,
# emoji. A digest after a name, web@sha256:..., stays whole, for it is copied.
_MARKDOWN_ACTIVE = re.compile(
    r"(?<=@)(?=\w)(?!(?<=\w@)sha256:)|(?<=[#!])(?=\d)|(?<=:)(?=//|[\w+-]+:)|(?<=www)(?=\.)",
    re.IGNORECASE,
)
_WORD_JOINER = "\u2060"
_IN_MARKDOWN = str.maketrans(
    {character: f"&#{ord(character)};" for character in "&<>\"'`|\\$" + _WORD_JOINER}
    | {character: f"\\{character}" for character in "*_[]~"}
)
# GitLab expands $NAME and ${NAME} in these values and trims them, and jobs use them in shells,
# with and without quotes.
_NOT_IN_DOTENV = re.compile(r"[^A-Za-z0-9_./:@=+,\[\] -]")
# YAML 1.2.2, 7.3.3, and narrower: what no reader, of YAML 1.1 neither, takes for anything but text.
_PLAIN_YAML = re.compile(r"(?!.*(?::(?:\s|:|$)|\s#|##))[^\W\d].*(?<!\s)", re.DOTALL)
_ACTIVE_IN_FLOW = re.compile(r"[,:?\[\]{}]")
_NOT_TEXT_IN_YAML = frozenset(["null", "true", "false", "yes", "no", "on", "off", "y", "n"])
_IN_QUOTES = str.maketrans({"\\": "\\\\", '"': '\\"'})
# SARIF 2.1.0, 3.11.6: a plain message may hold links, [text](target).
_SARIF_LINK = re.compile(r"\](?=\()")


def visible(text: str) -> str:
    r"""Return the text with control, format and invisible characters as ``\n``, ``\u202e`` etc."""
    return text if _PLAIN.fullmatch(text) else "".join(map(_visible, text))


def for_terminal(text: str) -> str:
    r"""Return the text as one harmless line for a terminal or a build log.

    Control, format and invisible characters become escapes that can be seen (``\n``, ``\x1b``,
    ``\u202e``), and the beginnings of the workflow commands of CI systems get a backslash inside
    (``:\:``, ``##\[``). A backslash of the text stays one.
    """
    text = visible(text)
    if "##" in text:
        text = _BRACKET_COMMAND.sub(r"##\1\\[", text)
    return _COLON_COMMAND.sub(r":\\", text) if "::" in text else text


def for_json(document: str) -> str:
    r"""Return a JSON document with the harmful characters of its strings as ``\\u`` escapes.

    It means the same as before, and may be printed: control, format and invisible characters are
    escaped, and no string holds the beginning of a command such as ``##[``. Half a surrogate pair,
    which other programs refuse, becomes the replacement character.
    """
    if not document.isascii() or "\x7f" in document:
        document = _NO_ASCII.sub(lambda run: "".join(map(_in_json, run[0])), document)
    return _BRACKET_COMMAND.sub(r"##\1\\u005b", document)


def for_sarif(text: str) -> str:
    """Return the text for a SARIF message, where it makes no link and hides no character.

    The document that holds it goes through ``for_json``.
    """
    return _SARIF_LINK.sub("] ", visible(text))


def for_xml(text: str) -> str:
    """Return the text for an XML 1.0 element or attribute; a parser reads the same text back.

    What XML forbids becomes the replacement character. Line ends, and characters that harm where
    the document is printed, become references.
    """
    escaped = _XML_MARKUP.sub(_in_xml, _NOT_IN_XML.sub("\ufffd", text))
    return _BRACKET_COMMAND.sub(r"##\1&#91;", escaped)


def for_html(text: str) -> str:
    """Return the text, on one line, for an HTML element or a quoted attribute's value.

    A browser shows what ``visible`` makes of it, and nothing in it becomes markup. Not for the
    inside of scripts, styles or comments, nor for attributes that hold addresses or code.
    """
    escaped = visible(text).translate(_IN_HTML)
    if "##" in escaped:
        escaped = _BRACKET_COMMAND.sub(r"##\1&#91;", escaped)
    return _COLON_COMMAND.sub("&#58;", escaped) if "::" in escaped else escaped


def for_markdown(text: str) -> str:
    """Return the text for a cell, or the inside of a line, of GitHub's or GitLab's Markdown.

    It ends no cell and no line, holds no markup, tag, link, mention or emoji; what would become a
    link by itself holds a word joiner. At the beginning of a line something must stand before it.
    """
    return _MARKDOWN_ACTIVE.sub(_WORD_JOINER, visible(text)).translate(_IN_MARKDOWN)


def for_workflow_data(text: str) -> str:
    """Return the text for the data of a workflow command of GitHub, ``::error::data``.

    The command goes on to the text's end, whatever line ends it holds, and no other one begins in
    it.
    """
    escaped = visible(text.translate(_IN_WORKFLOW_DATA))
    return _BRACKET_COMMAND.sub(r"##\1\\[", escaped)


def for_workflow_property(text: str) -> str:
    """Return the text for a property of a workflow command of GitHub, ``::error title=text::``."""
    return for_workflow_data(text).translate(_IN_WORKFLOW_PROPERTY)


def for_dotenv(text: str) -> str:
    """Return the text for a value of a dotenv file, ``NAME=value``, as GitLab reads it.

    Whatever could end the line, be expanded, or begin something in a shell becomes ``_``. White
    space on both sides is cut off.
    """
    return _NOT_IN_DOTENV.sub("_", text).strip(" ")


def for_yaml(text: str, *, in_flow: bool = False, only_ascii: bool = False) -> str:
    r"""Return the text as one scalar of YAML on one line, which a reader reads back as that text.

    It has quotes where it needs them: plain it would mean something else, end too early, or hold
    what ``visible`` escapes. ``in_flow`` is for items of ``[…]``, ``only_ascii`` for a stream that
    takes no more. Half a surrogate pair, which no reader takes, becomes the replacement character.
    """
    text = _SURROGATE.sub("\ufffd", text)
    is_plain = (
        _PLAIN_YAML.fullmatch(text)
        and text.lower() not in _NOT_TEXT_IN_YAML
        and not (in_flow and _ACTIVE_IN_FLOW.search(text))
        and text == visible(text)
        and (text.isascii() or not only_ascii)
    )
    if is_plain:
        return text
    quoted = visible(text.translate(_IN_QUOTES))
    quoted = _BRACKET_COMMAND.sub(r"##\1\\x5b", _COLON_COMMAND.sub(r"\\x3a", quoted))
    return f'"{encodable(quoted, "ascii") if only_ascii else quoted}"'


def encodable(text: str, encoding: str) -> str:
    """Return the text with what the encoding lacks replaced by backslash escapes.

    Never fails: an encoding that is unknown, or that is not one of text, is taken for ASCII.
    """
    try:
        return text.encode(encoding, "backslashreplace").decode(encoding)
    except (LookupError, ValueError):
        return text.encode("ascii", "backslashreplace").decode("ascii")


@lru_cache(maxsize=4096)
def _visible(character: str) -> str:
    code = ord(character)
    if not _is_harmful(character, code):
        return character
    if character in _SHORT:
        return _SHORT[character]
    if code <= 0xFF:  # noqa: PLR2004 - two digits say it
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - four digits


@lru_cache(maxsize=4096)
def _in_json(character: str) -> str:
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004 - the surrogates
        return "\ufffd"
    if not _is_harmful(character, code):
        return character
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def _in_xml(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if character.isascii() or _is_harmful(character, code):
        return f"&#{code};"
    return character


def _is_harmful(character: str, code: int) -> bool:
    return (
        unicodedata.category(character) in _CATEGORIES
        or character in _INVISIBLE
        or any(code in selectors for selectors in _SELECTORS)
    )
