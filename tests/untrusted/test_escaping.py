"""What is escaped can be printed, read, and does nothing."""

from __future__ import annotations

import json
import re
import unicodedata
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from ruamel.yaml import YAML

from gate.untrusted import (
    encodable,
    for_dotenv,
    for_html,
    for_json,
    for_markdown,
    for_sarif,
    for_terminal,
    for_workflow_data,
    for_workflow_property,
    for_xml,
    for_yaml,
    parse_yaml,
    visible,
)

HOSTILE = st.sampled_from(
    ["\x1b", "\n", "\r", "\u202e", "\u200b", "\ud800", "\x9b", ":", "::", "#", "##", "[", "##vso[",
     "\\", "镜", "\U000e0041", "\U0001f600", "\x7f", "\u3164", "\ufe0f"]
)  # fmt: skip
texts = st.lists(HOSTILE | st.text(max_size=4), max_size=20).map("".join)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("registry.example/shop/web:1.4@sha256:00", "registry.example/shop/web:1.4@sha256:00"),
        ("镜像以 root 用户运行 é ✓", "镜像以 root 用户运行 é ✓"),
        (r"RUN a \ b \x1b", r"RUN a \ b \x1b"),
        ("[red]x[/red]", "[red]x[/red]"),
        ("a\nb\rc\td", r"a\nb\rc\td"),
        ("\x1b[31m\x9b1m\x00\x7f", r"\x1b[31m\x9b1m\x00\x7f"),
        ("\u202egpj\u2066\u200b\ufeff\u00ad", r"\u202egpj\u2066\u200b\ufeff\xad"),
        ("\u2028\u2029\x85", r"\u2028\u2029\x85"),
        ("\U000e0041\ue000\u3164\ufe0f", r"\U000e0041\ue000\u3164\ufe0f"),
        ("\ud800", r"\ud800"),
        ("::set-output name=x::y", r":\:set-output name=x:\:y"),
        ("std::string :::", r"std:\:string :\:\:"),
        ("##[group]x ##vso[task] ##teamcity[x]", r"##\[group]x ##vso\[task] ##teamcity\[x]"),
        ("# ## [x] ##", "# ## [x] ##"),
    ],
)
def test_texts_for_a_terminal(text: str, expected: str) -> None:
    assert expected == for_terminal(text)


@given(texts)
@settings(max_examples=100, deadline=None)
def test_nothing_that_a_terminal_or_a_log_interprets_is_left(text: str) -> None:
    escaped = for_terminal(text)

    assert [escaped] == (escaped.splitlines() or [""])
    assert {"Cc", "Cf", "Cs", "Zl", "Zp"}.isdisjoint(map(unicodedata.category, escaped))
    assert "::" not in escaped
    assert not re.search(r"##\w*\[", escaped)
    assert escaped == for_terminal(escaped)


@given(texts, st.integers(1, 30))
@settings(max_examples=100, deadline=None)
def test_no_command_begins_a_line_wherever_it_is_wrapped(text: str, width: int) -> None:
    escaped = for_terminal(text)
    lines = [escaped[at : at + width] for at in range(0, len(escaped), width)]

    assert not any(line.lstrip().startswith("::") or "##[" in line for line in lines)


@given(st.text(st.characters(categories=["L", "N", "Zs"]) | st.sampled_from("!\"$%&'()*+,-./;<=>")))
@settings(max_examples=100, deadline=None)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    visible = "".join(c for c in text if c not in "\u115f\u1160\u17b4\u17b5\u3164\uffa0")

    assert visible == for_terminal(visible)


@given(st.recursive(texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)))
@settings(max_examples=100, deadline=None)
def test_a_json_document_means_the_same_and_may_be_printed(value: object) -> None:
    escaped = for_json(json.dumps(value, ensure_ascii=False, indent=1))
    expected = json.loads(
        re.sub(r"[\ud800-\udfff]", "\ufffd", json.dumps(value, ensure_ascii=False))
    )

    assert expected == json.loads(escaped)
    assert not re.search(r"[^\n -~\u00a0-\U0010ffff]|[\u202e\u200b\u2028]|##\w*\[", escaped)
    assert escaped == for_json(escaped)


