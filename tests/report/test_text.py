"""The text report: what it says, and that nobody can make it say something else."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from gate.findings import IdentifiedBy, Level, Location, Reason, Scan, ScanState, Status
from gate.report import Style, render, wording
from gate.untrusted import for_terminal
from gate.verdict import Action, ImageVerdict, PolicySource, Verdict
from tests.report import verdicts as made

LINK = re.compile(r"\x1b\[[0-9;]*m")


def show(verdict: Verdict, **style: bool | int) -> str:
    return render("text", verdict, Style(**style))  # type: ignore[arg-type]


def last(verdict: Verdict, **style: bool | int) -> str:
    return show(verdict, **style).splitlines()[-1]


BLOCKED = made.scanned(made.decision(), made.decision(Action.WARN, level=Level.LOW))


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (
            made.run(made.scanned()),
            (
                "PASS  registry.cn-hangzhou.aliyuncs.com/shop/web:1.4: scanned 2 h ago, "
                "14 checks on, 0 findings (exit 0)"
            ),
        ),
        (
            made.run(made.scanned(made.decision(Action.WARN))),
            (
                "PASS  registry.cn-hangzhou.aliyuncs.com/shop/web:1.4: scanned 2 h ago, "
                "14 checks on, 1 finding (1 warned) (exit 0)"
            ),
        ),
        (
            made.run(BLOCKED),
            (
                "BLOCK  registry.cn-hangzhou.aliyuncs.com/shop/web:1.4: 1 of 2 findings blocked "
                "(exit 10)"
            ),
        ),
        (
            made.run(made.unscanned()),
            "UNDECIDED  registry.cn-hangzhou.aliyuncs.com/shop/web:1.4: missing (exit 3)",
        ),
        (
            made.run(made.unscanned(Reason.ACCESS, reference="h/a/b:1")),
            "UNDECIDED  h/a/b:1: access (exit 4)",
        ),
        (
            made.run(made.unscanned(Reason.SERVICE, reference="h/a/b:1")),
            "UNDECIDED  h/a/b:1: service (exit 5)",
        ),
        (
            made.run(made.unscanned(tolerated=True, reference="h/a/b:1")),
            "UNDECIDED  h/a/b:1: missing, LET THROUGH by policy (exit 0)",
        ),
        (made.run(), "UNDECIDED  no image was judged (exit 3)"),
        (
            made.run(made.scanned(), made.scanned(reference="h/a/b:1")),
            "PASS  all 2 images: 0 findings, none blocked (exit 0)",
        ),
        (
            made.run(
                BLOCKED,
                made.unscanned(reference="h/a/b:1"),
                made.scanned(reference="h/c:1"),
            ),
            (
                "BLOCK  1 of 3 images: registry.cn-hangzhou.aliyuncs.com/shop/web:1.4; 1 undecided "
                "(exit 10)"
            ),
        ),
        (
            made.run(made.unscanned(tolerated=True, reference="h/a:1"), made.scanned()),
            "UNDECIDED  1 of 2 images: h/a:1, LET THROUGH by policy (exit 0)",
        ),
        (
            made.run(*(made.unscanned(reference=f"h/a:{tag}") for tag in range(5))),
            "UNDECIDED  5 of 5 images: h/a:0, h/a:1, h/a:2 and 2 more (exit 3)",
        ),
    ],
)
def test_the_last_line_is_the_verdict(verdict: Verdict, expected: str) -> None:
    assert expected == last(verdict)


def test_the_verdict_line_is_whole_at_every_width() -> None:
    reference = f"{made.NAME}@{made.DIGEST}"
    verdict = made.run(made.scanned(made.decision(), reference=reference))

    expected = f"BLOCK  {reference}: 1 of 1 finding blocked (exit 10)"
    assert {expected} == {last(verdict, width=width) for width in (200, 80, 24)} | {last(verdict)}


def test_images_that_are_named_and_those_that_are_not_add_up() -> None:
    platforms = [
        made.unscanned(image=made.image(platform=f"linux/{name}"), reference="h/a:1")
        for name in ("amd64", "arm64", "s390x", "riscv64")
    ]

    assert (
        "UNDECIDED  4 of 4 images: h/a:1 (linux/amd64), h/a:1 (linux/arm64), h/a:1 (linux/s390x) "
        "and 1 more (exit 3)"
    ) == last(made.run(*platforms))


def test_quiet_is_one_whole_line() -> None:
    verdict = made.run(made.unscanned(), notes=["a note"])

    assert (
        "UNDECIDED  registry.cn-hangzhou.aliyuncs.com/shop/web:1.4: missing: Security Center has "
        "not seen it. Ask for a scan (--scan missing). [policy (built-in)] (exit 3)\n"
    ) == show(verdict, quiet=True, width=40)


def test_quiet_names_the_policies_and_those_that_block_nothing() -> None:
    policies = (
        PolicySource("org.yaml", made.HEX),
        PolicySource("team.yaml", made.HEX, blocks_nothing=True),
    )

    assert last(made.run(made.scanned(), policies=policies), quiet=True).endswith(
        " 0 findings [policies org.yaml, team.yaml (blocks nothing)] (exit 0)"
    )


@pytest.mark.parametrize("quiet", [False, True])
def test_a_sandbox_is_said_loudly(quiet: bool) -> None:  # noqa: FBT001 - a parameter
    text = show(made.run(made.scanned(), sandbox=True), quiet=quiet)

    assert text.startswith("PASS  SANDBOX  " if quiet else "SANDBOX: this verdict is about sample")
    assert "SANDBOX  " in text.splitlines()[-1]


def test_a_blocked_image() -> None:
    reference = f"{made.NAME}@{made.DIGEST}"
    image = made.scanned(
        made.decision(Action.ALLOW, risk="fine"),
        made.decision(Action.WARN, risk="no_healthcheck", name="", level=Level.LOW),
        made.decision(risk="second", level=Level.MEDIUM, status=Status.IGNORED),
        made.decision(location=Location("Dockerfile", 12)),
        made.decision(risk="odd", level=Level.UNKNOWN, level_word="critical", command=""),
        reference=reference,
        scan=made.scan(checks_off=("a_check", "b_check")),
    )
    assert f"""\
{reference}
 verdict BLOCK: 3 findings blocked by policy.
 digest  {made.DIGEST}
 record  identified by digest
 scan    finished, 2 h ago, at 2026-03-01 10:00:00 UTC, 14 checks on
 off     a_check, b_check (not checked)

  BLOCK   unknown (critical)  odd: The image runs as root
          advice   Add a USER.
  BLOCK   high    no_user: The image runs as root
          command  CMD web
          place    Dockerfile:12
          advice   as for odd above
  BLOCK   medium  second: The image runs as root [ignored]
          command  CMD web
          advice   as for odd above
  WARN    low     no_healthcheck
          command  CMD web
  1 allowed (-v shows it)

