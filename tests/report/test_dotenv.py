"""Later jobs of GitLab get the variables that are meant, and no other."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from gate.findings import Reason
from gate.report import render
from gate.verdict import Action, ImageVerdict, PolicySource, Verdict
from tests.report import verdicts as made

NAMES = [
    *("GATE_VERDICT", "GATE_EXIT_CODE", "GATE_IMAGE", "GATE_BLOCKED", "GATE_WARNED"),
    "GATE_POLICY",
]
HOST = "registry.cn-hangzhou.aliyuncs.com"


def variables(verdict: Verdict) -> dict[str, str]:
    """Read the file as GitLab does."""
    lines = render("dotenv", verdict).splitlines()
    found = [re.fullmatch(r"(.*?)=(.*)", line) for line in lines]
    return {match[1].strip(): match[2].strip() for match in found if match}


def pushed(number: int) -> ImageVerdict:
    return replace(
        made.scanned(reference=f"{HOST}/shop/web{number}:1.4"), digest=f"sha256:{number:064x}"
    )


@given(made.verdicts())
@settings(max_examples=100, deadline=None)
def test_no_text_of_others_is_a_variable(verdict: Verdict) -> None:
    text = render("dotenv", verdict)

    names = [*NAMES, *["GATE_SANDBOX"] * verdict.service.sandbox]
    assert names == [line.partition("=")[0] for line in text.split("\n")[:-1]]
    assert re.fullmatch(r"(?:\w+=[\w./:@=+,\[\] -]*\n)+", text, re.ASCII)
    assert len(text) < 5 * 1024


def test_the_variables_say_what_was_judged() -> None:
    image = replace(
        made.scanned(made.decision(), made.decision(Action.WARN), made.decision(Action.WARN)),
        digest=made.DIGEST,
    )

    assert {
        "GATE_VERDICT": "block",
        "GATE_EXIT_CODE": "10",
        "GATE_IMAGE": f"{HOST}/shop/web@{made.DIGEST}",
        "GATE_BLOCKED": "1",
        "GATE_WARNED": "2",
        "GATE_POLICY": f"built-in@{made.DIGEST}",
    } == variables(made.run(image))


def test_an_image_without_a_digest_is_not_named() -> None:
    assert {
        "GATE_VERDICT": "undecided",
        "GATE_EXIT_CODE": "3",
        "GATE_IMAGE": "",
        "GATE_BLOCKED": "0",
        "GATE_WARNED": "0",
        "GATE_POLICY": f"built-in@{made.DIGEST}",
    } == variables(made.run(made.unscanned(Reason.MISSING)))


def test_several_images_are_joined_by_a_comma() -> None:
    assert [f"{HOST}/shop/web{each}@sha256:{each:064x}" for each in (1, 2)] == variables(
        made.run(pushed(1), pushed(2))
    )["GATE_IMAGE"].split(",")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no sh")
@given(made.verdicts())
@settings(max_examples=20, deadline=None)
def test_a_shell_that_sources_the_file_gets_the_same_values(verdict: Verdict) -> None:
    several = made.run(*verdict.images, pushed(1), pushed(2))
    shown = " ".join(f'"${name}"' for name in NAMES)
    program = f"set -eu; . /dev/stdin; printf '%s\\n' {shown}"
    done = subprocess.run(
        ["/bin/sh", "-c", program],
        check=True,
        capture_output=True,
        input=render("dotenv", several),
        encoding="utf-8",
        env={},
        cwd="/",
    )
    expected = variables(several)
    assert [expected[name] for name in NAMES] == done.stdout.splitlines()
    assert "" == done.stderr


def test_a_list_that_gitlab_would_refuse_is_left_out_whole() -> None:
    images = [pushed(number) for number in range(1, 200)]
    fitting = next(
        number
        for number in range(1, 200)
        if not variables(made.run(*images[:number]))["GATE_IMAGE"]
    )

    assert 40 < fitting < 60
    assert fitting - 1 == len(variables(made.run(*images[: fitting - 1]))["GATE_IMAGE"].split(","))
    assert len(render("dotenv", made.run(*images[: fitting - 1]))) < 5 * 1024


def test_a_run_of_the_sandbox_says_so() -> None:
    assert "SANDBOX" == variables(made.run(made.scanned(), sandbox=True))["GATE_SANDBOX"]


def test_policies_are_joined_by_a_comma_and_left_out_if_they_need_too_much_room() -> None:
    def named(*paths: str) -> str:
        policies = [PolicySource(path, made.HEX) for path in paths]
        return variables(made.run(pushed(1), policies=policies))["GATE_POLICY"]

    assert f"org.yaml@{made.DIGEST},my_team_1.yaml@{made.DIGEST}" == named(
        "org.yaml", "my team$1.yaml"
    )
    assert "" == named("x" * 1000)
