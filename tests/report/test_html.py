"""The page holds what it is made of as text, and runs and loads nothing of others."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gate import __version__
from gate.findings import IdentifiedBy, Level, Location, Reason, ScanState, Status
from gate.report import render
from gate.untrusted import visible
from gate.verdict import Action, Audited, Changes, ImageVerdict, PolicySource, Verdict
from tests.report import verdicts as made

VOID = {"input", "link", "meta", "wbr"}
TAGS = {
    "a", "article", "body", "button", "code", "dd", "details", "div", "dl", "dt", "h1", "h2", "h3",
    "h4", "head", "header", "html", "input", "label", "li", "link", "main", "meta", "option", "p",
    "path", "rect", "script", "section", "select", "small", "span", "strong", "style", "summary",
    "svg", "table", "tbody", "td", "tfoot", "th", "thead", "time", "title", "tr", "ul", "wbr",
}  # fmt: skip


CODE = {"script", "style"}


class Read(HTMLParser):
    """What a parser makes of a page."""

    def __init__(self, document: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.text = ""
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs))
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        tag = self.open[-1] if self.open else ""
        self.texts.setdefault(tag, []).append(data)
        if tag not in CODE:
            self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def count(self, tag: str, **attributes: str) -> int:
        return sum(name == tag and attributes.items() <= a.items() for name, a in self.tags)

    def count_class(self, tag: str, word: str) -> int:
        return sum(tag == name and word in (a.get("class") or "").split() for name, a in self.tags)

    def having(self, attribute: str) -> int:
        return sum(attribute in attributes for _, attributes in self.tags)


def written(*images: ImageVerdict, **given: object) -> str:
    return render("html", made.run(*images, **given))  # type: ignore[arg-type]


def in_order(text: str, *expected: str) -> None:
    at = 0
    for each in expected:
        found = text.find(each, at)
        assert found >= 0, each
        at = found + len(each)


def plain(html: str) -> str:
    """Return what is to be read in the page's body, its tags as spaces, names in one piece."""
    body = html.partition("<body>")[2].partition("<script>")[0]
    body = re.sub(r'<code class="name">(.*?)</code>', whole_name, body)
    return " ".join(re.sub(r"<[^>]*>", " ", body).replace("&#39;", "'").split())


def whole_name(code: re.Match[str]) -> str:
    return " " + re.sub(r"<[^>]*>", "", code[1]) + " "


AUDITED = Audited(
    namespace="shop",
    changes=Changes(
        since="2026-02-28T12:00:00Z",
        images={"newly blocked": ("shop/web:1.4",), "gone": ("shop/old:1",)},
        risks={"no_user": 2, "sudo": -1},
        notes=("Since the report of 2026-02-28T12:00:00Z: all that.",),
    ),
)


@given(made.verdicts(), st.none() | st.just(AUDITED))
@settings(max_examples=40, deadline=None)
def test_nobody_elses_markup_is_in_it(verdict: Verdict, audited: Audited | None) -> None:
    text = render("html", replace(verdict, audited=audited))
    read = Read(text)

    assert [] == read.open
    assert TAGS >= {tag for tag, _ in read.tags}
    assert 1 == read.count("script") == read.count("style") == read.count("title")
    if audited is None:
        assert sum(len(each.decisions) for each in verdict.images) == read.having("data-status")
        cards = len(verdict.images) if len(verdict.images) > 1 else 0
        assert cards == read.count_class("details", "image")
    else:
        assert len(verdict.images) == read.count_class("li", "image")
    for tag, attributes in read.tags:
        assert not {name for name in attributes if name.startswith("on")} | {"style"} & {
            *attributes
        }
        assert "src" not in attributes
        if "href" in attributes and tag != "link":
            assert attributes["href"] in {"#findings", "#images"}
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