findings   unknown  high  medium  low
  blocked        1     1       1    0
  warned         0     0       0    1
  allowed        0     1       0    0

note    mind this
policy  (built-in) {made.DIGEST}
asked   https://tds.aliyuncs.com (cn-hangzhou)

BLOCK  {reference}: 3 of 5 findings blocked (exit 10)
""" == show(made.run(image, notes=["mind\nthis"]))


def test_verbose_shows_every_finding_and_why() -> None:
    image = made.scanned(
        made.decision(
            Action.WAIVED,
            rule="root",
            waiver=made.waiver(owner="team", ticket="T-1"),
            description="Runs as root",
            layer=made.DIGEST,
        ),
        made.decision(Action.ALLOW, risk="fine"),
    )
    text = show(made.run(image), verbose=True)

    for expected in (
        " record  identified by digest; uuid-1, shop/web:1.4, cn-hangzhou\n",
        "  WAIVED  high    no_user: The image runs as root\n",
        " waiver       until 2027-01-31: vendor image (team, T-1)\n",
        " description  Runs as root\n",
        f" layer        {made.DIGEST[:40]}",
        " why          The policy's block says so.\n",
        " rule         root\n",
        "  ALLOW   high    fine: The image runs as root\n",
    ):
        assert expected in text


def test_an_expired_waiver_is_shown_beside_its_finding() -> None:
    over = made.waiver(expires=date(2026, 1, 1), expired=True)
    text = show(made.run(made.scanned(made.decision(waiver=over))))

    assert " waiver   EXPIRED on 2026-01-01: vendor image\n" in text


def test_notes_stand_once_on_what_they_are_about() -> None:
    text = show(made.run(made.scanned(notes=("of the image",)), notes=["of the run"]))

    assert 1 == text.count("\n note    of the image\n")
    assert 1 == text.count("\nnote    of the run\n")
    assert 2 == text.count("note ")


def test_findings_of_a_risk_stand_together_in_the_order_of_their_numbers() -> None:
    steps = [made.decision(command=f"RUN step-{number}") for number in (10, 9, 101, 9)]
    other = made.decision(risk="curl_pipe", command="RUN curl", level=Level.MEDIUM)
    ignored = made.decision(command="RUN step-1", status=Status.IGNORED)
    text = show(made.run(made.scanned(other, *steps, ignored)))

    assert (
        """
  BLOCK   high    no_user: The image runs as root [ignored]
          command  RUN step-1
          advice   Add a USER.
  BLOCK   high    no_user: The image runs as root (4 findings)
          command  RUN step-9
          command  RUN step-10
          command  RUN step-101
          advice   as above
  BLOCK   medium  curl_pipe: The image runs as root
          command  RUN curl
          advice   as for no_user above