@given(st.lists(HOSTILE | st.sampled_from(["](", "]", "(", "[x](1)"])).map("".join))
@settings(max_examples=100, deadline=None)
def test_a_sarif_message_makes_no_link_and_hides_no_character(text: str) -> None:
    escaped = for_sarif(text)

    assert "](" not in escaped
    assert {"Cc", "Cf", "Cs", "Zl", "Zp"}.isdisjoint(map(unicodedata.category, escaped))
    assert escaped == for_sarif(escaped)


@given(
    st.lists(
        HOSTILE | st.characters() | st.sampled_from(["&", "<!--", "]]>", "<", '"', "'", "\ufffe"])
    ).map("".join)
)
@settings(max_examples=100, deadline=None)
def test_xml_is_read_back_as_it_was_but_for_what_xml_forbids(text: str) -> None:
    escaped = for_xml(text)
    read = ET.fromstring(f'<a b="{escaped}">{escaped}</a>')  # noqa: S314 - our own document

    expected = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "\ufffd", text)
    assert (expected, expected) == (read.text or "", read.get("b"))
    assert 0 == len(read)
    assert {"Cc", "Cf", "Cs", "Zl", "Zp"}.isdisjoint(map(unicodedata.category, escaped))
    assert not re.search(r"::|##\w*\[", escaped)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a & b < 'c' > \"d\"", "a &#38; b &#60; &#39;c&#39; &#62; &#34;d&#34;"),
        ("镜像 é\n\x00\u202e", "镜像 é&#10;\ufffd&#8238;"),
        ("::x ##vso[y]", ":&#58;x ##vso&#91;y]"),
    ],
)
def test_texts_for_xml(text: str, expected: str) -> None:
    assert expected == for_xml(text)


class Read(HTMLParser):
    """What a parser makes of a document: its tags with their attributes, its texts, the rest."""

    def __init__(self, document: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""
        self.others: list[str] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_decl(self, decl: str) -> None:
        self.others.append(decl)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)


HTML = st.sampled_from(
    ["<script>", "</td>", "<!--", "-->", "<![CDATA[", "<?x", "&lt;", "&#60", "&amp", '"', "'", "`",
     " onclick=x ", ">", "<", "=", "<img src=x onerror=y>", "</b>", "<b"]
)  # fmt: skip


@given(st.lists(HTML | HOSTILE | st.text(max_size=3), max_size=12).map("".join))
@settings(max_examples=100, deadline=None)
def test_an_element_and_an_attribute_of_html_hold_what_can_be_seen(text: str) -> None:
    escaped = for_html(text)
    read = Read(f"<b title=\"{escaped}\" lang='{escaped}'>{escaped}</b>")

    expected = visible(text)
    assert [("b", [("title", expected), ("lang", expected)])] == read.tags
    assert expected == read.text
    assert [] == read.others
    assert not re.search(r"::|##\w*\[|[\n<>\"'`]", escaped)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shop/web:1.4@sha256:00", "shop/web:1.4@sha256:00"),
        ("a & b < 'c' > \"d\" `e`", "a &#38; b &#60; &#39;c&#39; &#62; &#34;d&#34; &#96;e&#96;"),
        ("镜像 é\n\u202e\ud800", r"镜像 é\n\u202e\ud800"),
        ("::x ##vso[y]", "&#58;:x ##vso&#91;y]"),
    ],
)
def test_texts_for_html(text: str, expected: str) -> None:
    assert expected == for_html(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "host:5000/shop/web@sha256:00 [::1]:5000/a/b",
            "host:5000/shop/web@sha256:00 [::1]:5000/a/b",
        ),
        ("a\nPATH=b\r\u2028c", "a_PATH=b__c"),
        ("$(id) ${PATH} `id` %PATH%", "__id_ __PATH_ _id_ _PATH_"),
        (" a;b&c|d<e>f'g\"h\\i*j?k~l!m#n ", "a_b_c_d_e_f_g_h_i_j_k_l_m_n"),
        ("镜像 \ud800", "__ _"),
    ],
)
def test_texts_for_dotenv(text: str, expected: str) -> None:
    assert expected == for_dotenv(text)


