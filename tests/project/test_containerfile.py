"""The gate's own image has none of the risks that the gate finds in others."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

import dev
from gate import __version__
from gate.checkout.dockerfile.instructions import FLAGS, Instruction, parse
from gate.checkout.dockerfile.stages import base_images
from gate.sandbox import sample_world
from gate.untrusted import mask_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Judge = Callable[[Sequence[Instruction]], bool]

TEXT = (dev.ROOT / "Containerfile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((dev.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LABEL = "org.opencontainers.image."


def runs(pattern: str) -> Judge:
    """Return what finds a pattern in what a build runs."""
    return lambda instructions: any(
        instruction.keyword == "RUN" and re.search(pattern, instruction.arguments)
        for instruction in instructions
    )


def has(keyword: str, pattern: str = "") -> Judge:
    """Return what finds an instruction whose arguments have a pattern."""
    return lambda instructions: any(
        instruction.keyword == keyword and re.search(pattern, instruction.arguments)
        for instruction in instructions
    )


def is_root(instructions: Sequence[Instruction]) -> bool:
    users = [one.arguments for one in instructions if one.keyword == "USER"]
    return not users or users[-1].partition(":")[0] in {"root", "0"}


def has_secrets(instructions: Sequence[Instruction]) -> bool:
    return any(
        mask_secrets(command) != command
        for one in instructions
        if one.keyword in {"ARG", "ENV"}
        for command in (f"{one.keyword} {one.arguments}",)
    )


CHECKS = sample_world().checks

# What a scan looks for, for each check of the sandbox's catalogue.
JUDGES: dict[str, Judge] = {
    "add": has("ADD"),
    "apk": runs(r"\bapk\b(?!.*--no-cache).*\badd\b"),
    "apt_cache": runs(r"\bapt(-get)?\b.*\binstall\b(?!.*/var/lib/apt/lists)"),
    "chmod_777": runs(r"\bchmod\b.*\b0?777\b"),
    "curl_pipe": runs(r"\b(curl|wget)\b[^;&]*\|\s*\S*sh\b"),
    "env_secret": has_secrets,
    "expose_ssh": has("EXPOSE", r"\b22\b"),
    "maintainer": has("MAINTAINER"),
    "no_user": is_root,
    "sudo": runs(r"\bsudo\b"),
    "yum_cache": runs(r"\b(yum|dnf)\b.*\binstall\b(?!.*\bclean all\b)"),
}
RISKY = {
    (finding.risk, finding.command)
    for image in sample_world().images
    for finding in image.findings
    if "./step-" not in finding.command  # of an image with very many findings
} | {
    ("apt_cache", "RUN apt-get install -y curl"),
    ("maintainer", "MAINTAINER shop@example.com"),
    ("yum_cache", "RUN yum install -y curl"),
}


def labels() -> dict[str, str]:
    (label,) = (one.arguments for one in parse(TEXT) if one.keyword == "LABEL")
    pairs = re.findall(r'([\w.]+)="([^"]*)"', label)
    return {name.removeprefix(LABEL): value for name, value in pairs}


@pytest.mark.parametrize("check", [check.key for check in sample_world().checks])
def test_our_image_has_no_build_risk(check: str) -> None:
    assert not JUDGES[check](parse(TEXT))


@pytest.mark.parametrize(("risk", "command"), sorted(RISKY))
def test_a_build_risk_would_be_found(risk: str, command: str) -> None:
    safe = command if risk == "no_user" else f"{command}\nUSER 1000"

    assert {risk} == {key for key, judge in JUDGES.items() if judge(parse(safe))}


def test_every_build_risk_is_among_those_that_would_be_found() -> None:
    assert (
        {check.key for check in sample_world().checks}
        == JUDGES.keys()
        == {risk for risk, _ in RISKY}
    )


def test_both_stages_have_the_one_base_that_the_builder_chooses() -> None:
    assert 1 == len({image for image, _ in base_images(TEXT)})
    assert 2 == len(base_images(TEXT))


def test_whoever_checks_for_root_needs_no_list_of_users() -> None:
    (user,) = (one.arguments for one in parse(TEXT) if one.keyword == "USER")

    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


def test_the_gate_is_started_without_a_shell() -> None:
    started = [one for one in parse(TEXT) if one.keyword in {"ENTRYPOINT", "CMD"}]

    assert ['["gate"]', '["--help"]'] == [one.arguments for one in started]


def test_what_comes_from_an_index_is_held_to_locked_hashes() -> None:
    pip = re.findall(
        r"-m pip .*?(?= && |$)",
        "\n".join(one.arguments for one in parse(TEXT) if one.keyword == "RUN"),
        re.MULTILINE,
    )

    assert 4 == len(pip)
    for command in pip:
        assert ("--require-hashes" in command) != ("--no-index" in command), command
        assert "--no-deps" in command, command


def test_the_image_is_labelled_as_what_the_project_says_of_itself() -> None:
    urls = PROJECT["urls"]

    assert {
        "title": PROJECT["name"],
        "description": PROJECT["description"],
        "version": __version__,
        "licenses": PROJECT["license"],
        "source": urls["Source"],
        "documentation": urls["Documentation"],
    } == labels()


def test_only_what_is_copied_goes_to_the_builder() -> None:
    copied = {
        word.partition("/")[0]
        for one in parse(TEXT)
        if one.keyword == "COPY" and not FLAGS.match(one.arguments)
        for word in one.arguments.split()[:-1]
    }
    lines = (dev.ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert copied == {line.removeprefix("!") for line in lines if line.startswith("!")}
