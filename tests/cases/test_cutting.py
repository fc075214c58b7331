"""Cutting a policy file takes out what was named, and leaves every other byte as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.cases import Miscut, NotCuttable, without
from gate.cases.cutting import _Cutter

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

HEAD = "version: 1\nblock: {levels: [], statuses: []}\n"
REST = "images: [shop/web], reason: r, expires: 2027-01-01"

RISKS = ("no_user", "sudo", "curl_pipe", "env_*", "a#b", "**/x")
QUOTES = ("{}", '"{}"', "'{}'")
NAME_ABOVE = "# {}: ignored in the console"
COMMENTS = ("# about this one", "#", "# - risks: [no_user]", "# no_user without a colon")

STYLES = ("flow", "spaced", "lines", "block", "braces", "dash", "text")

# What a line becomes when these risks go: itself, another text, or nothing.
Line = tuple[str, str | None]


@st.composite
def waivers(draw: st.DrawFn) -> tuple[list[str], Callable[[Collection[str]], list[Line]]]:
    """Make a waiver: its risks, and its lines, each with what is left of it."""
    risks = draw(st.lists(st.sampled_from(RISKS), min_size=1, max_size=4, unique=True))
    shown = {
        risk: draw(st.sampled_from(QUOTES[1:] if risk[0] == "*" else QUOTES)) for risk in risks
    }
    written = {risk: shown[risk].format(risk) for risk in risks}
    above = draw(st.lists(st.sampled_from((*COMMENTS, *map(NAME_ABOVE.format, risks))), max_size=3))
    style = draw(st.sampled_from(STYLES))
    blank, remark = draw(st.booleans()), draw(st.sampled_from(["", "  # why, - not", " #"]))

    def lines(gone: Collection[str]) -> list[Line]:
        left = [risk for risk in risks if risk not in gone]

        def line(text: str, kept: str | None = None) -> Line:
            return text, (text if kept is None else kept) if left else None

        def listed(before: str, after: str, comma: str = ", ") -> Line:
            every, some = (
                before + comma.join(written[risk] for risk in some) + after + remark
                for some in (risks, left)
            )
            return line(every, some)

        def each(form: str) -> list[Line]:
            texts = {risk: form.format(written[risk]) + remark for risk in risks}
            return [(text, text if risk in left else None) for risk, text in texts.items()]

        named = {NAME_ABOVE.format(risk) for risk in gone}
        own = [(f"  {text}", None if text in named or not left else f"  {text}") for text in above]
        others = [line("    images: [shop/web]"), line("    expires: 2027-01-01" + remark)]
        reason = line("    reason: r")
        text = [line("    reason: |"), line("      # no comment"), line("      - text")]
        body = {
            "flow": [listed("  - risks: [", "]"), *others, reason],
            "spaced": [
                line("  - reason: r"),
                listed("    risks:  [ ", " ]", ",  "),
                *others,
            ],
            "lines": [
                *(line("  - risks: ["), *each("      {},"), line("    ]")),
                *(*others, reason),
            ],
            "block": [line("  - risks:"), *each("    - {}"), *others, reason],
            "braces": [listed("  - {risks: [", f"], {REST}}}")],
            "dash": [line("  -" + remark), listed("    risks: [", "]"), *others, reason],
            "text": [listed("  - risks: [", "]"), *others, *text],
        }[style]
        return [*([("", "")] if blank else []), *own, *body]

    return risks, lines


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_what_was_named_goes_and_every_other_byte_stays(data: st.DataObject) -> None:
    made = data.draw(st.lists(waivers(), min_size=1, max_size=4))
    removed = {
        number: set(data.draw(st.lists(st.sampled_from(risks), unique=True)))
        for number, (risks, _) in enumerate(made)
    }
    key = data.draw(st.sampled_from(["waivers:", "waivers:  # ours", '"waivers" :', "'waivers':"]))
    all_go = all(removed[number] == set(risks) for number, (risks, _) in enumerate(made))
    emptied = key.replace(":", ": []", 1) if all_go else key
    lines = [
        *((line, line) for line in HEAD.splitlines()),
        (key, emptied),
        *(line for number, (_, render) in enumerate(made) for line in render(removed[number])),
        *data.draw(
            st.sampled_from([[], [("max_waiver: 9d # x", "max_waiver: 9d # x")], [("", "")]])
        ),
    ]
    end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    mark = data.draw(st.sampled_from(["", "\ufeff"]))
    last = data.draw(st.sampled_from([end, ""]))
    ends = [end] * (len(lines) - 1) + [last]
    text = mark + "".join(line + end for (line, _), end in zip(lines, ends, strict=True))
    expected = mark + "".join(
        line + end for (_, line), end in zip(lines, ends, strict=True) if line is not None
    )

    cut = without(text.encode(), {number: risks for number, risks in removed.items() if risks})

    assert expected.encode() == cut


def text_of(waivers: str) -> bytes:
    """Return the text of a file in which ``…`` stands for what each waiver has."""
    return f"{HEAD}waivers:{waivers}\n".replace("…", REST).encode()


@pytest.mark.parametrize(
    ("waivers", "removed", "expected"),
    [
        (" [{risks: [a], …}]", "a", " []"),
        (" [{risks: [a, b], …}]", "a", " [{risks: [b], …}]"),
        (" [\n  {risks: [a], …},  # x\n]", "a", " [\n]"),
        ("\n- {risks: [a\n  , b\n  , c], …}", "b", "\n- {risks: [a\n  \n  , c], …}"),
        ("\n- {risks: [a,b,c,], …}", "bc", "\n- {risks: [a,], …}"),
        ("\n- {risks: [a, # why\n  b], …}", "b", "\n- {risks: [a, # why\n  ], …}"),
        ("\n- {risks: [a, a, b], …}", "a", "\n- {risks: [b], …}"),
        ('\n- {risks: ["\\x61", b], …}', "a", "\n- {risks: [b], …}"),
    ],
)
def test_lists_in_brackets_lose_an_item_with_its_comma(
    waivers: str, removed: str, expected: str
) -> None:
    assert text_of(expected) == without(text_of(waivers), {0: removed})


@pytest.mark.parametrize(
    ("waivers", "removed", "why"),
    [
        (" [{risks: [a], …}, {risks: [a, b], …}]", {1: "a"}, "another waiver"),
        (" [{risks: [a], …}, {risks: [a], …}]", {0: "a"}, "another waiver"),
        ("\n- {risks: [a\n   , b], …}", {0: "a"}, "something else"),
    ],
)
def test_what_has_no_lines_of_its_own_is_not_cut(
    waivers: str, removed: dict[int, str], why: str
) -> None:
    with pytest.raises(NotCuttable, match=why):
        without(text_of(waivers), removed)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"version": 1, "waivers": [{"risks": ["a", "b"]}]}', "JSON"),
        ("? waivers\n: - {risks: [a]}\n", "something else"),
    ],
)
def test_what_has_no_lines_at_all_is_not_cut(text: str, why: str) -> None:
    with pytest.raises(NotCuttable, match=why):
        without(text.encode(), {0: "a"})


def test_a_cut_that_changes_anything_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"waivers:\n- {{risks: [a], {REST}}}\n- {{risks: [b], {REST}}}\n"
    monkeypatch.setattr(
        _Cutter, "close", lambda self: setattr(self, "text", self.text + "#\nx: 1\n")
    )

    with pytest.raises(Miscut):
        without(text.encode(), {0: "a"})
