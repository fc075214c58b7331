"""Advice names only options that the command has, and none that was used already."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.evidence.advice import Advice
from gate.sandbox import Fault, Faults, SampleImage, State, sample_world
from tests.rigs.command import HOST, Result, reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    import click

    from gate.sandbox import Sandbox

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

OF_ANOTHER = re.compile(r"`gate [^`]+`")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
HOUR = 3600.0
OLD = (State(after=-48 * HOUR),)
IMAGES = (
    SampleImage(namespace="shop", repository="running", timeline=(State(scan="CVE_ANALYZER"),)),
    SampleImage(namespace="shop", repository="failed", timeline=(State(scan="FAIL"),)),
    SampleImage(namespace="shop", repository="old", timeline=OLD),
    SampleImage(namespace="shop", repository="pushed", timeline=OLD, pushed=-HOUR),
    SampleImage(namespace="shop", repository="unscanned", timeline=(State(scan=""),)),
    SampleImage(namespace="shop", repository="odd", digest="sha256:odd"),
    SampleImage(namespace="shop", repository="elsewhere", timeline=()),
)
POLICY = (
    "version: 1\nblock: {levels: [high], statuses: [unhandled]}\nscan: {max_age: 1d, settle: 0s}\n"
)


def options_of(name: str) -> set[str]:
    command: click.Command = import_module(f"gate.cli.{name}").command
    return {option for each in command.params for option in (*each.opts, *each.secondary_opts)}


def named(text: str) -> set[str]:
    """Return the options that a text names, but for those of another command that it names."""
    return set(OPTION.findall(OF_ANOTHER.sub("", text)))


@pytest.fixture(autouse=True)
def _files(_workdir: None) -> None:
    Path(".buildrisk-gate.yaml").write_text(POLICY)
    lines = [f"FROM {HOST}/{image.name}:{image.tag}@{image.digest}" for image in IMAGES[:-2]]
    elsewhere = [f"FROM {reference(IMAGES[-1])}", f"FROM {HOST}/shop/api:1"]
    Path("Dockerfile").write_text("\n".join([*lines, *elsewhere]) + "\n")


@pytest.mark.parametrize("fault", [None, "server_error", "denied", "throttling"])
@pytest.mark.parametrize(
    "command",
    [("audit", "--timeout", "4s"), ("manifests", "Dockerfile", "--no-resolve", "--timeout", "4s")],
    ids=lambda command: command[0],
)
def test_advice_names_only_what_the_command_has(
    gate: Gate, serve: Serve, command: tuple[str, ...], fault: str | None
) -> None:
    faults = Faults(*([Fault(fault)] if fault else []))
    wait = () if command[0] == "audit" else ("--wait", "0")
    with serve(*IMAGES, faults=faults) as sandbox:
        result = gate(*command, *wait, "--endpoint", sandbox.url, "-v")
    assert result.code in {3, 4, 5}
    assert named(result.out) <= options_of(command[0])


def test_a_catalogue_that_fails_names_no_time_out(gate: Gate, serve: Serve) -> None:
    with serve(world=sample_world(), faults=Faults(Fault("denied"))) as sandbox:
        result = gate("risks", "--endpoint", sandbox.url)
    assert 4 == result.code
    assert named(result.err) <= options_of("risks")


def test_a_scan_that_was_asked_for_is_not_advised(gate: Gate, serve: Serve) -> None:
    failed = SampleImage(
        namespace="shop", repository="failed", timeline=(State(scan="FAIL"),), failing_scans=9
    )
    with serve(failed) as sandbox:
        common = ("check", "--endpoint", sandbox.url, "--format", "json", reference(failed))
        before = gate(*common).image["message"]
        after = gate(*common, "--scan", "missing", "--dry-run").image["message"]
    assert "--scan missing" in before
    assert "--scan" not in after


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("scans", [False, True])
@pytest.mark.parametrize("takes_digest", [False, True])
def test_halves_of_sentences_name_only_what_there_is(
    waits: bool,  # noqa: FBT001 - a parameter
    scans: bool,  # noqa: FBT001 - a parameter
    takes_digest: bool,  # noqa: FBT001 - a parameter
) -> None:
    advice = Advice(waits=waits, scans=scans, takes_digest=takes_digest, resolves=waits)
    text = " ".join(
        (
            *(advice.longer, advice.next_scan, advice.after_push, advice.or_scan),
            *(advice.more_time, advice.digest, advice.if_index),
        )
    )
    has = {"--wait": waits, "--scan": scans, "--digest": takes_digest, "--resolve": waits}
    assert named(text) <= {option for option, there in has.items() if there}
