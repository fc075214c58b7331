"""The component's script, run by a shell as GitLab fills it in, with any variables around it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.cli.audit import command as audit
from gate.cli.check import command as check
from gate.cli.doctor import command as doctor
from gate.cli.manifests import command as manifests
from tests.end_to_end.gitlab.test_template import BODY, INPUTS, job_of
from tests.end_to_end.gitlab.uses import COMPLETE, HOSTILE_VARIABLES
from tests.rigs.repository import path_with

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the component is for POSIX")

# Whoever sets these has the process itself, as SECURITY.md says.
OF_THE_PROCESS = {"BASH_ENV", "ENV", "HOME", "IFS", "PATH", "TMPDIR"}

OPTIONS = {
    option.envvar
    for command in (audit, check, doctor, manifests)
    for option in command.params
    if isinstance(option.envvar, str)
}
NAMES = sorted(
    {
        *HOSTILE_VARIABLES,
        *OPTIONS,
        *(f"{prefix}{name}" for name in INPUTS for prefix in ("", "GATE_INPUT_")),
        *(name.upper().replace("-", "_") for name in INPUTS),
        # Whatever the script itself, or the program in it, gives a name.
        *re.findall(r"\b[A-Za-z_]{3,30}\b", BODY.partition("script:")[2]),
    }
    - OF_THE_PROCESS
    - {"BUILDRISK_GATE_OIDC_TOKEN"}
)


def started(script: str, folder: Path, programs: Path, variables: Mapping[str, str]) -> Any:
    """Run the script; return how the gate was started."""
    environment = {**variables, "PATH": path_with(programs), "HOME": str(folder)}
    program = ["sh", "-e", "-c", script]
    done = subprocess.run(program, cwd=folder, env=environment, capture_output=True, check=False)
    assert 0 == done.returncode, done.stderr
    record = folder / "buildrisk-gate" / "started.json"
    return json.loads(record.read_text(encoding="utf-8"))


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    variables=st.dictionaries(
        st.sampled_from(NAMES),
        st.sampled_from(["", "1", "true", "lenient.yaml", "json=-", "--sandbox", "$PATH", '"\n'])
        | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
        max_size=8,
    )
)
def test_no_variable_changes_how_the_gate_is_started(
    tmp_path: Path, recorder: Path, variables: dict[str, str]
) -> None:
    (script,) = job_of(COMPLETE)["script"]

    assert started(script, tmp_path, recorder, {}) == started(script, tmp_path, recorder, variables)


@pytest.mark.parametrize(
    "item",
    ["$(touch pwned)", "`touch pwned`", "'; touch pwned; '", '"; touch pwned; "', "END", "\\"],
)
def test_what_an_input_says_is_never_run(tmp_path: Path, recorder: Path, item: str) -> None:
    (script,) = job_of({**COMPLETE, "image": [item, "$VALUE"], "options": [item]})["script"]
    record = started(script, tmp_path, recorder, {"VALUE": f"{item}$HOME"})

    assert [item, f"{item}$HOME"] == record["images"]
    assert item in record["arguments"]
    assert not (tmp_path / "pwned").exists()


def test_the_key_of_another_account_does_not_reach_a_role(tmp_path: Path, recorder: Path) -> None:
    names = ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "CREDENTIALS_URI", "PROFILE", "ROLE_ARN")
    variables = {f"ALIBABA_CLOUD_{name}": "other" for name in names}
    variables["ALIBABA_CLOUD_STS_REGION"] = "cn-beijing"
    (script,) = job_of(COMPLETE)["script"]
    record = started(script, tmp_path, recorder, variables)

    assert {
        "ALIBABA_CLOUD_ROLE_ARN": COMPLETE["role-arn"],
        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": COMPLETE["oidc-provider-arn"],
        "ALIBABA_CLOUD_STS_REGION": "cn-beijing",
    } == record["environment"]


@pytest.mark.parametrize("variables", [{}, {"DIGEST": ""}], ids=["absent", "empty"])
def test_a_digest_that_went_missing_is_wrong_usage(
    tmp_path: Path, recorder: Path, variables: dict[str, str]
) -> None:
    (script,) = job_of({**COMPLETE, "digest": "$DIGEST"})["script"]
    environment = {**variables, "PATH": path_with(recorder)}
    program = ["sh", "-e", "-c", script]
    done = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, check=False)

    assert 2 == done.returncode
    assert b"names the variable DIGEST, which is empty or not set" in done.stderr
