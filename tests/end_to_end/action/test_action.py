"""The action as a job of a consumer's repository sees it, run by act against the sandbox."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

import pytest

import dev
from tests.end_to_end.action.consumer import PROVIDER, Case, digest_of, named
from tests.rigs.cloud import BEARER, ROLE, SESSION
from tests.rigs.command import HOST

if TYPE_CHECKING:
    from gate.sandbox import Sandbox
    from tests.end_to_end.action.consumer import Consumer, Run
    from tests.rigs.cloud import Services

pytestmark = pytest.mark.skipif(os.name == "nt", reason="act's own shell is that of Unix")

STRICT = (dev.ROOT / "policies" / "strict.yaml").read_text(encoding="utf-8")
DOCKERFILE = "FROM alpine:3.20\nENV DB_PASSWORD=correct-horse-battery\nUSER root\n"
INJECTION = """\
x"; touch pwned; $(touch pwned)
`touch pwned`
'; touch pwned; '
--report=json=pwned
$(id)
"""


def cases() -> dict[str, Case]:
    """Return the uses of the action, by the name of their step; the last may fail the job."""
    web, api, legacy = named("shop/web:1.4"), named("shop/api:2.0"), named("shop/legacy:0.9")
    sha256 = hashlib.sha256(STRICT.encode()).hexdigest()
    options = {
        "image": f"{HOST}/shop/web:1.4",
        "digest": digest_of("shop/web:1.4"),
        "policy": f"ci/strict.yaml#sha256={sha256}\nci/lenient.yaml",
        "region": "cn-hangzhou",
        "scan": "missing",
        "wait": "0",
        "dockerfile": "Dockerfile",
        "reports": "junit=gate reports/junit.xml\nmarkdown=gate.md",
    }
    report_only = {"fail-on-block": "false"}
    alone = {
        "passing": {"image": api},
        "several": {"image": f"# what is deployed\n{api}\n\n{web}\n"},
        "options": options,
        "report_only": {"image": web, **report_only},
        "undecided": {"image": legacy, **report_only},
        "blocked_beside": {"image": f"{web}\n{api}", **report_only},
        "undecided_beside": {"image": f"{web}\n{legacy}", **report_only},
        "misspelt": {"image": api, "fail-on-block": "flase"},
        "no_image": {"image": " \n"},
        "only_comments": {"image": "# none yet"},
        "wrong_policy": {"image": api, "policy": f"ci/lenient.yaml#sha256={sha256}"},
        "evil": {"image": named("shop/evil:1.0")},
        "own_python": {"image": api, "python-version": ""},
        "injection": {"image": INJECTION, "digest": INJECTION, "policy": INJECTION},
    }
    role = {"role-arn": ROLE, "oidc-provider-arn": PROVIDER}
    # What GitHub sets for a job with `id-token: write`, and the way to the fake STS.
    job = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": "${{ env.TOKENS }}/token?job=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": BEARER,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "",
        "HTTPS_PROXY": "${{ env.CLOUD }}",
        "NO_PROXY": "127.0.0.1",
        "SSL_CERT_FILE": "${{ env.CLOUD_CA }}",
    }
    endpoint = {"endpoint": "${{ env.ENDPOINT }}"}
    keyless = {"image": api, "endpoint": "${{ env.KEYLESS_ENDPOINT }}", **role}
    down = {"image": api, "endpoint": "http://127.0.0.1:9"}
    return {
        **{name: Case({**endpoint, **inputs}) for name, inputs in alone.items()},
        "down": Case(down, {"BUILDRISK_GATE_TIMEOUT": "1s"}),
        "keyless": Case(keyless, job),
        "blocked": Case({**endpoint, "image": web}),
    }


@pytest.fixture(scope="module")
def ran(
    consumer: Consumer,
    sandbox: Sandbox,
    keyless_sandbox: Sandbox,
    services: Services,
) -> Run:
    consumer.write("ci/strict.yaml", STRICT)
    consumer.write("ci/lenient.yaml", "version: 1\nblock: {levels: [], statuses: [unhandled]}\n")
    consumer.write("Dockerfile", DOCKERFILE)
    return consumer.run(
        cases(),
        TOKENS=services.token_url,
        CLOUD=services.proxy_url,
        CLOUD_CA=str(services.ca_file),
        ENDPOINT=sandbox.url,
        KEYLESS_ENDPOINT=keyless_sandbox.url,
        ALIBABA_CLOUD_ACCESS_KEY_ID=sandbox.access_key_id,
        ALIBABA_CLOUD_ACCESS_KEY_SECRET=sandbox.access_key_secret,
    )


@pytest.mark.parametrize(
    ("name", "code", "outcome"),
    [
        ("passing", 0, "success"),
        ("several", 10, "failure"),
        ("options", 10, "failure"),
        ("report_only", 10, "success"),
        ("undecided", 3, "failure"),
        ("blocked_beside", 10, "success"),
        ("undecided_beside", 10, "failure"),
        ("misspelt", 2, "failure"),
        ("no_image", 2, "failure"),
        ("only_comments", 2, "failure"),
        ("wrong_policy", 2, "failure"),
        ("evil", 10, "failure"),
        ("own_python", 0, "success"),
        ("injection", 2, "failure"),
        ("down", 5, "failure"),
        ("keyless", 0, "success"),
        ("blocked", 10, "failure"),
    ],
)
def test_each_end_has_its_exit_code(ran: Run, name: str, code: int, outcome: str) -> None:
    step = ran.steps[name]

    assert str(code) == step.outputs["exit-code"], step.log
    assert outcome == step.outcome


def test_a_failing_step_fails_the_job_and_later_steps_are_left_out(ran: Run) -> None:
    assert 1 == ran.code
    assert "echo deploying" not in ran.log


@pytest.mark.parametrize(
    ("name", "verdict", "blocked", "warned"),
    [
        ("passing", "pass", 0, 0),
        ("several", "block", 3, 2),
        ("report_only", "block", 3, 2),
        ("undecided", "undecided", 0, 0),
        ("down", "undecided", 0, 0),
        ("blocked", "block", 3, 2),
    ],
)
def test_outputs_tell_the_verdict(
    ran: Run, name: str, verdict: str, blocked: int, warned: int
) -> None:
    outputs = ran.steps[name].outputs

    assert verdict == outputs["verdict"]
    assert [str(blocked), str(warned)] == [outputs["blocked"], outputs["warned"]]


def test_images_are_told_by_digest(ran: Run) -> None:
    web, api = (
        f"{HOST}/{name}@{digest_of(f'{name}:{tag}')}"
        for name, tag in (("shop/web", "1.4"), ("shop/api", "2.0"))
    )

    assert api == ran.steps["passing"].outputs["image"]
    assert f"{api}\n{web}" == ran.steps["several"].outputs["image"]
    assert web == ran.steps["options"].outputs["image"]


@pytest.mark.parametrize("name", ["passing", "blocked", "undecided", "down", "report_only"])
def test_reports_are_there_also_after_a_failure(ran: Run, name: str) -> None:
    files = ran.steps[name].files

    assert {"report.json", "report.sarif", "report.html"} == files.keys()
    assert ran.steps[name].outputs["verdict"] == json.loads(files["report.json"])["verdict"]
    assert "2.1.0" == json.loads(files["report.sarif"])["version"]
    assert files["report.html"].startswith("<!doctype html>")


def test_each_run_has_a_folder_of_its_own(ran: Run) -> None:
    paths = [step.outputs["report-json"] for step in ran.steps.values()]
    written = [path for path in paths if path]

    assert len(written) == len(set(written))


def test_nothing_is_written_where_nothing_was_asked(ran: Run) -> None:
    outputs = ran.steps["wrong_policy"].outputs

    assert {"exit-code"} == {name for name in outputs if outputs[name]}


def test_the_job_has_a_summary(ran: Run) -> None:
    assert "shop/web" in ran.steps["blocked"].summary
    assert "Container runs as root" in ran.steps["blocked"].summary


def test_findings_are_annotations(ran: Run) -> None:
    kinds = [kind for kind, _ in ran.steps["blocked"].commands]

    assert 3 == kinds.count("error")
    assert 2 == kinds.count("warning")


def test_findings_point_into_the_dockerfile(ran: Run) -> None:
    report = json.loads(ran.steps["options"].files["report.json"])
    (image,) = report["images"]

    locations = {finding["risk"]: finding["location"] for finding in image["findings"]}
    assert {"path": "Dockerfile", "line": 2} == locations["env_secret"]
    assert {"path": "Dockerfile", "line": 3} == locations["no_user"]


def test_every_policy_judges(ran: Run) -> None:
    report = json.loads(ran.steps["options"].files["report.json"])

    assert ["ci/strict.yaml", "ci/lenient.yaml"] == [each["path"] for each in report["policies"]]


def test_more_reports_are_written_into_the_workspace(ran: Run) -> None:
    assert "<testsuites" in ran.workspace["gate reports/junit.xml"]
    assert "shop/web" in ran.workspace["gate.md"]


def test_no_input_is_run_or_taken_for_an_option(ran: Run) -> None:
    assert not [name for name in ran.workspace if "pwned" in name]


def test_nothing_in_the_workspace_is_imported(ran: Run) -> None:
    assert not ran.hijacked


def test_build_commands_are_no_workflow_commands(ran: Run) -> None:
    step = ran.steps["evil"]

    assert "block" == step.outputs["verdict"]
    assert "forged" not in step.outputs
    assert {"set-output", "error", "summary"} == {kind for kind, _ in step.commands}
    assert not [said for _, said in step.commands if "forged=" in said]


def test_python_is_brought_unless_told_otherwise(ran: Run) -> None:
    assert "asked for Python 3.13, update-environment: false" in ran.steps["passing"].log
    assert "asked for" not in ran.steps["own_python"].log


def test_the_gate_is_installed_once_in_a_job(ran: Run) -> None:
    assert 1 == ran.log.count("setting up buildrisk-gate")


@pytest.mark.usefixtures("ran")
def test_a_keyless_job_exchanges_its_token_for_a_session_of_the_role(services: Services) -> None:
    (form,) = services.asked_of("sts")

    assert {"sts.aliyuncs.com"} == {each["host"] for each in services.asked_of("proxy")}
    assert [ROLE, PROVIDER] == [form["RoleArn"], form["OIDCProviderArn"]]


def test_a_keyless_job_hands_nothing_on_to_later_steps(ran: Run) -> None:
    assert [] == [kind for kind, _ in ran.steps["keyless"].commands if kind == "set-env"]
    assert not [value for value in SESSION.values() if value in ran.log]


def test_no_secret_is_in_the_log(ran: Run, sandbox: Sandbox) -> None:
    assert sandbox.access_key_secret not in ran.log
    assert "correct-horse-battery" not in ran.log
