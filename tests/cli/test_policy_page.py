"""docs/policy-as-code.md as a newcomer follows it: every command of it, and what it shows."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pytest

from gate.sandbox import SampleFinding, SampleImage, World, sample_world
from tests.project.markdown import Page
from tests.rigs.command import HOST, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

PAGE = Page.read("docs/policy-as-code.md")
STEPS = [
    snippet
    for snippet in Page(PAGE.name, PAGE.text.partition("\n## Pipelines\n")[0]).snippets
    if snippet.language in {"sh", "text"}
]
FILES = {
    ".buildrisk-gate.yaml": PAGE.snippet("yaml", "clicked away in the console"),
    ".buildrisk-gate.test.yaml": PAGE.snippet("yaml", "reference: shop/new:1.0"),
}
BOTH = ("-p", ".buildrisk-gate.yaml", "-p", "baseline.yaml")
CODES = {"audit": [10, 3], "forecast": [10]}
"""Of each command, how its runs end that don't end with 0."""

# The page is about the end of 2026; the waivers that it makes must not end before the tests run.
NOW = datetime.now(UTC).year
YEARS = {"2026": f"{NOW}", "2027": f"{NOW + 1}"}


class Step(NamedTuple):
    """One command of the page: its arguments, and the file that it writes."""

    arguments: list[str]
    file: str = ""

    @classmethod
    def read(cls, line: str) -> Step:
        words = shlex.split(_today(line))
        assert "gate" == words.pop(0)
        if ">" in words:
            *words, _, file = words
            return cls(words, file)
        return cls(words)

    @property
    def name(self) -> str:
        return self.arguments[1] if self.arguments[0] == "policy" else self.arguments[0]

    def run(self, gate: Gate, *more: str) -> Result:
        result = gate(*self.arguments, *more)
        if self.file:
            Path(self.file).write_text(result.out, encoding="utf-8")
        return result


def _today(text: str) -> str:
    return re.sub(r"\b2026\b|\b2027\b", lambda match: YEARS[match[0]], text)


