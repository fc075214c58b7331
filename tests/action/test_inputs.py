"""The inputs of the action, against the command line that they end up in."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from hypothesis import given as given_any
from hypothesis import settings
from ruamel.yaml import YAML

import dev
from action import main as action
from gate.ci import github
from gate.cli.lazy import LazyCommand
from gate.errors import ExitCode
from gate.report import write_report
from gate.verdict import worst
from tests.report.verdicts import verdicts

if TYPE_CHECKING:
    from gate.verdict import Verdict

MANIFEST = YAML(typ="safe").load((dev.ROOT / "action.yml").read_text(encoding="utf-8"))
INPUTS: dict[str, dict[str, Any]] = MANIFEST["inputs"]
STEP = MANIFEST["runs"]["steps"][-1]
CHECK = LazyCommand("check", "").load()
OPTIONS = {name: option for option in CHECK.params for name in option.opts}

# Inputs that are about the step; the gate has no options of these names.
OWN = {"image", "python-version", "role-arn", "oidc-provider-arn", "fail-on-block"}
FOLDER = Path("reports")


def variable(name: str) -> str:
    return action.PREFIX + name.upper().replace("-", "_")


def given(**inputs: str) -> list[str]:
    """Return the gate's arguments for these inputs, without the reports that are always there."""
    environment = {variable(name): value for name, value in inputs.items()}
    arguments = list(action.arguments(environment, FOLDER))
    return arguments[: -len(action.REPORTS)]


def option_of(name: str) -> click.Option:
    option = {**action.SINGLE, **action.REPEATED}[variable(name).removeprefix(action.PREFIX)]
    found = OPTIONS[option]
    assert isinstance(found, click.Option)
    return found


@pytest.mark.parametrize("name", INPUTS)
def test_every_input_reaches_the_script_by_a_variable(name: str) -> None:
    expression = f"${{{{ inputs.{name} }}}}"
    if name == "python-version":
        assert expression == MANIFEST["runs"]["steps"][0]["with"][name]
    else:
        assert expression == STEP["env"][variable(name)]


def test_no_input_reaches_a_shell() -> None:
    assert "${{" not in STEP["run"]
    assert not [name for name in STEP["env"] if not name.startswith(action.PREFIX)]


@pytest.mark.parametrize("name", sorted(INPUTS.keys() - OWN))
def test_every_other_input_is_an_option_of_the_same_name(name: str) -> None:
    assert f"--{name.removesuffix('s')}" in option_of(name).opts


@pytest.mark.parametrize("name", sorted(INPUTS.keys() - OWN))
def test_an_input_that_is_left_out_leaves_the_gate_its_default(name: str) -> None:
    assert INPUTS[name]["default"] == ""
    assert ["check", "--images-from=-"] == given(**{name: "  "})


@pytest.mark.parametrize("name", sorted(INPUTS.keys() - OWN))
def test_a_description_names_the_default_of_the_option(name: str) -> None:
    option = option_of(name)
    said = re.search(r"\[default: (.*)\]", option.help or "")
    default = said[1] if said else option.default
    described = re.search(r"Default: (.*)\.$", INPUTS[name]["description"])

    if isinstance(default, str):
        assert described is not None
        assert default.replace("--scan", "where scan is").replace("with ", "") == described[1]
    else:
        assert described is None


def test_the_choices_of_scan_are_described() -> None:
    kind = option_of("scan").type
    assert isinstance(kind, click.Choice)
    assert all(choice in INPUTS["scan"]["description"] for choice in kind.choices)


@pytest.mark.parametrize(("option", "repeated"), [(True, True), (False, False)])
def test_inputs_with_several_values_are_the_options_that_may_be_repeated(
    option: bool,  # noqa: FBT001 - a case of the table
    repeated: bool,  # noqa: FBT001 - a case of the table
) -> None:
    table = action.REPEATED if repeated else action.SINGLE

    assert {option} == {OPTIONS[name].multiple for name in table.values()}