@given(made.verdicts())
@settings(max_examples=20, deadline=None)
def test_texts_of_others_can_be_read(verdict: Verdict) -> None:
    text = re.sub(r"\s+", "", Read(render("html", verdict)).text)

    for image in verdict.images:
        off = ", ".join(image.scan.checks_off)
        notes = [note for note in image.notes if not (off and off in note)]
        for expected in (image.reference, *notes):
            line = " ".join(re.split(r"\s+", expected)).strip()
            assert re.sub(r"\s+", "", visible(line)) in text


@given(made.verdicts())
@settings(max_examples=20, deadline=None)
def test_a_report_may_be_printed(verdict: Verdict) -> None:
    text = render("html", verdict)

    assert text.encode("utf-8")
    assert text.endswith("</html>\n")
    assert not re.search(r"[^\n -~\u00a0-\U0010ffff]|[\u200b\u202e\u2028\ud800\ufeff]", text)
    assert not re.search(r"##\w*\[|^\s*::", text, re.MULTILINE)


def test_only_its_own_script_and_style_may_run_and_nothing_is_loaded() -> None:
    read = Read(written(made.scanned(made.decision())))

    policy = next(a["content"] for _, a in read.tags if "http-equiv" in a) or ""
    for tag in ("style", "script"):
        [code] = read.texts[tag]
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
        assert not re.search(r"https?:|@import|url\(|</|<!--|innerHTML|eval", code)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_the_verdict_stands_first_then_the_findings_then_the_evidence() -> None:
    html = written(
        made.scanned(
            made.decision(Action.ALLOW, risk="apk", name="apk keeps its cache", level=Level.LOW),
            made.decision(
                rule="root",
                waiver=made.waiver(expired=True, owner="team", ticket="T-1"),
                location=Location("Dockerfile", 3),
                layer="sha256:00",
                description="Runs as\nroot",
                class_name="Other",
            ),
            notes=("of the image",),
            scan=made.scan(checks_off=("maintainer",)),
        ),
        notes=["of the run"],
        sandbox=True,
    )

    assert f"<title>BLOCK: SANDBOX: {made.NAME.partition('/')[2]}</title>" in html
    in_order(
        plain(html),
        "SANDBOX : this verdict is about sample data",
        f"BLOCK {made.NAME} 1 finding blocked by policy.",
        "Policy (built-in) 2026-03-01 12:00:00 UTC Exit code 10",
        "2 findings Blocked high The image runs as root no_user",
        "Advice Add a USER. Waiver EXPIRED on 2027-01-31: vendor image (team, T-1)",
        "Layer, description, why, rule, class",
        "Layer sha256:00 Description Runs as root Why The policy's block says so. Rule root",
        "Class Other Dockerfile:3 CMD web",
        "Allowed low apk keeps its cache apk Advice, why, class Advice Add a USER.",
        "Findings by level and decision",
        "high 1 0 0 0 1 medium 0 0 0 0 0 low 0 0 0 1 1 All 1 0 0 1 2",
        "Evidence Scan finished, 2 h ago, at 2026-03-01 10:00:00 UTC, 14 checks on",
        f"Not checked maintainer Note of the image Digest judged {made.DIGEST}",
        "Identified by digest, so exactly this content was judged",
        "Security Center shop/web:1.4 , region cn-hangzhou , UUID uuid-1",
        "1 note of the run",
        f"About this run Policy (built-in) sha256:{made.HEX}",
        "Asked https://tds.aliyuncs.com (cn-hangzhou) Generated at 2026-03-01 12:00:00 UTC",
        f"Tool buildrisk-gate {__version__}",
    )


def test_equal_findings_are_a_group_that_says_once_what_they_share() -> None:
    many = [made.decision(command=f"RUN {n}", layer=f"sha256:{n}") for n in range(44)]
    html = written(made.scanned(*many, made.decision(Action.WARN)))
    text = plain(html)

    in_order(text, "Blocked high The image runs as root no_user 44 times Advice Add a USER.",
             "Why, class", "RUN 0 Layer sha256:0", "39 more", "RUN 43", "Warned high")  # fmt: skip
    assert 2 == text.count("Add a USER.")


