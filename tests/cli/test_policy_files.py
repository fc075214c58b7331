"""Policy files that are none: nothing of them is shown, and nothing is asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.rigs.command import HOST

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rigs.command import Result

    Gate = Callable[..., Result]

COMMANDS = [("check", "registry.cn-hangzhou.aliyuncs.com/a/b"), ("audit",), ("policy", "validate")]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("secret", ["hunter2hunter2", "password: hunter2hunter2", "version: 1"])
def test_a_link_to_a_secret_shows_nothing_of_it(
    gate: Gate, tmp_path_factory: pytest.TempPathFactory, command: tuple[str, ...], secret: str
) -> None:
    target = tmp_path_factory.mktemp("elsewhere") / "secret"
    target.write_text(secret)
    Path(".git").mkdir()
    try:
        Path(".buildrisk-gate.yaml").symlink_to(target)
    except OSError:
        pytest.skip("this system makes no links")
    result = gate(*command)
    assert 2 == result.code
    assert "out of the checkout" in result.err + result.out
    assert "hunter2" not in result.err + result.out


@pytest.mark.parametrize("spec", ["none.yaml", ".", "", "-", "https://example.com/p.yaml"])
@pytest.mark.parametrize(
    "command", [("check", f"{HOST}/a/b", "-p"), ("policy", "validate", "--")], ids=" ".join
)
def test_an_argument_that_names_no_file_is_not_a_mistake_in_one(
    gate: Gate, command: tuple[str, ...], spec: str
) -> None:
    result = gate(*command, spec)
    assert (2, "") == (result.code, result.out)
    assert ":1:1" not in result.err
    assert "Correct the file" not in result.err


def test_a_file_with_another_digest_is_not_to_be_corrected(gate: Gate) -> None:
    Path("p.yaml").write_text("version: 1\nblock: {levels: [high], statuses: [unhandled]}\n")
    result = gate("policy", "validate", f"p.yaml#sha256={'0' * 64}")
    assert 2 == result.code
    assert result.err.startswith("error: p.yaml: The file was changed: it has sha256=")
    assert "Correct the file" not in result.err


def test_without_a_file_those_are_checked_that_a_check_would_use(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.yaml", "b.yaml", ".buildrisk-gate.yaml"):
        Path(name).write_text("version: 1\nblock: {levels: [high], statuses: [unhandled]}\n")
    found = gate("policy", "validate")
    monkeypatch.setenv("BUILDRISK_GATE_POLICY", "a.yaml\nb.yaml")
    named = gate("policy", "validate")
    given = gate("policy", "validate", "b.yaml")
    monkeypatch.setenv("BUILDRISK_GATE_POLICY", "none.yaml")
    missing = gate("policy", "validate")
    assert [".buildrisk-gate.yaml"] == [line.split(":")[0] for line in found.out.splitlines()]
    assert ["a.yaml", "b.yaml"] == [line.split(":")[0] for line in named.out.splitlines()]
    assert ["b.yaml"] == [line.split(":")[0] for line in given.out.splitlines()]
    assert 2 == missing.code
    assert "variable BUILDRISK_GATE_POLICY" in missing.err


def test_a_valid_file_has_notes(gate: Gate) -> None:
    waiver = "{risks: [no_user], images: ['shop/*'], reason: r, expires: 2020-01-01}"
    Path("p.yaml").write_text(
        f"version: 1\nblock: {{levels: [], statuses: []}}\nwaivers: [{waiver}]\n"
        "undecided: {warn_on: [missing], until: 2020-01-01}\n"
    )
    result = gate("policy", "validate", "p.yaml")
    valid, *notes = result.out.splitlines()
    assert (0, True) == (result.code, valid.startswith("p.yaml: valid, sha256="))
    assert all(note.startswith("note: p.yaml") for note in notes)
    for words in ("blocks nothing", "ended on 2020-01-01", "undecided.until (2020-01-01)"):
        assert words in result.out


def test_a_named_file_that_is_no_policy_shows_nothing_of_it(gate: Gate) -> None:
    Path("secret").write_text("hunter2hunter2")
    result = gate("policy", "validate", "secret")
    assert 2 == result.code
    assert "hunter2" not in result.err + result.out