@given(st.lists(HOSTILE | st.sampled_from(["$", "=", "'", '"', "`", " "]) | st.characters()))
@settings(max_examples=100, deadline=None)
def test_a_value_of_dotenv_is_one_line_that_nothing_expands(pieces: list[str]) -> None:
    escaped = for_dotenv("".join(pieces))

    assert re.fullmatch(r"[\w./:@=+,\[\] -]*", escaped, re.ASCII)
    assert escaped == escaped.strip() == for_dotenv(escaped)


MARKUP = st.sampled_from(
    ["|", "\\", "\\|", "`", "``", "*", "_", "~~", "[a](b)", "[", "](", "<b>", "</code>", "<!--",
     "&lt;", "&#124;", "https://h.example", "www.h.example", "a@h.example", "@team", "#1",
     "![x](y)", "<a@b.c>", "<http://h.example>", ":x:", "$", "\n\n", "\n# a", "---", "- ", "1. ",
     "> "]
)  # fmt: skip


@given(st.lists(MARKUP | HOSTILE | st.text(max_size=3), max_size=12).map("".join))
@settings(max_examples=100, deadline=None)
def test_a_cell_of_markdown_holds_the_text_and_nothing_else(text: str) -> None:
    escaped = for_markdown(text)
    table = f"| a | b |\n|---|---|\n| x {escaped} | y |\n| x <code>{escaped}</code> | y |"
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(table)

    assert 3 == sum(token.type == "tr_open" for token in tokens)
    cells = [token for token in tokens if token.type == "inline"]
    assert 6 == len(cells)
    assert "y" == cells[3].content == cells[5].content
    for cell, tags in ((cells[2], []), (cells[4], ["<code>", "</code>"])):
        inner = cell.children or []
        assert {"text", "text_special", "html_inline"} >= {token.type for token in inner}
        assert tags == [token.content for token in inner if token.type == "html_inline"]
        read = "".join(token.content for token in inner if token.type != "html_inline")
        assert f"x {visible(text)}".rstrip() == read.replace("\u2060", "").rstrip()
        assert not re.search(r"://|www\.|@h|@team|#1|:x:", read, re.IGNORECASE)
    assert not re.search(r"##\w*\[|[\n|<>`\"']", escaped)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shop/web:1.4@sha256:00", "shop/web:1.4@sha256:00"),
        ("no_user", r"no\_user"),
        ("a | b", "a &#124; b"),
        ("@team see #12 :x:", "@&#8288;team see #&#8288;12 :&#8288;x:"),
        ("@sha256:0", "@&#8288;sha256:0"),
        ("WWW.h.example", "WWW&#8288;.h.example"),
        ("镜像\n\u202e", "镜像&#92;n&#92;u202e"),
    ],
)
def test_texts_for_markdown(text: str, expected: str) -> None:
    assert expected == for_markdown(text)


def as_the_runner_reads(data: str) -> str:
    for escape, character in (
        ("%0D", "\r"),
        ("%0A", "\n"),
        ("%3A", ":"),
        ("%2C", ","),
        ("%25", "%"),
    ):
        data = data.replace(escape, character)
    return data


COMMANDS = st.sampled_from(
    ["\r", "\n", "\r\n::set-output name=a::b", "%0A", "%250A", "%", ",", "::"]
)


@given(st.lists(COMMANDS | HOSTILE | st.text(max_size=3), max_size=12).map("".join))
@settings(max_examples=100, deadline=None)
def test_a_workflow_command_ends_where_its_text_does(text: str) -> None:
    data, value = for_workflow_data(text), for_workflow_property(text)

    for escaped in (data, value):
        assert [escaped] == (escaped.splitlines() or [""])
        assert not re.search(r"##\w*\[", escaped)
        assert {"Cc", "Cf", "Cs", "Zl", "Zp"}.isdisjoint(map(unicodedata.category, escaped))
    assert not re.search("[:,]", value)
    expected = "".join(c if c in "\r\n" else visible(c) for c in text)
    expected = re.sub(r"##(\w*)\[", r"##\1\\[", expected)
    assert expected == as_the_runner_reads(value) == as_the_runner_reads(data)


