"""GitHub's runner reads the annotations that are meant, and no other command."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings

from gate.findings import Level, Location, Reason
from gate.report import render
from gate.verdict import Action, Verdict
from tests.report import verdicts as made

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def lines(*images: Any, **given: Any) -> list[str]:
    return render("github", made.run(*images, **given)).split("\n")[:-1]


def read(line: str) -> tuple[str, dict[str, str], str]:
    """Read a command as the runner does."""
    found = COMMAND.fullmatch(line)
    assert found, line
    properties = dict(pair.split("=", 1) for pair in found[2].split(","))
    return found[1], {key: plain(value) for key, value in properties.items()}, plain(found[3])


def plain(text: str) -> str:
    for escape, character in (("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, character)
    return text


def annotated(*images: Any) -> list[tuple[str, dict[str, str], str]]:
    return [read(line) for line in lines(*images) if line.startswith("::")]


@given(made.verdicts())
@settings(max_examples=80, deadline=None)
def test_no_command_is_begun_by_others(verdict: Verdict) -> None:
    text = render("github", verdict)
    shown = text.split("\n")

    assert shown[:-1] == text.splitlines()
    commands = [line for line in shown if line.lstrip().startswith("::")]
    assert shown[: len(commands)] == commands
    for command in commands:
        kind, properties, message = read(command)
        assert kind in ("error", "warning", "notice")
        assert {"title"} <= set(properties) <= {"title", "file", "line"}
        assert 0 < len(message) <= 4096
    assert not re.search(r"##\w*\[", text)
    assert text.encode("utf-8")
    assert not re.search(r"[^\n -~\u00a0-\U0010ffff]|[\u200b\u202e\u2028\ufeff]", text)
    assert shown[-2].endswith(f"(exit {int(verdict.exit_code)})")


def test_a_blocked_finding_is_an_error_where_it_points() -> None:
    blocked = made.decision(
        location=Location("a:b,c/Dockerfile", 7),
        waiver=made.waiver(expired=True),
        command="RUN a\nb 100%",
    )

    assert [
        (
            "error",
            {"file": "a:b,c/Dockerfile", "line": "7", "title": "block: no_user (high)"},
            (
                "The image runs as root\n"
                f"Image: {made.NAME}\n"
                "Advice: Add a USER.\n"
                "Why: The policy's block says so.\n"
                "Waiver: EXPIRED on 2027-01-31: vendor image\n"
                r"Build command: RUN a\nb 100%"
            ),
        )
    ] == annotated(made.scanned(blocked))


@pytest.mark.parametrize(
    ("action", "kinds"),
    [
        (Action.BLOCK, ["error"]),
        (Action.WARN, ["warning"]),
        (Action.WAIVED, ["notice"]),
        (Action.ALLOW, []),
    ],
)
def test_the_type_follows_the_decision(action: Action, kinds: list[str]) -> None:
    assert kinds == [kind for kind, _, _ in annotated(made.scanned(made.decision(action)))]


def test_an_undecided_image_is_an_error_and_a_tolerated_one_a_warning() -> None:
    message = "Security Center has not seen it. Ask for a scan (--scan missing)."
    assert [
        ("error", {"title": f"undecided (stale): {made.NAME}"}, f"{made.NAME}: {message}"),
        (
            "warning",
            {"title": f"undecided (stale), LET THROUGH by policy: {made.NAME}"},
            f"{made.NAME}: {message}",
        ),
    ] == annotated(made.unscanned(Reason.STALE, tolerated=True), made.unscanned(Reason.STALE))


def test_the_worst_nine_are_shown_and_how_many_more_there_are() -> None:
    low = [made.decision(level=Level.LOW) for _ in range(9)]
    shown = annotated(made.scanned(*low, made.decision(level=Level.HIGH)), made.unscanned())

    titles = [properties["title"] for _, properties, _ in shown]
    assert [
        f"undecided (missing): {made.NAME}",
        "block: no_user (high)",
        *["block: no_user (low)"] * 7,
        "and 2 more",
    ] == titles
    assert "and 2 more. The other reports have all of them." == shown[-1][2]


def test_nine_are_all_shown() -> None:
    assert 9 == len(annotated(made.scanned(*[made.decision()] * 9)))


def test_a_message_is_cut_at_what_github_shows() -> None:
    long = made.decision(command="%" * 9999, risk="r" * 999)
    [(_, properties, message)] = annotated(made.scanned(long))

    assert (4096, 200) == (len(message), len(properties["title"]))
    assert message.endswith("%...")


def test_the_lines_after_the_annotations_say_what_holds_for_the_run() -> None:
    image = made.scanned(notes=("::error::of the image",))

    assert [
        "SANDBOX: this verdict is about sample data, and says nothing about a real image.",
        "note: of the run",
        r"note: :\:error:\:of the image",
        f"policy: (built-in) sha256:{made.HEX}",
        f"PASS  SANDBOX  {made.NAME}: scanned 2 h ago, 14 checks on, 0 findings (exit 0)",
    ] == lines(image, notes=["of the run"], sandbox=True)
