"""The Markdown report shows what it is made of, and nothing that others made of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from gate.findings import Location, Reason
from gate.report import markdown, render
from gate.report.wording import ABOUT_SAMPLE_DATA
from gate.verdict import Action, Verdict
from tests.report import verdicts as made

if TYPE_CHECKING:
    from markdown_it.token import Token

TAGS = {"<code>", "</code>"}
FOLDS = {"<details><summary>Details</summary>", "</details>"}


def parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def written(*images: object, **given: object) -> str:
    return render("markdown", made.run(*images, **given))  # type: ignore[arg-type]


@given(made.verdicts())
@settings(max_examples=80, deadline=None)
def test_nobody_elses_markup_is_in_it(verdict: Verdict) -> None:
    text = render("markdown", verdict)
    tokens = parsed(text)

    findings = sum(len(image.decisions) for image in verdict.images)
    tables = sum(bool(image.decisions) for image in verdict.images)
    kinds = [token.type for token in tokens]
    assert tables == kinds.count("table_open")
    assert findings + tables == kinds.count("tr_open")
    assert 5 * findings == kinds.count("td_open")
    assert 1 + len(verdict.images) == kinds.count("heading_open")
    assert {t.content.strip() for t in tokens if t.type == "html_block"} <= FOLDS
    assert not {"fence", "code_block", "hr", "ordered_list_open"} & set(kinds)
    inner = [child for token in tokens for child in token.children or []]
    assert {child.content for child in inner if child.type == "html_inline"} <= TAGS
    assert not {"link_open", "image", "em_open", "s_open", "hardbreak"} & {c.type for c in inner}


@given(made.verdicts())
@settings(max_examples=40, deadline=None)
def test_a_report_may_be_printed(verdict: Verdict) -> None:
    text = render("markdown", verdict)

    assert text.encode("utf-8")
    assert not re.search(r"[^\n -~\u00a0-\U0010ffff]|[\u200b\u202e\u2028\u2060\ufeff]", text)
    assert not re.search(r"##\w*\[|^\s*::", text, re.MULTILINE)


def test_the_verdict_stands_first_then_the_findings_and_what_is_known_of_them() -> None:
    decided = made.decision(
        rule="root",
        waiver=made.waiver(expired=True, owner="team", ticket="T-1"),
        location=Location("Dockerfile", 3),
        layer="sha256:00",
        description="Runs as\nroot",
        command="RUN a | b",
    )
    text = written(
        made.scanned(made.decision(Action.ALLOW, risk="apk"), decided, notes=("of the image",)),
        notes=["of the run"],
        sandbox=True,
    )

    assert text == (
        f"## BLOCK  SANDBOX  {made.NAME}: 1 of 2 findings blocked (exit 10)\n".replace("  ", " ")
        + f"\n> **SANDBOX**: {ABOUT_SAMPLE_DATA}\n"
        + "\nFindings by level: high: 1 blocked, 1 allowed.\n"
        f"\n### BLOCK <code>{made.NAME}</code>\n"
        "\n**blocked**: 1 finding blocked by policy.\n"
        "\nNote: of the image\n"
        "\n| Decision | Level | Risk | Build command | Why |\n|---|---|---|---|---|\n"
        r"| **block** | high | The image runs as root (<code>no\_user</code>) "
        "| <code>RUN a &#124; b</code> | The policy&#39;s block says so. |\n"
        "| **allow** | high | The image runs as root (<code>apk</code>) | <code>CMD web</code> "
        "| The policy&#39;s block says so. |\n"
        "\n<details><summary>Details</summary>\n\n"
        "- **block** <code>no\\_user</code>\n"
        "  - Build command: <code>RUN a &#124; b</code>\n"
        "  - Layer: <code>sha256:00</code>\n"
        "  - Place: <code>Dockerfile:3</code>\n"
        "  - Description: Runs as root\n"
        "  - Advice: Add a USER.\n"
        "  - Rule: root\n"
        "  - Waiver: EXPIRED on 2027-01-31: vendor image (team, T-1)\n"
        "  - Status: unhandled\n"
        "  - Class: other\n"
        "- **allow** <code>apk</code>\n"
        "  - Build command: <code>CMD web</code>\n"
        "  - Advice: Add a USER.\n"
        "  - Status: unhandled\n"
        "  - Class: other\n"
        "\n</details>\n"
        f"\n- Policy <code>(built-in)</code> <code>sha256:{made.HEX}</code>\n"
        "- Asked https:&#8288;//tds.aliyuncs.com (cn-hangzhou)\n"
        "- Note: of the run\n"
    )


def test_an_undecided_image_that_is_let_through_is_said_loudly() -> None:
    text = written(made.unscanned(Reason.STALE, tolerated=True))

    assert "\n### UNDECIDED, LET THROUGH by policy <code>" in text
    assert "\n**stale**: Security Center has not seen it." in text


def test_a_platform_is_named() -> None:
    text = written(made.scanned(image=made.image(platform="linux/amd64")))

    assert f"### PASS <code>{made.NAME}</code> (linux/amd64)\n" in text


def test_a_report_of_five_thousand_findings_is_cut_and_says_where_the_rest_is() -> None:
    many = [made.decision(command="x|" * 2000, advice="<" * 2000)] * 5000
    text = written(made.scanned(*many), made.scanned(), notes=["last"])

    assert len(text.encode("utf-8")) < 1024 * 1024
    assert re.search(
        r"\n\*\*Cut here: [\d,]+ findings, [\d,]+ details? left out\.\*\* .*\n\Z", text
    )
    assert "--report json=PATH" in text
    assert "- Note: last\n" in text


@pytest.mark.parametrize("size", [0, 500, 1000, 1500, 2000, 3000, 5000])
def test_the_worst_is_kept_and_what_is_cut_leaves_markdown_whole(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markdown, "MOST_BYTES", size)
    text = written(
        made.scanned(*[made.decision(Action.WARN)] * 9),
        made.unscanned(),
        made.scanned(*[made.decision()] * 9),
    )

    kinds = [token.type for token in parsed(text)]
    assert text.startswith("## BLOCK 1 of 3 images")
    assert text.count("<details>") == text.count("</details>")
    assert 5 * (kinds.count("tr_open") - kinds.count("table_open")) == kinds.count("td_open")
    assert "left out.**" in text
    if "**warn**" in text:
        assert "**block**" in text


def test_a_run_without_images_says_so() -> None:
    assert "no image was judged" in written()