findings   high  medium  low
  blocked     5       1    0
"""
        in text
    )


def test_equal_advice_stands_once_in_a_report() -> None:
    images = [made.scanned(made.decision(), reference=f"h/a:{tag}") for tag in range(3)]

    assert 1 == show(made.run(*images)).count("Add a USER.")


def test_a_pass_that_rests_on_waivers_names_them() -> None:
    waived = [
        made.decision(Action.WAIVED, waiver=made.waiver(owner="team"), command=f"RUN {number}")
        for number in range(2)
    ]
    text = show(made.run(made.scanned(*waived)))

    assert (
        "\n  WAIVED  high    no_user: The image runs as root (2 findings)\n"
        "          waiver   until 2027-01-31: vendor image (team)\n"
    ) in text


def test_a_long_command_is_shown_whole_only_with_verbose() -> None:
    verdict = made.run(made.scanned(made.decision(command="x" * 450)))

    assert f"command  {'x' * 400} ... (50 more characters: -v)\n" in show(verdict)
    assert "x" * 450 in show(verdict, verbose=True)


def test_a_long_command_is_cut_between_two_words() -> None:
    command = f"RUN {'x' * 380} /usr/local/bin/a-program"
    text = show(made.run(made.scanned(made.decision(command=command))))

    assert f"{'x' * 380} ... (25 more characters: -v)\n" in text


def test_an_undecided_image_says_what_to_do() -> None:
    text = show(made.run(made.unscanned()))

    assert " verdict UNDECIDED (missing): Security Center has not seen it. Ask for a scan" in text
    assert (
        " record  none of Security Center's was identified as this image\n scan    missing" in text
    )


def test_a_tolerated_image_is_said_loudly() -> None:
    text = show(made.run(made.unscanned(tolerated=True), made.scanned()))

    assert "UNDECIDED, LET THROUGH by policy (missing): " in text
    assert f"UNDECIDED  {made.NAME}: missing, LET THROUGH by policy\n" in text


@pytest.mark.parametrize(
    ("scan", "expected"),
    [
        (Scan(state=ScanState.FAILED), " scan    failed\n"),
        (
            made.scan(state=ScanState.STALE, age=timedelta(days=40), checks_on=None),
            " scan    stale, the last one finished 40 days ago, at 2026-03-01 10:00:00 UTC\n",
        ),
        (
            made.scan(state=ScanState.RUNNING, age=None, checks_on=1),
            " scan    running, the last one finished at 2026-03-01 10:00:00 UTC, 1 check on\n",
        ),
        (made.scan(age=timedelta(seconds=-5)), "finished, 0 s ago"),
        (made.scan(age=timedelta(minutes=5)), "finished, 5 min ago"),
    ],
)
def test_the_state_of_the_scan(scan: Scan, expected: str) -> None:
    assert expected in show(made.run(made.unscanned(scan=scan)))


def test_an_image_known_by_its_tag_only() -> None:
    image = made.scanned(identified_by=IdentifiedBy.TAG, image=made.image(digest=""))
    text = show(made.run(image))

    assert " digest  unknown\n record  identified by tag only: a later push" in text


def test_a_record_that_nothing_ties_to_the_image() -> None:
    text = show(made.run(made.unscanned(image=made.image())))

    assert " record  not identified\n" in text


def test_platforms_are_told_apart() -> None:
    images = [
        made.scanned(image=made.image(platform=platform))
        for platform in ("linux/amd64", "linux/arm64")
    ]
    text = show(made.run(*images))

    assert f"{made.NAME} (linux/arm64)\n" in text
    assert f"PASS       {made.NAME} (linux/amd64): clean\n" in text


def test_images_are_parted_by_a_line_that_the_encoding_has() -> None:
    verdict = made.run(BLOCKED, made.scanned())

    assert f"\n{'─' * 80}\n" in show(verdict)
    assert f"\n{'-' * 80}\n" in show(verdict, ascii=True)
    assert show(verdict, ascii=True).isascii()


def test_colours_change_nothing_but_colours() -> None:
    verdict = made.run(BLOCKED, made.unscanned(tolerated=True), sandbox=True, notes=["a note"])
    coloured = show(verdict, colour=True)

    assert "\x1b[1;31mBLOCK\x1b[0m" in coloured
    assert "\x1b[31mhigh\x1b[0m" in coloured
    assert show(verdict) == LINK.sub("", coloured)


def test_markup_and_links_are_shown_as_they_are() -> None:
    text = "[red]x[/red] [link=http://h.example]:smile: 42 'q' http://h.example"
    shown = show(made.run(made.scanned(made.decision(name=text))), colour=True, width=120)

    assert text in shown


def test_others_cannot_write_a_line_of_their_own() -> None:
    lie = "x\nPASS  all fine (exit 0)\r\x1b[2J\u202e::set-output name=verdict::pass"
    image = made.scanned(
        made.decision(command=lie, advice=lie, name=lie, risk=lie, because=lie), reference=lie
    )
    text = show(made.run(image, notes=[lie]), width=200)

    assert not any(line.startswith("PASS") for line in text.splitlines())
    assert r"x\nPASS  all fine (exit 0)\r\x1b[2J\u202e:\:set-output name=verdict:\:pass" in text
    assert text.splitlines()[-1].startswith("BLOCK  ")


styles = st.builds(
    Style,
    width=st.sampled_from([None, 1, 24, 40, 80, 200]),
    colour=st.booleans(),
    verbose=st.booleans(),
    ascii=st.booleans(),
)


@given(made.verdicts(), styles)
@settings(max_examples=60, deadline=None)
def test_every_report_keeps_its_form(verdict: Verdict, style: Style) -> None:
    text = LINK.sub("", render("text", verdict, style))
    lines = text.split("\n")

    assert "" == lines.pop()
    assert lines[-1].startswith(f"{verdict.outcome.value.upper()}  ")
    assert lines[-1].endswith(f"(exit {int(verdict.exit_code)})")
    for line in lines:
        assert line == line.rstrip(" ")
        assert not line.lstrip().startswith("::")
    assert "##[" not in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e\u2028\ud800]", text)


@given(made.verdicts(), styles)
@settings(max_examples=60, deadline=None)
def test_only_spaces_become_the_ends_of_lines(verdict: Verdict, style: Style) -> None:
    """Whatever the width, a name, a digest or a path is as whole as in a log, where all lines are.

    Names and paths may hold spaces, too; where they stand by themselves they are not folded.
    """
    log = render("text", verdict, replace(style, width=None, colour=False))
    text = LINK.sub("", render("text", verdict, style))

    assert _words(log) == _words(text)
    assert log.splitlines()[-1] == text.splitlines()[-1]
    for image in verdict.images:
        assert wording.full_name(image) == "" or f"{_name(image)}\n" in text
    for policy in verdict.policies:
        assert for_terminal(wording.folded(policy.path)) in text
        assert f"sha256:{policy.sha256}\n" in text


def _words(text: str) -> list[str]:
    return [word for word in text.split() if word.strip("─-")]


def _name(image: ImageVerdict) -> str:
    return for_terminal(wording.full_name(image)).rstrip(" ")


@pytest.mark.parametrize("width", [24, 60, 80, 120])
def test_a_line_is_wider_than_the_terminal_only_by_what_must_not_be_folded(width: int) -> None:
    prose = "a finding of the scan whose description is long, such as this one, " * 3
    image = made.scanned(made.decision(advice=prose, name=prose), notes=(prose,))
    whole = re.compile(r"(BLOCK|PASS|UNDECIDED)  .*\(exit [0-9]+\)|[─-]+")
    for line in show(made.run(image), width=width).splitlines():
        longest = max(map(cell_len, line.split()), default=0)
        assert cell_len(line) <= max(width, longest + 20) or whole.fullmatch(line)
    assert "\n" not in show(made.run(image)).partition(prose)[1]


@given(made.verdicts())
@settings(max_examples=50, deadline=None)
def test_quiet_is_always_one_line(verdict: Verdict) -> None:
    lines = render("text", verdict, Style(quiet=True)).split("\n")

    assert 2 == len(lines)
    assert lines[0].endswith(f"(exit {int(verdict.exit_code)})")


def test_a_pass_without_a_known_age_still_says_that_the_scan_is_finished() -> None:
    verdict = made.run(made.scanned(reference="h/a:1", scan=made.scan(age=None, checks_on=None)))

    assert "PASS  h/a:1: scan finished, 0 findings (exit 0)" == last(verdict)