def test_advice_is_seen_at_once_where_a_finding_blocks() -> None:
    blocked = written(made.scanned(made.decision()))
    warned = written(made.scanned(made.decision(Action.WARN)))

    assert "<dt>Advice</dt>" in blocked.partition("<article")[2].partition("<details")[0]
    assert "<dt>Advice</dt>" not in warned.partition("<article")[2].partition("<details")[0]


def test_a_long_command_is_folded_behind_its_beginning() -> None:
    html = written(made.scanned(made.decision(command="RUN x " + "y" * 5000)))

    assert re.search(r"<summary><code>RUN x y{100,160}\.\.\.</code></summary><code", html)


def test_few_findings_need_no_filter() -> None:
    few = written(made.scanned(*[made.decision()] * 10))
    many = written(made.scanned(*[made.decision()] * 11))

    assert 'id="filters"' not in few
    assert 'id="filters"' in many


def test_several_images_stand_the_worst_first_with_their_findings() -> None:
    passed = [made.scanned(reference=f"registry.example/shop/{n}:1") for n in "abcd"]
    blocked = made.scanned(made.decision(), reference="registry.example/shop/z:1")
    html = written(*passed, made.unscanned(), blocked)
    read = Read(html)

    in_order(
        plain(html),
        "Of 6 images: 1 blocked, 1 undecided, 4 passed.",
        "6 images",
        "BLOCK registry.example/shop/z:1 1 blocked 1 finding blocked by policy. Blocked high",
        "Evidence Scan finished",
        f"UNDECIDED {made.NAME} missing Security Center has not seen it.",
        "PASS registry.example/shop/a:1 clean",
    )
    assert "<title>BLOCK: 6 images</title>" in html
    assert 2 == read.count("details", open=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("registry.example/shop/web:1.4", "registry.example/ shop/ web:1.4"),
        (made.NAME, "registry. [cn-hangzhou]. aliyuncs. com/ shop/ web:1.4"),
        (f"h.example/web-1@{made.DIGEST}", f"h.example/ [web-1] [@{made.DIGEST}]"),
        ("h.example/a/1-2/" + "b" * 30 + ":1-2", "h.example/ a/ [1-2/] " + "b" * 30 + " [:1-2]"),
        ("a", "a"),
        ("//@/", "/ / [@] /"),
    ],
)
def test_names_break_after_slashes_and_never_at_hyphens(name: str, lines: str) -> None:
    """Where a host or a tag leaves no room for that, after dots and before the tag."""
    html = written(made.scanned(reference=name))

    shown = re.search(r'class="of"><code class="name">(.*?)</code>', html)
    assert shown
    text = shown[1].replace("<wbr>", " ").replace("</span>", "]")
    assert lines.replace("].", ".]") == re.sub(r"<span[^>]*>", "[", text)


def test_platforms_are_named_and_an_index_by_its_own_digest() -> None:
    reference = f"registry.example/shop/web@sha256:{'f' * 64}"
    html = written(made.scanned(reference=reference, image=made.image(platform="linux/amd64")))

    assert f"{reference} (linux/amd64)" in plain(html)
    assert f"Exact name {reference} Digest judged {made.DIGEST} Identified by digest" in plain(html)


def test_a_digest_is_not_said_twice() -> None:
    text = plain(written(made.scanned(identified_by=IdentifiedBy.TAG)))

    assert "Identified by tag only: a later push may have moved it" in text
    assert f"Exact name {made.NAME.rpartition(':')[0]}@{made.DIGEST}" in text
    assert " Digest " not in text


def test_a_pass_says_everything_once() -> None:
    note = "Checks that are switched off: maintainer, yum_cache."
    scan = made.scan(checks_off=("maintainer", "yum_cache"))
    text = plain(written(made.scanned(scan=scan, notes=(note,))))

    assert 1 == text.count("maintainer") == text.count("no build risks")
    assert "Findings" not in text


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ([], "UNDECIDED No image was judged. Nothing judged is not a pass."),
        ([made.scanned()], "A finished, complete scan of this image found no build risks."),
        ([made.unscanned()], "No findings are known, which proves nothing"),
        ([made.scanned(), made.unscanned()], "No findings are known, which proves nothing"),
    ],
)
def test_no_findings_are_explained(images: list[ImageVerdict], expected: str) -> None:
    text = plain(written(*images))

    assert 1 == text.count(expected)