@pytest.mark.parametrize(
    ("text", "data", "value"),
    [
        ("100% a:b, c\r\n", "100%25 a:b, c%0D%0A", "100%25 a%3Ab%2C c%0D%0A"),
        ("\x1b ##[x]", r"\x1b ##\[x]", r"\x1b ##\[x]"),
        ("%0A", "%250A", "%250A"),
    ],
)
def test_texts_for_workflow_commands(text: str, data: str, value: str) -> None:
    assert (data, value) == (for_workflow_data(text), for_workflow_property(text))


@pytest.mark.parametrize(
    ("text", "plain", "in_flow"),
    [
        ("there before the gate came", True, True),
        ("vendor image, replaced in Q1", True, False),
        ("镜像以 root 用户运行", True, True),
        ("shop/web", True, True),
        ("shop/web:1.4", True, False),
        ("see [OPS-1] {x}", True, False),
        ("C#", True, True),
        ("a: b", False, False),
        ("a:", False, False),
        ("a #b", False, False),
        ("a ", False, False),
        ("", False, False),
        ("No", False, False),
        ("null", False, False),
        ("2027-01-31", False, False),
        ("- a", False, False),
        ("*a", False, False),
        ("'a", False, False),
        ("a\u202eb", False, False),
    ],
)
def test_a_scalar_of_yaml_has_quotes_only_where_it_needs_them(
    text: str, *, plain: bool, in_flow: bool
) -> None:
    assert plain is (text == for_yaml(text))
    assert in_flow is (text == for_yaml(text, in_flow=True))


YAML_PARTS = st.sampled_from([
    ": ", " #", "- ", "? ", "\n---\n", "\n...\n", "[", "]", "{", "}", ", ", "&a", "*a", "!!str ",
    '"', "'", "\\", "|", ">", "%YAML", "@", "`", "~", "null", "no", "1e3", ".inf", "0x1", "<<", "=",
    "1:30", "\t", " ", "\x85", "\ufeff", "\n- risks: ['**']\n",
])  # fmt: skip


@given(
    text=st.lists(YAML_PARTS | HOSTILE | st.text(max_size=4), max_size=12).map("".join),
    only_ascii=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_a_scalar_of_yaml_is_read_back_and_ends_no_line(text: str, *, only_ascii: bool) -> None:
    value = for_yaml(text, only_ascii=only_ascii)
    item = for_yaml(text, in_flow=True, only_ascii=only_ascii)
    document = f"key: {value}\nlist: [{item}, {item}]\nlast: end\n"

    expected = re.sub("[\ud800-\udfff]", "\ufffd", text)
    wanted = {"key": expected, "list": [expected, expected], "last": "end"}
    assert wanted == parse_yaml(document).data
    old = YAML(typ="safe", pure=True)
    old.version = (1, 1)
    assert wanted == old.load(document)
    assert [document] == ["".join(f"{line}\n" for line in document.splitlines())]
    assert {"Cc", "Cf", "Cs", "Zl", "Zp"}.isdisjoint(map(unicodedata.category, value + item))
    assert not re.search(r"::|##\w*\[", value + item)
    assert document.isascii() or not only_ascii


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("镜像 é", "utf-8", "镜像 é"),
        ("镜 é", "ascii", r"\u955c \xe9"),
        ("镜 é", "latin-1", r"\u955c é"),
        ("镜 ─", "gbk", "镜 ─"),
        ("\U0001f600", "cp1252", r"\U0001f600"),
        ("\ud800", "utf-8", r"\ud800"),
        ("é", "no-such-encoding", r"\xe9"),
        ("é", "undefined", r"\xe9"),
        ("é", "base64", r"\xe9"),
        ("é", "nul\0", r"\xe9"),
    ],
)
def test_what_an_encoding_lacks_is_escaped(text: str, encoding: str, expected: str) -> None:
    assert expected == encodable(text, encoding)


@given(texts, st.sampled_from(["utf-8", "ascii", "cp1252", "gbk", "utf-16", "shift_jis", "cp037"]))
@settings(max_examples=100, deadline=None)
def test_no_stream_fails_on_it(text: str, encoding: str) -> None:
    fitting = encodable(text, encoding)

    assert fitting.encode(encoding) is not None
    assert fitting == encodable(fitting, encoding)