def test_each_line_of_an_input_is_a_value_of_its_own() -> None:
    assert ["--policy=a b.yaml#sha256=00", "--policy=c.yaml"] == given(
        policy="a b.yaml#sha256=00\n\n  c.yaml\r\n"
    )[2:]


def test_a_value_never_becomes_another_option() -> None:
    assert ["--region=--sandbox", "--report=--sandbox"] == given(
        region="--sandbox", reports="--sandbox"
    )[2:]


def test_the_reports_that_outputs_name_are_the_last_ones() -> None:
    arguments = list(action.arguments({"GATE_REPORTS": "json=mine.json"}, FOLDER))

    expected = ["json=mine.json"]
    expected += [f"{name}={FOLDER / file}" for name, file in action.REPORTS.items()]
    assert [f"--report={report}" for report in expected] == arguments[2:]


def test_every_output_is_one_that_the_gate_sets() -> None:
    set_by_gate = {"verdict", "exit-code", "image", "blocked", "warned", *github._PATHS.values()}  # noqa: SLF001 - the one list

    assert set_by_gate == MANIFEST["outputs"].keys()
    assert action.REPORTS.keys() == github._PATHS.keys()  # noqa: SLF001 - the one list
    for name, output in MANIFEST["outputs"].items():
        assert f"${{{{ steps.{STEP['id']}.outputs.{name} }}}}" == output["value"]


def test_the_exit_codes_are_the_ones_of_the_gate() -> None:
    assert [action.DEFECT, action.USAGE, *action.TROUBLES, action.BLOCKED] == [
        ExitCode.DEFECT,
        ExitCode.USAGE,
        ExitCode.ACCESS,
        ExitCode.SERVICE,
        ExitCode.UNDECIDED,
        ExitCode.BLOCKED,
    ]


def test_a_role_is_named_in_the_environment_of_the_gate_alone() -> None:
    environment = {"GATE_ROLE_ARN": " role ", "GATE_OIDC_PROVIDER_ARN": "", "HOME": "/home"}

    assert {"HOME": "/home", "ALIBABA_CLOUD_ROLE_ARN": "role"} == action.gate_environment(
        environment
    )


@pytest.mark.parametrize(
    ("answer", "fails"), [("true", True), ("", True), (" FALSE\n", False), ("false", False)]
)
def test_fail_on_block_is_yes_unless_it_is_no(answer: str, fails: bool) -> None:  # noqa: FBT001 - a case
    assert fails == action.fails_on_block({"GATE_FAIL_ON_BLOCK": answer})


@pytest.mark.parametrize("answer", ["no", "0", "flase"])
def test_fail_on_block_may_not_be_misspelt(
    answer: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "output"
    environment = {
        "GATE_IMAGE": "a/b",
        "GATE_FAIL_ON_BLOCK": answer,
        "GITHUB_OUTPUT": str(output),
        "RUNNER_TEMP": str(tmp_path),
    }

    assert action.USAGE == action.main(environment)
    assert "exit-code=2\n" == output.read_text(encoding="utf-8")
    assert "fail-on-block" in capsys.readouterr().err


@settings(max_examples=100, deadline=None)
@given_any(verdicts())
def test_a_block_that_fails_no_step_hides_no_other_trouble(verdict: Verdict) -> None:
    """What is left without the blocked images decides; without any, nothing is left to fail."""
    others = [image.exit_code for image in verdict.images if image.exit_code != ExitCode.BLOCKED]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        write_report("json", report, verdict)

        assert (worst(others) if others else 0) == action.beside_blocks(report)


@pytest.mark.parametrize(
    "text", [None, "", "[]", "{}", '{"images": {}', '{"images": [1]}', '{"images": [{}]}', "\xff"]
)
def test_without_a_report_a_block_fails_the_step(text: str | None, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    if text is not None:
        report.write_bytes(text.encode("latin-1"))

    assert action.BLOCKED == action.beside_blocks(report)