def test_an_undecided_image_that_is_let_through_is_said_loudly() -> None:
    one = plain(written(made.unscanned(Reason.STALE, tolerated=True)))
    two = plain(written(made.unscanned(tolerated=True), made.scanned()))

    assert one.startswith("UNDECIDED Let through by policy ")
    assert "Undecided because stale" in one
    assert "Security Center has no record that was identified as this image" in one
    assert "1 undecided and let through by policy, 1 passed." in two
    assert "UNDECIDED, LET THROUGH by policy" in two


def test_a_run_of_images_that_all_passed_says_so() -> None:
    assert plain(written(made.scanned(), made.scanned())).startswith(
        "PASS All 2 images passed, with evidence. Policy (built-in)"
    )


@pytest.mark.parametrize(
    ("scan", "expected"),
    [
        (made.scan(state=ScanState.STALE), "stale, the last one finished 2 h ago, at 2026"),
        (made.scan(state=ScanState.RUNNING, age=None), "running, the last one finished at 2026"),
        (made.scan(finished_at=None, age=None, checks_on=None), "Scan finished Digest judged"),
    ],
)
def test_states_of_scans(scan: object, expected: str) -> None:
    assert expected in plain(written(made.scanned(scan=scan)))


def test_what_is_not_known_of_a_record_is_said() -> None:
    text = plain(written(made.scanned(image=made.image(digest=""), identified_by=None)))

    assert "Digest judged unknown Identified by nothing for certain" in text


def test_a_level_that_is_not_known_is_shown_with_its_word() -> None:
    text = plain(
        written(made.scanned(made.decision(level=Level.UNKNOWN, level_word="fatal", name="")))
    )

    assert "unknown (fatal) no_user no_user" in text
    assert "unknown 1 0 0 0 1 high 0" in text


def test_chinese_texts_declare_their_language() -> None:
    html = written(made.scanned(made.decision(name="镜像以 root 用户运行", advice="添加 USER")))

    assert '<span class="title" lang="zh">镜像以 root 用户运行</span>' in html
    assert '<dd lang="zh">添加 USER</dd>' in html


def test_lines_of_commands_are_kept_and_runs_of_empty_ones_are_not() -> None:
    html = written(made.scanned(made.decision(command="RUN a \\\r\n\n\n\n\tb\u2028<c>\n")))

    assert '<code class="command">RUN a \\\n\n    b\n&#60;c&#62;</code>' in html


def test_groups_are_filtered_by_numbers() -> None:
    html = written(
        made.scanned(
            made.decision(Action.WARN, risk="b"),
            made.decision(Action.WARN, risk="a", status=Status.FALSE_POSITIVE),
        )
    )

    numbers = re.findall(r'<article class="risk warn" ([^>]*)>', html)
    common = 'data-action="1" data-level="1" data-risk="{}"'
    assert [common.format(0), common.format(1)] == numbers
    assert ["2", "0"] == re.findall(r'<li data-status="(\d)">', html)


def test_a_single_finding_among_thousands_can_be_seen_in_the_chart() -> None:
    html = written(made.scanned(made.decision(), *[made.decision(Action.ALLOW)] * 4999))

    widths = [float(width) for width in re.findall(r'<rect [^>]*width="([\d.]+)%"', html)]
    assert 1.4 < widths[0] < 2
    assert 99 < sum(widths) <= 100.01
    assert ">4,999</a>" in html


def test_several_policies_are_named_with_their_digests() -> None:
    sources = (PolicySource("a.yaml", made.HEX), PolicySource("b.yaml", made.HEX))
    text = plain(written(made.scanned(), policies=sources))

    assert "Policy a.yaml , b.yaml 2026" in text
    in_order(text, f"Policy a.yaml sha256:{made.HEX}", f"Policy b.yaml sha256:{made.HEX}")
