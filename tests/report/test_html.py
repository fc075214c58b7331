"""The page holds what it is made of as text, and runs and loads nothing of others."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from gate import __version__
from gate.findings import IdentifiedBy, Level, Location, Reason, ScanState, Status
from gate.report import render
from gate.untrusted import visible
from gate.verdict import Action, ImageVerdict, PolicySource, Verdict
from tests.report import verdicts as made

VOID = {"input", "link", "meta"}
TAGS = {
    "a", "body", "button", "code", "dd", "details", "div", "dl", "dt", "footer", "h1", "h2", "head",
    "header", "html", "input", "label", "li", "link", "main", "meta", "option", "p", "path", "rect",
    "script", "section", "select", "span", "strong", "style", "summary", "svg", "table", "tbody",
    "td", "tfoot", "th", "thead", "time", "title", "tr", "ul",
}  # fmt: skip


class Read(HTMLParser):
    """What a parser makes of a page."""

    def __init__(self, document: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
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
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def count(self, tag: str, **attributes: str) -> int:
        return sum(name == tag and attributes.items() <= a.items() for name, a in self.tags)

    @property
    def text(self) -> str:
        shown = [t for tag, texts in self.texts.items() if tag not in CODE for t in texts]
        return "\n".join(shown)


CODE = {"script", "style"}


def written(*images: ImageVerdict, **given: object) -> str:
    return render("html", made.run(*images, **given))  # type: ignore[arg-type]


def in_order(text: str, *expected: str) -> None:
    at = 0
    for each in expected:
        found = text.find(each, at)
        assert found >= 0, each
        at = found + len(each)


def plain(html: str) -> str:
    """Return what is to be read in the page's body, its tags as spaces."""
    body = html.partition("<body>")[2].partition("<script>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", body).replace("&#39;", "'").split())


@given(made.verdicts())
@settings(max_examples=40, deadline=None)
def test_nobody_elses_markup_is_in_it(verdict: Verdict) -> None:
    text = render("html", verdict)
    read = Read(text)

    assert [] == read.open
    assert TAGS >= {tag for tag, _ in read.tags}
    assert 1 == read.count("script") == read.count("style") == read.count("title")
    findings = [each for image in verdict.images for each in image.decisions]
    assert len(findings) == read.count("td", **{"class": "risk"})
    assert len(verdict.images) == sum(
        tag == "details" and "image" in (attributes.get("class") or "").split()
        for tag, attributes in read.tags
    )
    for tag, attributes in read.tags:
        assert not {name for name in attributes if name.startswith("on")} | {"style"} & {
            *attributes
        }
        assert "src" not in attributes
        if "href" in attributes and tag != "link":
            assert "#findings" == attributes["href"]
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


@given(made.verdicts())
@settings(max_examples=20, deadline=None)
def test_texts_of_others_can_be_read(verdict: Verdict) -> None:
    text = re.sub(r"\s+", "", Read(render("html", verdict)).text)

    for image in verdict.images:
        for expected in (image.reference, *image.notes):
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


def test_the_verdict_stands_first_then_the_image_then_its_findings() -> None:
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
        f"BLOCK {made.NAME} 1 finding blocked by policy. Exit code 10",
        f"BLOCK {made.NAME} 1 blocked, 1 allowed Reason blocked",
        f"Digest {made.DIGEST} Identified by digest",
        "Scan finished, 2 h ago, at 2026-03-01 10:00:00 UTC, 14 checks on",
        "Not checked maintainer Record uuid-1 , shop/web:1.4 , cn-hangzhou Note of the image",
        "1 note of the run",
        "Findings by level and decision",
        "high 1 0 0 0 1 medium 0 0 0 0 0 low 0 0 0 1 1 All 1 0 0 1 2",
        "2 findings",
        "2 of 2 shown Decision Level Risk Status Blocked high",
        "The image runs as root no_user Dockerfile:3 CMD web Build command CMD web",
        "Layer sha256:00 Description Runs as root Advice Add a USER. Why The policy's block says",
        "Rule root Waiver EXPIRED on 2027-01-31: vendor image (team, T-1) Class Other, other",
        "unhandled Allowed low",
        "apk keeps its cache apk",
        f"About this run Policy (built-in) sha256:{made.HEX}",
        "Asked https://tds.aliyuncs.com (cn-hangzhou) Generated at 2026-03-01 12:00:00 UTC",
        f"Tool buildrisk-gate {__version__}",
    )


def test_several_images_stand_the_worst_first_and_rows_say_whose_they_are() -> None:
    passed = [made.scanned(reference=f"registry.example/shop/{n}:1") for n in "abcd"]
    blocked = made.scanned(made.decision(), reference="registry.example/shop/z:1")
    html = written(*passed, made.unscanned(), blocked)
    read = Read(html)

    in_order(plain(html), "Of 6 images: 1 blocked, 1 undecided, 4 passed.", "BLOCK", "UNDECIDED")
    assert "<title>BLOCK: 6 images</title>" in html
    assert 2 == read.count("details", open=None)  # type: ignore[arg-type]
    assert ">shop/z:1</td>" in html
    assert 6 + 1 == len(re.findall("<option", html.partition('data-filter="image"')[2]))


