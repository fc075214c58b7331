from __future__ import annotations

import base64
import html
import json
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gate.credentials import Credentials
from gate.registry.docker_config import Login
from gate.untrusted import (
    Secret,
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
    forget_secrets,
    redact,
    redact_answer,
    remember_secret,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOKEN = "CAISqwJ1q6Ft5B2yfSjIr5bk+/3a==.x~_-&<4\"'%$@:#[1]"
SINKS: list[Callable[[str], str]] = [
    str,
    for_terminal,
    for_html,
    for_markdown,
    for_sarif,
    for_xml,
    for_workflow_data,
    for_workflow_property,
    for_dotenv,
    lambda text: for_json(json.dumps(text)),
    lambda text: for_json(json.dumps(text, ensure_ascii=False)),
    lambda text: json.dumps(for_sarif(text)),
    lambda text: for_xml(for_terminal(text)),
    lambda text: for_workflow_data(for_terminal(text)),
    lambda text: encodable(text, "ascii"),
    html.escape,
    quote,
    quote_plus,
    lambda text: quote(text, safe=""),
]


@pytest.fixture(autouse=True)
def _another_run() -> Iterator[None]:
    forget_secrets()
    yield
    forget_secrets()


@pytest.mark.parametrize("sink", SINKS)
def test_no_sink_shows_a_secret(sink: Callable[[str], str]) -> None:
    remember_secret(TOKEN)
    written = redact(sink(f"before {TOKEN} after"))
    assert "***" in written
    assert "CAISqwJ1q6Ft" not in written
    assert written.strip('"').startswith("before")
    assert written.strip('"').endswith("after")


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(SINKS),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=60)
    | st.text(st.characters(categories=("L", "N", "P", "S")), min_size=8, max_size=20),
)
def test_whatever_a_secret_is_made_of_no_sink_shows_it(
    sink: Callable[[str], str], secret: str
) -> None:
    assume(not (secret.isalpha() and secret.islower()))
    forget_secrets()
    remember_secret(secret)
    written = redact(sink(f"before {secret} after"))
    assert "***" in written
    assert secret not in written.replace("***", "")
    assert secret not in unquote(html.unescape(written))


@settings(max_examples=100, deadline=None)
@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=60),
    st.booleans(),
)
def test_an_answer_that_repeats_a_secret_stays_json(secret: str, ascii_only: bool) -> None:  # noqa: FBT001 - a drawn value
    assume(not (secret.isalpha() and secret.islower()))
    forget_secrets()
    remember_secret(secret)
    answer = {"Message": f"before {secret} after", "Text": "th\u00e9"}
    body = json.dumps(answer, ensure_ascii=ascii_only).encode()
    assert {"Message": "before *** after", "Text": "th\u00e9"} == json.loads(redact_answer(body))


def test_an_answer_of_any_bytes_stays_as_it_is() -> None:
    remember_secret(TOKEN)
    assert b"\xff{}" == redact_answer(b"\xff{}")
    assert b"\xff ***" == redact_answer(b"\xff " + TOKEN.encode())


def test_what_holds_no_secret_stays_as_it_is() -> None:
    remember_secret(TOKEN)
    text = "registry.cn-hangzhou.aliyuncs.com/shop/web:1 block, (exit 10) CAIS"
    assert text == redact(text)


@pytest.mark.parametrize("common", ["", "short", "registry", "undecided", "1234567"])
def test_what_is_short_or_a_word_is_not_taken_out(common: str) -> None:
    remember_secret(common)
    assert f"a {common} b" == redact(f"a {common} b")


def test_a_secret_within_another_leaves_nothing_of_it() -> None:
    remember_secret("abcdefgh12")
    remember_secret("abcdefgh12345")
    assert "x *** y" == redact("x abcdefgh12345 y")


def test_a_signature_is_taken_out_wherever_it_is_repeated() -> None:
    header = f"ACS3-HMAC-SHA256 Credential=id,SignedHeaders=host,Signature={'0f' * 32}"
    assert "0f0f" not in redact(f"Not understood: {header}")


def test_whatever_holds_a_secret_remembers_it_and_does_not_show_it() -> None:
    class Key(Secret, frozen=True):
        shown = ("name",)
        name: str
        text: str
        other: str | None = None

    key = Key("the name of it", "the text of it", None)
    assert "Key(…)" == repr(key)
    assert "the name of it, ***" == redact(f"{key.name}, {key.text}")


def test_credentials_and_logins_are_remembered() -> None:
    Credentials("LTAI5tSampleKeyId", "SampleSecret0123456789", "SampleToken/+==")
    header = Login("the-user-name", "pass-word-1").basic()
    encoded = base64.b64encode(b"the-user-name:pass-word-1").decode()
    assert f"Basic {encoded}" == header
    text = f"LTAI5tSampleKeyId SampleSecret0123456789 SampleToken/+== pass-word-1 {header}"
    assert "*** *** *** *** Basic ***" == redact(text)
    assert "the-user-name" == redact("the-user-name")