def _steady(text: str) -> str:
    """Leave out days and digests, which are others with each day and version."""
    text = re.sub(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?|in \d+ days", "…", text)
    return re.sub(r"sha256:[0-9a-f]{12}", "sha256:…", text)


def commands(text: str) -> Iterator[Step]:
    """Yield the gate's commands of a snippet; others are those of a checkout."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("gate "):
            yield Step.read(line)


def write_files() -> None:
    for name, text in FILES.items():
        Path(name).write_text(_today(text), encoding="utf-8")
    Path("old.yaml").write_text(FILES[".buildrisk-gate.yaml"], encoding="utf-8")


def follow(gate: Gate, step: Step) -> Result:
    """Run a command of the page, in the sandbox, at the time that the page speaks of."""
    match step.name:
        case "audit" | "check":
            return step.run(gate, "--sandbox")
        case "forecast":
            return step.run(gate, "--at", _today("2026-12-15"))
        case _:
            return step.run(gate)


@pytest.fixture
def followed(gate: Gate) -> list[tuple[Step, Result]]:
    """Run all that the page shows before its pipelines, but what comes after a repair."""
    snippets = [snippet.text for snippet in STEPS if snippet.language == "sh"]
    first, *others = [step for text in snippets for step in commands(text)]
    looked = (first, follow(gate, first))
    write_files()  # as steps 2 and 6 say
    return [looked, *((step, follow(gate, step)) for step in others if step.name != "prune")]


def repaired() -> World:
    """Return the sandbox's images, of which those of shop/api have no findings any more."""
    world = sample_world()
    world.images[:] = [
        msgspec.structs.replace(image, findings=()) if image.name == "shop/api" else image
        for image in world.images
    ]
    return world


def test_every_command_ends_as_the_page_says(followed: list[tuple[Step, Result]]) -> None:
    names = [step.name for step, _ in followed]
    assert {"audit", "validate", "diff", "explain", "waive", "check", "test"} < set(names)
    for name in set(names):
        codes = [result.code for step, result in followed if step.name == name]
        assert CODES.get(name, [0] * len(codes)) == codes, name


def test_the_page_shows_what_the_commands_show(followed: list[tuple[Step, Result]]) -> None:
    outputs = [_steady(result.out) for _, result in followed]
    shown = [snippet.text for snippet in STEPS if snippet.language == "text"]

    missing = [text for text in shown if not any(_steady(text) in each for each in outputs)]

    assert 7 == len(shown)
    assert ["baseline.yaml:6: no_user for shop/api covers nothing any more"] == [
        text.splitlines()[0] for text in missing
    ]


def test_with_the_baseline_nothing_blocks_and_something_new_does(
    gate: Gate, serve: Serve, followed: list[tuple[Step, Result]]
) -> None:
    assert followed
    root = SampleFinding(risk="no_user", command="USER root")
    sudo = SampleFinding(risk="sudo", level="medium", command="RUN sudo true")
    old = SampleImage(namespace="shop", repository="web", tag="2.0", findings=(root,))
    new = SampleImage(namespace="shop", repository="web", tag="2.1", findings=(root, sudo))
    other = SampleImage(namespace="shop", repository="new", tag="1.0", findings=(root,))
    with serve(old, new, other) as sandbox:
        there = ("--endpoint", sandbox.url, "--wait", "0", *BOTH)
        results = [
            gate("check", *there, f"{HOST}/{one.name}:{one.tag}@{one.digest}")
            for one in (old, new, other)
        ]

    assert [0, 10, 10] == [result.code for result in results]
    assert "BLOCK   medium  sudo" in results[1].out
    assert "WAIVED  high    no_user" in results[1].out
    assert "BLOCK   high    no_user" in results[2].out


def test_the_page_quotes_the_line_of_a_check(followed: list[tuple[Step, Result]]) -> None:
    [last] = [result.out.splitlines()[-1] for step, result in followed if step.name == "check"]
    [quoted] = re.findall(r"`(\d findings .*?)`", PAGE.text)

    assert quoted in last


def test_images_not_scanned_yet_pass_if_both_files_say_so(
    gate: Gate, followed: list[tuple[Step, Result]]
) -> None:
    assert followed
    [added] = re.findall(r"add `(undecided: .*?)`", PAGE.text)
    codes = []
    for name in (".buildrisk-gate.yaml", "baseline.yaml"):
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(f"{_today(added)}\n")
        images = ("--sandbox", "--wait", "0", f"{HOST}/shop/batch:3.1")
        codes.append(gate("check", *BOTH, *images).code)

    assert [3, 0] == codes


def test_after_a_repair_its_waiver_can_go_and_only_that(
    gate: Gate, serve: Serve, followed: list[tuple[Step, Result]]
) -> None:
    assert followed
    before = Path("baseline.yaml").read_text(encoding="utf-8")
    with serve(world=repaired()) as sandbox:
        audit = ("audit", "--endpoint", sandbox.url, "--region", "cn-hangzhou", *BOTH)
        assert 3 == gate(*audit, "--report", "cases=audit.cases").code
    [step] = commands(PAGE.section("A baseline that only shrinks").snippets[0].text)
    shown = step.run(gate)
    written = step.run(gate, "--write")

    assert PAGE.section("A baseline that only shrinks").snippets[1].text == shown.out
    assert shown.out.replace("PRUNABLE", "PRUNED") == written.out
    gone = re.search(r"  - risks: \[no_user\]\n    images: \[shop/api\]\n.*\n.*\n", before)
    assert gone is not None
    assert before.replace(gone[0], "") == Path("baseline.yaml").read_text(encoding="utf-8")
    assert 0 == gate("policy", "test", "--coverage").code


def test_the_lines_for_other_systems_run_in_any_shell(
    gate: Gate, followed: list[tuple[Step, Result]]
) -> None:
    assert followed
    snippet = PAGE.section("Elsewhere").snippet("sh", "gate audit")
    results = [(step.name, follow(gate, step).code) for step in commands(snippet)]

    assert [("audit", 3), ("test", 0), ("diff", 0), ("forecast", 10), ("prune", 0)] == results