def test_images_of_the_same_name_on_several_hosts_are_named_with_them() -> None:
    html = written(
        made.scanned(made.decision(), reference="one.example/shop/web:1"),
        made.scanned(made.decision(), reference="two.example/shop/web:1"),
    )

    assert ">one.example/shop/web:1</td>" in html


def test_platforms_are_named_and_an_index_by_its_own_digest() -> None:
    reference = f"registry.example/shop/web@sha256:{'f' * 64}"
    html = written(made.scanned(reference=reference, image=made.image(platform="linux/amd64")))

    assert f"{reference} (linux/amd64)" in plain(html)
    assert f"Digest {made.DIGEST} Identified by digest By digest {reference}" in plain(html)


def test_a_digest_is_not_said_twice() -> None:
    text = plain(written(made.scanned(identified_by=IdentifiedBy.TAG)))

    assert "Identified by tag only: a later push may have moved it" in text
    assert f"By digest {made.NAME.rpartition(':')[0]}@{made.DIGEST}" in text
    assert " Digest " not in text


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ([], "There are no findings because no image was judged."),
        ([made.scanned()], "No build risks were found (scanned 2 h ago, 14 checks on)."),
        ([made.scanned(), made.unscanned()], "No findings are known, which proves nothing"),
    ],
)
def test_no_findings_are_explained(images: list[ImageVerdict], expected: str) -> None:
    html = written(*images)

    assert expected in plain(html)
    assert 'id="table"' not in html


def test_a_run_without_images_is_not_taken_for_a_pass() -> None:
    text = plain(written())

    assert text.startswith("UNDECIDED No image was judged. Nothing judged is not a pass.")


def test_an_undecided_image_that_is_let_through_is_said_loudly() -> None:
    one = plain(written(made.unscanned(Reason.STALE, tolerated=True)))
    two = plain(written(made.unscanned(tolerated=True), made.scanned()))

    assert one.startswith("UNDECIDED Let through by policy ")
    assert "UNDECIDED, LET THROUGH by policy" in one
    assert "Record None of Security Center's was identified as this image." in one
    assert "1 undecided and let through by policy, 1 passed." in two


def test_a_run_of_images_that_all_passed_says_so() -> None:
    assert plain(written(made.scanned(), made.scanned())).startswith(
        "PASS All 2 images passed, with evidence. Exit code 0"
    )


@pytest.mark.parametrize(
    ("scan", "expected"),
    [
        (made.scan(state=ScanState.STALE), "stale, the last one finished 2 h ago, at 2026"),
        (made.scan(state=ScanState.RUNNING, age=None), "running, the last one finished at 2026"),
        (made.scan(finished_at=None, age=None, checks_on=None), "Scan finished Record"),
    ],
)
def test_states_of_scans(scan: object, expected: str) -> None:
    assert expected in plain(written(made.scanned(scan=scan)))


def test_what_is_not_known_of_a_record_is_said() -> None:
    text = plain(written(made.scanned(image=made.image(digest=""), identified_by=None)))

    assert "Digest unknown Identified by nothing for certain" in text


def test_a_level_that_is_not_known_is_shown_with_its_word() -> None:
    text = plain(
        written(made.scanned(made.decision(level=Level.UNKNOWN, level_word="fatal", name="")))
    )

    assert "unknown (fatal) no_user no_user" in text
    assert "unknown 1 0 0 0 1 high 0" in text


def test_chinese_texts_declare_their_language() -> None:
    html = written(made.scanned(made.decision(name="镜像以 root 用户运行", advice="添加 USER")))

    assert '<span class="name" lang="zh">镜像以 root 用户运行</span>' in html
    assert '<dd lang="zh">添加 USER</dd>' in html


def test_lines_of_commands_are_kept_and_runs_of_empty_ones_are_not() -> None:
    html = written(made.scanned(made.decision(command="RUN a \\\r\n\n\n\n\tb\u2028<c>\n")))

    assert "<dd><code>RUN a \\\n\n    b\n&#60;c&#62;</code></dd>" in html


def test_rows_are_sorted_and_filtered_by_numbers() -> None:
    html = written(
        made.scanned(
            made.decision(Action.WARN, risk="b"),
            made.decision(Action.WARN, risk="a", status=Status.FALSE_POSITIVE),
        )
    )

    numbers = re.findall(r'<tr role="row" ([^>]*)>', html.partition("<tbody role")[2])
    common = 'data-action="1" data-level="1" data-risk="{}" data-status="{}" data-image="0"'
    assert [common.format(0, 2), common.format(1, 0)] == numbers


def test_a_single_finding_among_thousands_can_be_seen_in_the_chart() -> None:
    html = written(made.scanned(made.decision(), *[made.decision(Action.ALLOW)] * 4999))

    widths = [float(width) for width in re.findall(r'<rect [^>]*width="([\d.]+)%"', html)]
    assert 1.4 < widths[0] < 2
    assert 99 < sum(widths) <= 100.01
    assert ">4,999</a>" in html


def test_several_policies_are_named_with_their_digests() -> None:
    sources = (PolicySource("a.yaml", made.HEX), PolicySource("b.yaml", made.HEX))
    text = plain(written(made.scanned(), policies=sources))

    in_order(text, f"Policy a.yaml sha256:{made.HEX}", f"Policy b.yaml sha256:{made.HEX}")
