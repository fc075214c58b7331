"""The component says what the command line says, and survives how GitLab fills it in."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

import dev
from gate import ADDRESS
from gate.cli.check import command as check

if TYPE_CHECKING:
    from collections.abc import Mapping

TEMPLATE = dev.ROOT / "templates" / "gate.yml"
HEADER, BODY = TEMPLATE.read_text(encoding="utf-8").split("\n---\n")
INPUTS: Mapping[str, Any] = YAML(typ="safe").load(HEADER)["spec"]["inputs"]
ACTION = YAML(typ="safe").load((dev.ROOT / "action.yml").read_text(encoding="utf-8"))
OPTIONS = {name: option for option in check.params for name in option.opts}

# Inputs that are the job's business, and none of the gate's.
OF_THE_JOB = {"job-name", "stage", "container-image", "pip-spec", "pip-index"}
OF_THE_ROLE = {"role-arn", "oidc-provider-arn"}
# Inputs that stand in for variables: the action's job has those of its workflow alone.
IN_PLACE_OF_VARIABLES = {"metadata-file", "options"}
# Inputs of the action that GitLab has its own words for.
ELSEWHERE = {"python-version": "container-image", "fail-on-block": "allow_failure"}

# What GitLab lets into the text of a list: JSON, on one line. YAML takes no control characters.
PRINTABLE = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cn"), exclude_characters="\ufeff")
)


def filled_in(inputs: Mapping[str, Any], body: str = BODY) -> str:
    """Return the component as GitLab fills it in: strings as they are, anything else as JSON.

    Source: GitLab, lib/gitlab/ci/config/interpolation/text_template.rb.
    """
    values = {name: INPUTS[name].get("default") for name in INPUTS} | dict(inputs)

    def value(match: re.Match[str]) -> str:
        found = values[match["name"]]
        return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)

    return re.sub(r"\$\[\[ inputs\.(?P<name>[\w-]+) \]\]", value, body)


def job_of(inputs: Mapping[str, Any]) -> Any:
    (job,) = YAML(typ="safe").load(filled_in({"image": [], **inputs})).values()
    return job


def option_of(name: str) -> click.Option:
    option = OPTIONS[{"reports": "--report"}.get(name, f"--{name}")]
    assert isinstance(option, click.Option)
    return option


@pytest.mark.parametrize(
    "name", sorted(INPUTS.keys() - OF_THE_JOB - OF_THE_ROLE - {"image", "options"})
)
def test_an_input_is_an_option_whose_default_is_left_to_the_command_line(name: str) -> None:
    many = option_of(name).multiple

    assert ("array" if many else None) == INPUTS[name].get("type")
    assert ([] if many else "") == INPUTS[name]["default"]


def test_a_choice_has_the_words_of_the_command_line() -> None:
    choice = option_of("scan").type
    assert isinstance(choice, click.Choice)

    assert ["", *choice.choices] == INPUTS["scan"]["options"]


@pytest.mark.parametrize("name", ["policy", "scan", "wait"])
def test_a_description_names_the_default_of_the_command_line(name: str) -> None:
    option = option_of(name)
    told = re.search(r"\[default: (.+)]", option.help or "")
    default = told[1] if told else str(option.default)

    expected = default.replace("with --scan never", "where scan is never")
    assert INPUTS[name]["description"].endswith(f"Default: {expected}.")


def test_only_the_images_are_required() -> None:
    assert {"image"} == {name for name, spec in INPUTS.items() if "default" not in spec}


def test_the_component_has_the_inputs_of_the_action() -> None:
    assert (
        set(ACTION["inputs"]) - set(ELSEWHERE) == set(INPUTS) - OF_THE_JOB - IN_PLACE_OF_VARIABLES
    )


def test_the_component_installs_this_repository_at_a_commit() -> None:
    """No index has the package, and whoever took its name there would be installed."""
    archive = rf"{re.escape(ADDRESS)}/archive/[0-9a-f]{{40}}\.tar\.gz"
    assert re.fullmatch(archive, INPUTS["pip-spec"]["default"])


def test_every_input_is_used() -> None:
    assert set(INPUTS) == set(re.findall(r"\$\[\[ inputs\.([\w-]+) \]\]", BODY))


def test_every_string_is_held_to_what_its_quotes_bear() -> None:
    strings = {name for name, spec in INPUTS.items() if spec.get("type") is None}

    assert not {name for name in strings if not {"regex", "options"} & set(INPUTS[name])}
    for name in strings - {"scan"}:
        pattern = re.compile(INPUTS[name]["regex"].removesuffix("$") + r"\Z")
        assert pattern.match(INPUTS[name]["default"]), name
        for breaking in ('"', "\\", "\n", "\r"):
            assert not pattern.match(f"a{breaking}b"), name


@pytest.mark.parametrize("name", ["endpoint", "pip-index", "pip-spec"])
def test_no_variable_can_stand_where_it_would_choose_whom_to_trust(name: str) -> None:
    assert not re.search(INPUTS[name]["regex"], "$HOST")


def test_no_input_goes_through_a_variable() -> None:
    assert "variables" not in job_of({})


def job_text(key: str) -> str:
    """Return the text of a key of the job, before anything is filled in."""
    match = re.search(rf"^  {key}:.*\n((?:    .*\n|\n)+)", BODY, re.MULTILINE)
    assert match is not None
    return match[1]


def inputs_of(given: Mapping[str, Any]) -> Any:
    """Return what the shell makes of the inputs."""
    (script,) = job_of(given)["script"]
    function = re.match(r"# .*\ninputs\(\) \{\n(?:.*\n)*?\}\n", script)
    assert function is not None
    program = ["sh", "-c", f"{function[0]}inputs"]
    done = subprocess.run(program, check=True, capture_output=True)
    return json.loads(done.stdout, strict=False)


@settings(max_examples=50, deadline=None)
@given(images=st.lists(PRINTABLE), policies=st.lists(PRINTABLE))
def test_lists_arrive_as_they_are(images: list[str], policies: list[str]) -> None:
    inputs = inputs_of({"image": images, "policy": policies})

    assert images == inputs["images"]
    assert {"policy": policies, "report": []} == inputs["lists"]


@settings(max_examples=50, deadline=None)
@given(text=PRINTABLE)
def test_strings_arrive_as_they_are(text: str) -> None:
    assume(re.match(INPUTS["dockerfile"]["regex"].removesuffix("$") + r"\Z", text))

    assert text == inputs_of({"dockerfile": text})["texts"]["dockerfile"]


@pytest.mark.parametrize("name", ["dockerfile", "metadata-file"])
@pytest.mark.parametrize("line_end", ["\n", "\r", "\u0085", "\u2028", "\u2029"])
def test_a_path_is_one_line_of_any_yaml(name: str, line_end: str) -> None:
    assert not re.search(INPUTS[name]["regex"], f"a{line_end}b")


def test_the_job_runs_in_a_container_that_would_start_something_else() -> None:
    assert {"name": INPUTS["container-image"]["default"], "entrypoint": [""]} == job_of({})["image"]


def test_the_token_is_for_alibaba_cloud() -> None:
    from gate.credentials.job_token import TOKEN  # noqa: PLC0415 - only here
    from gate.credentials.role import AUDIENCE  # noqa: PLC0415 - only here

    assert {TOKEN: {"aud": AUDIENCE}} == job_of({})["id_tokens"]


def test_reports_are_kept_however_the_job_ends_and_for_developers_only() -> None:
    artifacts = job_of({})["artifacts"]

    assert ("always", "developer") == (artifacts["when"], artifacts["access"])
    assert {
        f"--report={name}={path}"
        for name, path in (
            ("junit", artifacts["reports"]["junit"]),
            ("codequality", artifacts["reports"]["codequality"]),
            ("gitlab", artifacts["reports"]["container_scanning"]),
            ("dotenv", artifacts["reports"]["dotenv"]),
        )
    } <= set(job_text("script").split())


@pytest.mark.parametrize(
    "body", [BODY, filled_in({"image": ["a/b:1"]})], ids=["as it is", "filled in"]
)
def test_the_component_fits_its_schema(body: str, tmp_path: Path) -> None:
    file = tmp_path / "gate.yml"
    file.write_text(body, encoding="utf-8")

    check_schema(file)


def test_the_pipeline_of_this_project_fits_its_schema() -> None:
    check_schema(dev.ROOT / ".gitlab-ci.yml")


def check_schema(file: Path) -> None:
    program = shutil.which("check-jsonschema", path=str(Path(sys.executable).parent))
    assert program is not None
    command = [program, "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
    done = subprocess.run([*command, str(file)], check=False, capture_output=True, text=True)
    assert 0 == done.returncode, done.stdout


def test_shellcheck_finds_nothing_in_the_script(tmp_path: Path) -> None:
    program = shutil.which("shellcheck")
    assert program is not None, "shellcheck is missing: python3 dev.py tools brings it"
    script = tmp_path / "script.sh"
    (text,) = job_of({})["script"]
    script.write_text(f"set -e\n{text}", encoding="utf-8")
    command = [program, "--shell=sh", "--severity=style", str(script)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert "" == done.stdout
